import { type Interpolant, one } from './interpolant.ts'

/** `x_t = (1-t) x0 + t eps`. Lipman et al. 2023, arXiv:2210.02747; Liu et al. 2023, arXiv:2209.03003. */
export const linear: Interpolant = {
  alpha: t => one(t).sub(t),
  sigma: t => t,
  timeOfRatio: r => (r === Infinity ? 1 : r / (1 + r)),
}
