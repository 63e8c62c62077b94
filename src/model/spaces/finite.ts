import { concat, select, type Tensor } from '../../autodiff/index.ts'
import type { VelocityField } from '../flow-map.ts'
import { type CurvedSpace, forEachRow } from './curved.ts'

/** The logarithm of a probability that is 0. */
const NOWHERE = -1e30

/** The exact law and velocity of noisy points of finitely many data. */
export interface FiniteField extends VelocityField {
  /** `p(y_i | x_s = x)`, `[B, N]`. */
  posterior(x: Tensor, s: Tensor): Tensor
  /** `log p_s(x)`, `[B, 1]`. */
  logDensity(x: Tensor, s: Tensor): Tensor
}

/**
 * The field of points `y_i` with probabilities `p_i` on the geodesic path: `p_s(x|y) = b(exp_y(log_y(x)/s)) J`, `b` the density of the
 * noise, and `v = -sum_i r_i log_x(y_i)/s`, `r` the posterior. Chen & Lipman 2024, arXiv:2302.03660.
 *
 * @param data  coordinates of each point
 */
export function finiteField(
  { geometry }: CurvedSpace,
  data: readonly (readonly number[])[],
  weights: readonly number[],
): FiniteField {
  const { exp, log, logNoise, spread } = geometry
  const places = (x: Tensor) => data.map(point => forEachRow(x, point))
  const joint = (x: Tensor, s: Tensor): Tensor =>
    concat(
      places(x).map((y, i) => {
        const u = log(y, x)
        const { logJacobian, isReached } = spread(u, s)
        const noise = exp(y, select(isReached, u.div(s), u.mul(0)))
        const logDensity = logNoise(noise).add(logJacobian).add(Math.log(weights[i]))
        return select(isReached, logDensity, logDensity.mul(0).add(NOWHERE))
      }),
      -1,
    )
  const posterior = (x: Tensor, s: Tensor) => joint(x, s).softmax()
  return {
    posterior,
    logDensity(x, s) {
      const all = joint(x, s)
      const top = all.max(-1, true)
      return all.sub(top).exp().sum(-1, true).log().add(top)
    },
    velocity(x, s) {
      const r = posterior(x, s)
      return places(x)
        .map((y, i) => r.slice(-1, i, i + 1).mul(log(x, y)))
        .reduce((a, b) => a.add(b))
        .div(s.neg())
    },
  }
}
