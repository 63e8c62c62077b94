import type { Tensor } from '../../autodiff/index.ts'
import { meanAbsolute } from './sample.ts'

/** What multiplies `v_phi - v_fake`, `[B, 1, ...]`; never differentiated. */
export const matchingWeights = {
  /** `r / mean|x - D_phi(z,r)|`: the direction `D_fake - D_phi` of the papers at the same size whatever the noise. */
  published: (x: Tensor, D: Tensor, r: Tensor) => r.div(meanAbsolute(x.sub(D))),
  /** `(1-r)^2 / r`: the gradient of `KL(q_r || p_r)`. */
  kl: (_x: Tensor, _D: Tensor, r: Tensor) => r.neg().add(1).square().div(r),
  none: (_x: Tensor, _D: Tensor, r: Tensor) => r.mul(0).add(1),
} as const
export type MatchingWeight = keyof typeof matchingWeights

/**
 * Weights `h(rho)` of samples by the ratio `rho = p/q` of data to samples, which turn the KL divergence that is made small into
 * another one. Xu et al. 2025 (f-distill), arXiv:2502.15681, table 1.
 */
export const divergenceWeights = {
  'reverse-kl': null,
  kl: (rho: Tensor) => rho,
  js: (rho: Tensor) => rho.div(rho.add(1)),
} as const
export type MatchedDivergence = keyof typeof divergenceWeights
