import type { Values } from '../data/dataset.ts'
import { allFinite, countPoints } from './points.ts'

export interface EnergyOptions {
  /** Most points taken from either side, at even strides; default 2,000. The cost grows with its square. */
  readonly limit?: number
}

/**
 * Energy distance `2 E|X - Y| - E|X - X'| - E|Y - Y'|` of two point clouds (`[N, dimension]`, `[M, dimension]`), in
 * the unit of the data, from 0. All pairs are averaged, a point with itself too, so it is never negative and 0 for
 * equal clouds. **At most `limit` points of each side are used**, so its noise floor does not fall with larger clouds.
 * NaN when a coordinate is not finite.
 *
 * Székely and Rizzo, Energy statistics, 2013.
 */
export function energyDistance(a: Values, b: Values, dimension: number, options?: EnergyOptions): number {
  return energyDistanceTo(a, dimension, options)(b)
}

/** `energyDistance` against a reference whose own pairs are measured once. */
export function energyDistanceTo(
  reference: Values,
  dimension: number,
  { limit = 2000 }: EnergyOptions = {},
): (samples: Values) => number {
  const target = thin(reference, dimension, limit)
  const within = meanWithin(target, dimension)
  return samples => {
    if (!allFinite(samples)) return Number.NaN
    const points = thin(samples, dimension, limit)
    const between = 2 * meanDistance(points, target, dimension)
    return Math.max(0, between - within - meanWithin(points, dimension))
  }
}

function thin(points: Values, dimension: number, limit: number): Float64Array {
  const count = countPoints(points, dimension)
  const kept = Math.min(count, limit)
  const out = new Float64Array(kept * dimension)
  for (let row = 0; row < kept; row++) {
    const from = Math.floor((row * count) / kept) * dimension
    out.set(points.subarray(from, from + dimension), row * dimension)
  }
  return out
}

/** Mean Euclidean distance over all pairs of a point of `a` and a point of `b`. */
function meanDistance(a: Float64Array, b: Float64Array, dimension: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i += dimension) sum += sumDistances(a, i, b, b.length, dimension)
  return sum / ((a.length / dimension) * (b.length / dimension))
}

/** Mean Euclidean distance over all pairs of points of `a`; each pair is measured once and counted twice. */
function meanWithin(a: Float64Array, dimension: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i += dimension) sum += sumDistances(a, i, a, i, dimension)
  return (2 * sum) / (a.length / dimension) ** 2
}

/** Distances from the point at `a[i]` to the points of `b[0 ... end - 1]`. */
function sumDistances(a: Float64Array, i: number, b: Float64Array, end: number, dimension: number): number {
  let sum = 0
  for (let j = 0; j < end; j += dimension) {
    let square = 0
    for (let k = 0; k < dimension; k++) {
      const difference = a[i + k] - b[j + k]
      square += difference * difference
    }
    sum += Math.sqrt(square)
  }
  return sum
}
