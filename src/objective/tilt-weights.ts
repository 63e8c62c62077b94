import type { Operand, Tensor } from '../autodiff/index.ts'

/** What is taken off a reward before samples are weighted by it: a number, or what makes the weights of a batch 1 in the mean. */
export type Center = number | boolean

/** `exp(beta (r - c))`: a constant `c` scales residuals and leaves what they are zero at as it is. */
export function tiltWeights(beta: Operand, reward: Tensor, center: Center): Tensor {
  if (center === true) {
    const weights = reward.sub(reward.max()).mul(beta).exp()
    return weights.div(weights.mean())
  }
  return reward
    .sub(center === false ? 0 : center)
    .mul(beta)
    .exp()
}
