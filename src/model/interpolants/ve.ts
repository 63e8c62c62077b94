import { type Interpolant, one } from './interpolant.ts'

/** Noise levels at the data and at the noise. */
export const LEVELS = [0.002, 80] as const
const LOG_RATIO = Math.log(LEVELS[1] / LEVELS[0])

/**
 * `x_t = x0 + sigma eps`, `sigma = 0.002 (80/0.002)^t`: the variance explodes, and the noise has deviation 80. Song et al.
 * 2021, arXiv:2011.13456; the levels are those of Karras et al. 2022, arXiv:2206.00364. At `t = 0` a trace of noise is left.
 */
export const ve: Interpolant = {
  alpha: t => one(t).add(t.mul(0)),
  sigma: t => t.mul(LOG_RATIO).exp().mul(LEVELS[0]),
  timeOfRatio: r => Math.min(1, Math.max(0, Math.log(r / LEVELS[0]) / LOG_RATIO)),
}
