import { type Interpolant, one } from './interpolant.ts'
import { vpAlpha, vpTime } from './vp.ts'

/** `alpha` of `vp`, `sigma = 1 - alpha^2`: its variance is below that of `vp` at every time. Song et al. 2021, arXiv:2011.13456. */
export const subVp: Interpolant = {
  alpha: vpAlpha,
  sigma: t => one(t).sub(vpAlpha(t).square()),
  // alpha^2 + r alpha - 1 = 0
  timeOfRatio: r => vpTime(-2 * Math.log(2 / (r + Math.sqrt(r * r + 4)))),
}
