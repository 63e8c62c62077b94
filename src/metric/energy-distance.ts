import type { Values } from '../data/dataset.ts'
import { type Estimate, estimate } from './estimate.ts'
import {
  contrastOf,
  type OfSquares,
  type Pairs,
  pairMeans,
  pairMeansWithin,
  pairsBetween,
  pairsWithin,
  thin,
} from './pairs.ts'
import { allFinite } from './points.ts'

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
export function energyDistance(
  a: Values,
  b: Values,
  dimension: number,
  { limit = 2000 }: EnergyOptions = {},
): number {
  return energyEstimate(a, b, dimension, limit).value
}

/** The same with its interval. */
export function energyEstimate(a: Values, b: Values, dimension: number, limit: number): Estimate {
  if (!allFinite(a) || !allFinite(b)) return { value: Number.NaN, interval: [Number.NaN, Number.NaN] }
  const [reference, samples] = [thin(a, dimension, limit), thin(b, dimension, limit)]
  const between = pairsBetween(reference, samples)
  const withinSamples = pairsWithin(samples)
  return energyEstimateTo(pairsWithin(reference))({ between, withinSamples })
}

/** The energy distance from data whose own pairs are measured once. */
export function energyEstimateTo(
  reference: Pairs['withinReference'],
): (pairs: Pick<Pairs, 'between' | 'withinSamples'>) => Estimate {
  const within = pairMeansWithin(reference, distances)
  return ({ between, withinSamples }) => {
    const other = pairMeansWithin(withinSamples, distances)
    const { contrast, deviation } = contrastOf(pairMeans(between, distances), within, other)
    return estimate(Math.max(0, -contrast), deviation, [0, Infinity])
  }
}

const distances: OfSquares = (squares, from, count, out) => {
  for (let j = 0; j < count; j++) out[j] = Math.sqrt(squares[from + j])
}
