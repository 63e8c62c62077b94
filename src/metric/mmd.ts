import { type Estimate, rootEstimate } from './estimate.ts'
import {
  contrastOf,
  type OfSquares,
  type PairMatrix,
  type Pairs,
  pairMeans,
  pairMeansWithin,
} from './pairs.ts'

/** Bandwidths of the kernels, in units of the median distance, each twice the one before. */
const WIDTHS = [0.25, 0.5, 1, 2, 4]
const WIDEST = WIDTHS[WIDTHS.length - 1]

/** The largest value: of kernels that are 1 at 0 and clouds that are infinitely far apart. */
export const GREATEST_MMD = Math.SQRT2

/**
 * Maximum mean discrepancy from data whose own pairs are measured once: the distance of the kernel means,
 * `sqrt(E k(X, X') + E k(Y, Y') - 2 E k(X, Y))`, without unit, from 0 to the root of 2. The kernel is the mean of five
 * Gaussian ones, `exp(-|x - y|^2/(2 h^2))`, at a quarter, half, once, twice and four times the median distance `h` of two
 * points of the data. All pairs are averaged, a point with itself too (the biased estimate, eq. 5), so it is never negative.
 *
 * Gretton et al., A kernel two-sample test, 2012.
 */
export function mmdEstimateTo(
  reference: Pairs['withinReference'],
): (pairs: Pick<Pairs, 'between' | 'withinSamples'>) => Estimate {
  const kernel = kernelOf(medianDistance(reference))
  const within = pairMeansWithin(reference, kernel)
  return ({ between, withinSamples }) => {
    const samples = pairMeansWithin(withinSamples, kernel)
    const { contrast, deviation } = contrastOf(pairMeans(between, kernel), within, samples)
    return rootEstimate(contrast, deviation, [0, GREATEST_MMD])
  }
}

/** The mean of the kernels: each is the fourth power of the next wider one, so that one exponential is enough. */
function kernelOf(median: number): OfSquares {
  const rate = -1 / (2 * (WIDEST * median) ** 2)
  return (squares, from, count, out) => {
    for (let j = 0; j < count; j++) {
      let value = Math.exp(rate * squares[from + j])
      let sum = value
      for (let k = 1; k < WIDTHS.length; k++) {
        value *= value
        value *= value
        sum += value
      }
      out[j] = sum / WIDTHS.length
    }
  }
}

/** Of two different points; where more than half of them are equal, of those that are not; 1 where all are equal. */
function medianDistance({ rows: count, squares }: PairMatrix): number {
  const found = new Float64Array((count * (count - 1)) / 2)
  for (let i = 0, at = 0; i < count; i++) {
    found.set(squares.subarray(i * count, i * count + i), at)
    at += i
  }
  found.sort()
  const apart = found[found.length >> 1] > 0 ? found : found.subarray(found.findIndex(square => square > 0))
  if (!(apart[0] >= 0) || apart[apart.length - 1] === 0) return 1
  const middle = (apart.length - 1) / 2
  return (Math.sqrt(apart[Math.floor(middle)]) + Math.sqrt(apart[Math.ceil(middle)])) / 2
}
