import type { Values } from '../../data/dataset.ts'
import { energyEstimateTo } from '../energy-distance.ts'
import { type Estimate, rootEstimate } from '../estimate.ts'
import {
  contrastOf,
  type OfSquares,
  type PairMatrix,
  type Pairs,
  pairMeans,
  pairMeansWithin,
  type Thinned,
  thin,
} from '../pairs.ts'
import { wassersteinEstimate } from '../wasserstein.ts'
import { chordSquare, energySquare, geodesicSquare, type SquaredDistance } from './distances.ts'

/** Points of each side whose pairs are compared. */
export const PAIRS_LIMIT = 2000
/** Points of each side that are assigned to each other. */
export const ASSIGNED_LIMIT = 1000

/** Squared distances between each point of `a` and each of `b`. */
export function squaresBetween(a: Thinned, b: Thinned, squared: SquaredDistance): PairMatrix {
  const squares = new Float64Array(a.count * b.count)
  for (let i = 0; i < a.count; i++) {
    for (let j = 0; j < b.count; j++)
      squares[i * b.count + j] = squared(a.values, i * a.dimension, b.values, j * b.dimension)
  }
  return { rows: a.count, columns: b.count, squares }
}

/** The same of the points of one cloud, in the lower half of the matrix alone. */
export function squaresWithin(a: Thinned, squared: SquaredDistance): PairMatrix {
  const squares = new Float64Array(a.count * a.count)
  for (let i = 0; i < a.count; i++) {
    for (let j = 0; j < i; j++)
      squares[i * a.count + j] = squared(a.values, i * a.dimension, a.values, j * a.dimension)
  }
  return { rows: a.count, columns: a.count, squares }
}

type OfPairs = (pairs: Pick<Pairs, 'between' | 'withinSamples'>) => Estimate

const kernel: OfSquares = (squares, from, count, out) => {
  for (let j = 0; j < count; j++) out[j] = Math.exp(-squares[from + j])
}

/** `sqrt(E k(X, X') + E k(Y, Y') - 2 E k(X, Y))`, `k = exp(-square)`, over all pairs, a point with itself too; 0 where that is negative. */
export function kernelEstimateTo(reference: PairMatrix): OfPairs {
  const within = pairMeansWithin(reference, kernel)
  return ({ between, withinSamples }) => {
    const samples = pairMeansWithin(withinSamples, kernel)
    const { contrast, deviation } = contrastOf(pairMeans(between, kernel), within, samples)
    return rootEstimate(contrast, deviation, [0, Math.SQRT2])
  }
}

/** One number of two clouds `[N, dimension]`, `[M, dimension]` of a space, of at most `limit` points each, at even strides. */
const ofClouds =
  (squareOf: typeof energySquare, to: (reference: PairMatrix) => OfPairs) =>
  (a: Values, b: Values, space: string, dimension: number, limit = PAIRS_LIMIT): number => {
    const squared = squareOf(space, dimension)
    const [reference, samples] = [thin(a, dimension, limit), thin(b, dimension, limit)]
    const between = squaresBetween(reference, samples, squared)
    const withinSamples = squaresWithin(samples, squared)
    return to(squaresWithin(reference, squared))({ between, withinSamples }).value
  }

/**
 * Energy distance `2 E d(X, Y) - E d(X, X') - E d(Y, Y')`: on the sphere and the hyperboloid `d` is the geodesic distance, which is of
 * negative type there; elsewhere it is the chord in the flat space around, since geodesics of a torus and of rotations are not. All pairs are
 * averaged, a point with itself too, so it is never negative. Lyons, Distance covariance in metric spaces, arXiv:1106.5758.
 */
export const energyDistance = ofClouds(energySquare, energyEstimateTo)

/**
 * Maximum mean discrepancy with the kernel `exp(-|x - y|^2)` of the space around, which is positive definite on all of it: 0 for equal laws
 * alone. The biased estimate, and its root. Gretton et al., A kernel two-sample test, 2012.
 */
export const mmd = ofClouds(chordSquare, kernelEstimateTo)

/**
 * The number that papers on flow maps of manifolds call MMD: the same with `exp(-d^2)` of the geodesic distance. That is no kernel where the
 * space is curved (Feragen, Lauze and Hauberg, arXiv:1411.0296), so the number is no distance: different laws may have 0. For
 * comparison with published tables only.
 */
export const mmdPublished = ofClouds(geodesicSquare, kernelEstimateTo)

/**
 * Exact 2-Wasserstein distance with the geodesic distance: the root of the mean squared one under the best assignment of as many points of
 * each side, at most `limit`.
 */
export function wasserstein(
  a: Values,
  b: Values,
  space: string,
  dimension: number,
  limit = ASSIGNED_LIMIT,
): number {
  const [reference, samples] = [thin(a, dimension, limit), thin(b, dimension, limit)]
  return wassersteinEstimate(squaresBetween(reference, samples, geodesicSquare(space, dimension))).value
}
