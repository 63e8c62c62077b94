import type { Values } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { countPoints, sameCount } from './points.ts'
import { createSorter, type Sorter } from './sort.ts'

export interface ProjectionOptions {
  /** Number of random directions; default 128. */
  readonly projections?: number
  /** Seed of the directions; default 0. The same seed gives the same directions. */
  readonly seed?: number
}

export interface SlicedOptions extends ProjectionOptions {
  /** 2 (default) is the root of the mean square, 1 the mean absolute difference. */
  readonly power?: 1 | 2
}

/** Differences of sorted projections, averaged over directions and points. */
export interface SlicedDistances {
  /** Mean absolute difference: sliced 1-Wasserstein. */
  readonly first: number
  /** Root of the mean squared difference: sliced 2-Wasserstein. */
  readonly second: number
}

/**
 * Sliced Wasserstein distance of two point clouds of `N` points each (`[N, dimension]`), in the unit of the data,
 * from 0. Both clouds are projected on random unit directions and sorted; the differences in order are averaged over
 * directions and points. Projections are kept in single precision (relative error 6e-8). NaN or infinite when a
 * coordinate is not finite.
 *
 * Bonneel et al., Sliced and Radon Wasserstein barycenters of measures, 2015.
 *
 * @throws {RangeError} when the counts differ or a length is not a multiple of `dimension`
 */
export function slicedWasserstein(
  a: Values,
  b: Values,
  dimension: number,
  options: SlicedOptions = {},
): number {
  return slicedWassersteinTo(a, dimension, options)(b)
}

/** `slicedWasserstein` against a reference whose sorted projections are computed once and kept (4 bytes each). */
export function slicedWassersteinTo(
  reference: Values,
  dimension: number,
  { power = 2, ...options }: SlicedOptions = {},
): (samples: Values) => number {
  const distances = slicedDistancesTo(reference, dimension, options)
  return samples => (power === 1 ? distances(samples).first : distances(samples).second)
}

/** Both powers of `slicedWassersteinTo` at the price of one. */
export function slicedDistancesTo(
  reference: Values,
  dimension: number,
  { projections = 128, seed = 0 }: ProjectionOptions = {},
): (samples: Values) => SlicedDistances {
  const count = countPoints(reference, dimension)
  const directions = unitDirections(projections, dimension, seed)
  const sorter = createSorter(count)
  const sorted = directions.map(direction =>
    projectSorted(reference, direction, new Float32Array(count), sorter),
  )
  const buffer = new Float32Array(count)

  return samples => {
    sameCount(reference, samples, dimension)
    let absolute = 0
    let square = 0
    directions.forEach((direction, k) => {
      projectSorted(samples, direction, buffer, sorter)
      const target = sorted[k]
      for (let i = 0; i < count; i++) {
        const difference = buffer[i] - target[i]
        absolute += Math.abs(difference)
        square += difference * difference
      }
    })
    const total = count * projections
    return { first: absolute / total, second: Math.sqrt(square / total) }
  }
}

/** Directions uniform on the unit sphere: normal vectors divided by their length. */
function unitDirections(projections: number, dimension: number, seed: number): Float64Array[] {
  const stream = random(seed, 'metric', 'projections')
  return Array.from({ length: projections }, () => {
    const direction = Float64Array.from({ length: dimension }, () => stream.normal())
    const length = Math.hypot(...direction)
    return direction.map(value => value / length)
  })
}

function projectSorted(
  points: Values,
  direction: Float64Array,
  out: Float32Array,
  sorter: Sorter,
): Float32Array {
  const dimension = direction.length
  if (dimension === 2) {
    const [x, y] = direction
    for (let i = 0; i < out.length; i++) out[i] = points[2 * i] * x + points[2 * i + 1] * y
  } else {
    for (let i = 0; i < out.length; i++) {
      let sum = 0
      for (let j = 0; j < dimension; j++) sum += points[i * dimension + j] * direction[j]
      out[i] = sum
    }
  }
  sorter.sort(out)
  return out
}
