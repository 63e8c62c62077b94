import { logSumExp } from '../model/index.ts'

/** `log mean e^w` */
export const logMeanExp = (logWeights: ArrayLike<number>): number =>
  logSumExp(logWeights) - Math.log(logWeights.length)

/** Weights that sum to 1, of their logarithms; all alike where each is 0. */
export function normalized(logWeights: ArrayLike<number>): Float64Array {
  const total = logSumExp(logWeights)
  if (total === -Infinity) return new Float64Array(logWeights.length).fill(1 / logWeights.length)
  return Float64Array.from(logWeights, value => Math.exp(value - total))
}

/** Effective sample size `(sum w)^2 / sum w^2`, from 1 to their number. Kong, Liu & Wong 1994. */
export function effectiveCount(weights: ArrayLike<number>): number {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]
    squares += weights[i] ** 2
  }
  return sum ** 2 / squares
}

export const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}
