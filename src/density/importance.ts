import { logSumExp } from '../model/index.ts'

/** Above it estimates by weights are not to be trusted; see `paretoShape`. */
export const GREATEST_SHAPE = 0.7

/** Part of the weights that `clippedLogWeights` cuts: what is remembered of the literature on Boltzmann generators, arXiv:2502.18462. */
export const CLIPPED_PART = 0.002

/** What weights `w = e^{-U(x)}/q(x)` of samples of `q` say. All is computed from their logarithms. */
export interface Importance {
  /** `log mean w`: the estimate of `log Z`, biased by `O(1/N)`. */
  readonly logNormalizer: number
  /** Its standard error: `sd(w) / (mean(w) sqrt(N))`. */
  readonly error: number
  /** Effective samples for each sample, `1/(N sum W^2)`, 0 to 1. It cannot see a mode that no sample is of. */
  readonly effectiveShare: number
  /** `KL(q | p)`: with `log Z` where it is known, and otherwise with its estimate, which makes it too small. Infinite where a weight is 0. */
  readonly divergence: number
}

/** Weights that sum to 1. */
export function normalizedWeights(logWeights: ArrayLike<number>): Float64Array {
  const total = logSumExp(logWeights)
  return Float64Array.from(logWeights, value => Math.exp(value - total))
}

/** @param known  `log Z`, where it is */
export function importance(logWeights: ArrayLike<number>, known?: number): Importance {
  const count = logWeights.length
  const logNormalizer = logSumExp(logWeights) - Math.log(count)
  let [squares, sum, deviations] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const ratio = Math.exp(logWeights[i] - logNormalizer)
    squares += ratio ** 2
    deviations += (ratio - 1) ** 2
    sum += logWeights[i]
  }
  return {
    logNormalizer,
    error: Math.sqrt(deviations / (count - 1) / count),
    effectiveShare: count / squares,
    divergence: (known ?? logNormalizer) - sum / count,
  }
}

/**
 * Effective samples for each sample by weights at samples of the target, `1/(E_p[w] E_p[1/w])`, 0 to 1: it needs no `Z`, and sees
 * modes that the model misses.
 */
export function effectiveShareFromTarget(logWeights: ArrayLike<number>): number {
  const logMean = (values: ArrayLike<number>) => logSumExp(values) - Math.log(values.length)
  return Math.exp(-logMean(logWeights) - logMean(Float64Array.from(logWeights, value => -value)))
}

/** A mean under the target, `sum W h`, and its standard error `sqrt(sum W^2 (h - mean)^2)`. */
export function weightedMean(
  logWeights: ArrayLike<number>,
  values: ArrayLike<number>,
): { readonly value: number; readonly error: number } {
  const weights = normalizedWeights(logWeights)
  const mean = weights.reduce((sum, weight, i) => sum + weight * values[i], 0)
  const square = weights.reduce((sum, weight, i) => sum + (weight * (values[i] - mean)) ** 2, 0)
  return { value: mean, error: Math.sqrt(square) }
}

/** Logarithms of weights of which the largest are lowered to the least of them: less noise, and a bias. */
export function clippedLogWeights(logWeights: ArrayLike<number>, part = CLIPPED_PART): Float64Array {
  const sorted = Float64Array.from(logWeights).sort()
  const most = sorted[sorted.length - Math.max(1, Math.ceil(part * sorted.length))]
  return Float64Array.from(logWeights, value => Math.min(value, most))
}

/** Logarithms of weights times the greatest part of 1 that leaves at least this share of effective samples, and that part. */
export function temperedLogWeights(
  logWeights: ArrayLike<number>,
  share: number,
): { readonly logWeights: Float64Array; readonly part: number } {
  // A weight of 0 stays one, whatever it is multiplied by.
  const times = (part: number) =>
    Float64Array.from(logWeights, value => (value === -Infinity ? value : part * value))
  const shareAt = (part: number) => importance(times(part)).effectiveShare
  let [low, high] = [0, 1]
  if (shareAt(1) >= share) low = 1
  for (let k = 0; k < 30 && low < 1; k++) {
    const middle = (low + high) / 2
    if (shareAt(middle) >= share) low = middle
    else high = middle
  }
  return { logWeights: times(low), part: low }
}
