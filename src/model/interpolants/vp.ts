import type { Tensor } from '../../autodiff/index.ts'
import { type Interpolant, one, rootOf } from './interpolant.ts'

/** Rates of the diffusion at its two ends. */
const BETA = [0.1, 20] as const
const SLOPE = BETA[1] - BETA[0]

/** `exp(-t^2 (b1-b0)/4 - t b0/2)` */
export const vpAlpha = (t: Tensor): Tensor =>
  t
    .mul(-SLOPE / 4)
    .sub(BETA[0] / 2)
    .mul(t)
    .exp()

/** The time at which `-2 ln(alpha)` is `q`. */
export const vpTime = (q: number): number =>
  q === Infinity ? 1 : Math.min(1, (2 * q) / (BETA[0] + Math.sqrt(BETA[0] ** 2 + 2 * SLOPE * q)))

/**
 * `alpha = exp(-t^2 (b1-b0)/4 - t b0/2)`, `sigma^2 = 1 - alpha^2`. Song et al. 2021, arXiv:2011.13456, eq. 33. At `t = 1`
 * a trace of the data is left (`alpha = 0.0066`), and `sigma` rises infinitely fast at `t = 0`.
 */
export const vp: Interpolant = {
  alpha: vpAlpha,
  sigma: t => rootOf(one(t).sub(vpAlpha(t).square())),
  timeOfRatio: r => vpTime(Math.log1p(r * r)),
  steepAtData: true,
}
