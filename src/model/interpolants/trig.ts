import type { Interpolant } from './interpolant.ts'

/** `x_t = cos(pi t/2) x0 + sin(pi t/2) eps`. Albergo & Vanden-Eijnden 2023, arXiv:2209.15571. */
export const trig: Interpolant = {
  alpha: t => t.mul(Math.PI / 2).cos(),
  sigma: t => t.mul(Math.PI / 2).sin(),
  timeOfRatio: r => (2 / Math.PI) * Math.atan(r),
}
