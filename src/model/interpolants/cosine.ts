import { type Interpolant, rootOf } from './interpolant.ts'

/** Keeps the noise of the first discrete step visible. */
const OFFSET = 0.008
const K = Math.PI / 2 / (1 + OFFSET)
const START = OFFSET * K

/**
 * `alpha = cos(k (t + 0.008))/cos(0.008 k)`, `k = pi/2/1.008`, `sigma^2 = 1 - alpha^2`. Nichol & Dhariwal 2021,
 * arXiv:2102.09672, eq. 17. Nothing of the data is left at `t = 1`, and `sigma` rises infinitely fast at `t = 0`.
 */
export const cosine: Interpolant = {
  alpha: t => t.add(OFFSET).mul(K).cos().div(Math.cos(START)),
  // 1 - cos(p)^2/cos(p0)^2 = sin(p - p0) sin(p + p0)/cos(p0)^2, which does not cancel.
  sigma: t =>
    rootOf(
      t
        .mul(K)
        .sin()
        .mul(
          t
            .mul(K)
            .add(2 * START)
            .sin(),
        )
        .div(Math.cos(START) ** 2),
    ),
  timeOfRatio: r => Math.min(1, Math.acos(Math.cos(START) / Math.hypot(1, r)) / K - OFFSET),
  steepAtData: true,
}
