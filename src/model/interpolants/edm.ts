import { type Interpolant, one } from './interpolant.ts'
import { LEVELS } from './ve.ts'

const RHO = 7
const [FIRST, LAST] = LEVELS.map(level => level ** (1 / RHO))

/**
 * `x_t = x0 + sigma eps` with a time in which the noise levels of Karras et al. 2022, arXiv:2206.00364, eq. 5 are equally
 * spaced: `sigma^(1/7)` rises linearly from that of 0.002 to that of 80. The same points as on `ve`, at other times.
 */
export const edm: Interpolant = {
  alpha: t => one(t).add(t.mul(0)),
  sigma: t =>
    t
      .mul(LAST - FIRST)
      .add(FIRST)
      .pow(RHO),
  timeOfRatio: r => Math.min(1, Math.max(0, (r ** (1 / RHO) - FIRST) / (LAST - FIRST))),
}
