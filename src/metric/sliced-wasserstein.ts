import type { Values } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { type Estimate, estimate, rootEstimate, standardError } from './estimate.ts'
import { countPoints, sameCount } from './points.ts'
import { MANY_COORDINATES, type Products, pointBlocks, rowProducts } from './products.ts'
import { createSorter } from './sort.ts'

const DIRECTIONS = 128

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
export interface SlicedEstimates {
  /** Mean absolute difference: sliced 1-Wasserstein. */
  readonly first: Estimate
  /** Root of the mean squared difference: sliced 2-Wasserstein. */
  readonly second: Estimate
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

/** `slicedWasserstein` against a reference whose sorted projections are computed once and kept (8 bytes each). */
export function slicedWassersteinTo(
  reference: Values,
  dimension: number,
  { power = 2, ...options }: SlicedOptions = {},
): (samples: Values) => number {
  const distances = slicedEstimatesTo(reference, dimension, options)
  return samples => (power === 1 ? distances(samples).first : distances(samples).second).value
}

/**
 * Both powers of `slicedWassersteinTo` at the price of one, with intervals. What a point adds to a distance is its
 * Kantorovich potential, averaged over directions: Manole et al., Minimax confidence intervals for the sliced Wasserstein
 * distance, arXiv:1909.07862, section 4.
 */
export function slicedEstimatesTo(
  reference: Values,
  dimension: number,
  { projections = DIRECTIONS, seed = 0 }: ProjectionOptions = {},
  ofReference?: Projected,
): (samples: Values, projected?: Projected) => SlicedEstimates {
  const count = countPoints(reference, dimension)
  const directions = unitDirections(projections, dimension, seed)
  const sorter = createSorter(count)
  const sorted = (project: Projected, k: number, { values, order }: Sorted): Sorted => {
    project(k, values)
    sorter.sort(values, order)
    return { values, order }
  }
  const project = ofReference ?? projected(reference, directions)
  const targets = directions.map((_, k) => sorted(project, k, sortedOf(count)))
  const buffer = sortedOf(count)

  return (samples, project = projected(samples, directions)) => {
    sameCount(reference, samples, dimension)
    const sums = { absolute: 0, square: 0 }
    const potentials = Array.from({ length: 4 }, () => new Float64Array(count))
    directions.forEach((_, k) => {
      const found = sorted(project, k, buffer)
      addDifferences(sums, found.values, targets[k].values)
      addPotentials(potentials, found, targets[k])
    })
    const total = count * projections
    const errorOf = (...influences: Float64Array[]): number => standardError(...influences) / projections
    const [first, firstOther, second, secondOther] = potentials
    return {
      first: estimate(sums.absolute / total, errorOf(first, firstOther), [0, Infinity]),
      second: rootEstimate(sums.square / total, errorOf(second, secondOther)),
    }
  }
}

/** Projections in order, and the number of the point that each belongs to. */
interface Sorted {
  readonly values: Float32Array
  readonly order: Uint32Array
}

const sortedOf = (count: number): Sorted => ({
  values: new Float32Array(count),
  order: new Uint32Array(count),
})

function addDifferences(sums: { absolute: number; square: number }, x: Float32Array, y: Float32Array): void {
  let [absolute, square] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    const difference = x[i] - y[i]
    absolute += Math.abs(difference)
    square += difference * difference
  }
  sums.absolute += absolute
  sums.square += square
}

/**
 * Adds the dual potentials of the transport on a line to the points that they belong to: `f(x_i) + g(y_i) = |x_i - y_i|^p`,
 * where `f` rises by the mean of the cost's slopes at both ends of each gap.
 */
function addPotentials(sums: readonly Float64Array[], { values: x, order }: Sorted, target: Sorted): void {
  const [first, firstOther, second, secondOther] = sums
  const { values: y, order: other } = target
  let [f1, f2] = [0, 0]
  let [before, difference] = [x[0], x[0] - y[0]]
  for (let i = 0; i < x.length; i++) {
    const next = x[i] - y[i]
    const gap = x[i] - before
    f1 += (gap * (Math.sign(next) + Math.sign(difference))) / 2
    f2 += gap * (next + difference)
    first[order[i]] += f1
    firstOther[other[i]] += Math.abs(next) - f1
    second[order[i]] += f2
    secondOther[other[i]] += next * next - f2
    before = x[i]
    difference = next
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

/** Writes the projections of a cloud on direction `k` to `out`. */
export type Projected = (k: number, out: Float32Array) => void

/** In many coordinates some directions at a time are faster. */
const AT_ONCE = 16

function projected(points: Values, directions: readonly Float64Array[]): Projected {
  const dimension = directions[0].length
  if (dimension < MANY_COORDINATES) return (k, out) => projectOn(points, directions[k], out)
  let first = -1
  let found: Float64Array = new Float64Array(0)
  return (k, out) => {
    const group = k - (k % AT_ONCE)
    if (group !== first) {
      first = group
      found = rowProducts(joined(directions.slice(group, group + AT_ONCE)), points, dimension)
    }
    out.set(found.subarray((k - group) * out.length, (k - group + 1) * out.length))
  }
}

const joined = (directions: readonly Float64Array[]): Float64Array => {
  const dimension = directions[0].length
  const all = new Float64Array(directions.length * dimension)
  directions.forEach((direction, k) => {
    all.set(direction, k * dimension)
  })
  return all
}

/** All projections of a cloud on the directions of a seed, by products. */
export async function projectedBy(
  products: Products,
  points: Values,
  dimension: number,
  seed: number,
): Promise<Projected> {
  const count = countPoints(points, dimension)
  const directions = joined(unitDirections(DIRECTIONS, dimension, seed))
  const found = Array.from({ length: DIRECTIONS }, () => new Float32Array(count))
  for (const { from, block } of pointBlocks(points, dimension)) {
    const some = await products.precise(directions, block, dimension)
    const rows = block.length / dimension
    found.forEach((values, k) => {
      values.set(some.subarray(k * rows, (k + 1) * rows), from)
    })
  }
  return (k, out) => out.set(found[k])
}

function projectOn(points: Values, direction: Float64Array, out: Float32Array): void {
  const dimension = direction.length
  if (dimension === 2) {
    const [x, y] = direction
    for (let i = 0; i < out.length; i++) out[i] = points[2 * i] * x + points[2 * i + 1] * y
    return
  }
  for (let i = 0; i < out.length; i++) {
    let sum = 0
    for (let j = 0; j < dimension; j++) sum += points[i * dimension + j] * direction[j]
    out[i] = sum
  }
}
