import { constant, type Tensor } from '../autodiff/index.ts'
import type { FlowMap, VelocityField } from './flow-map.ts'
import { legendre } from './legendre.ts'
import { solved } from './solved.ts'

/**
 * A guided flow on the linear path that is known exactly: what rules of guidance are held against. Scales are `[B, 1]`, or
 * `[1, 1]` for all samples.
 */
export interface GuidedFlow {
  /** The flow of `v_w = v_0 + w (v_c - v_0)`: that of the condition at `w = 1`, that of what it leads away from at 0. */
  guided(w: Tensor): FlowMap
}

const rest = (t: Tensor): Tensor => t.neg().add(1)

/** `k^2 = (1-t)^2 sigma^2 + t^2`, of a point at time `t` of data with the deviation `sigma`. */
const variance = (t: Tensor, sigma: number): Tensor => rest(t).mul(sigma).square().add(t.square())

/** `k'/k` */
const growth = (t: Tensor, sigma: number): Tensor => t.sub(rest(t).mul(sigma * sigma)).div(variance(t, sigma))

/** `A = k_a^w k_b^(1-w)`, the deviation along a flow whose growth is extrapolated from `b` beyond `a`. */
function deviation(t: Tensor, w: Tensor, a: number, b: number): Tensor {
  const [first, second] = [a, b].map(sigma => variance(t, sigma).log().mul(0.5))
  return second.add(w.mul(first.sub(second))).exp()
}

/** `A'/A` */
const deviationGrowth = (t: Tensor, w: Tensor, a: number, b: number): Tensor =>
  growth(t, b).add(w.mul(growth(t, a).sub(growth(t, b))))

const row = (values: readonly number[], like: Tensor): Tensor =>
  constant(values, [1, values.length], like.dtype)

/** The flow map with a given jump, and a velocity where the times are one. */
const fromJump = ({ velocity }: VelocityField, jump: FlowMap['jump']): FlowMap => ({
  velocity: (x, s, t = s) => (t === s ? velocity(x, s) : jump(x, s, t).sub(x).div(t.sub(s))),
  jump,
})

/** Steps of the eighth order in which a flow without a closed form is solved: to about 1e-13. */
const STEPS = 16

/**
 * Two classes `N(c a, sigma^2 I)`, `c` of `[B, 1]` being 1 or -1, as often: with `m = tanh((1-t) a.x/k^2)`,
 * `v_w = (k'/k) x - (t/k^2) (m + w (c - m)) a`. The map is solved.
 */
export function twoClasses(
  { a, sigma }: { readonly a: readonly number[]; readonly sigma: number },
  c: Tensor,
): GuidedFlow {
  const field = (w: Tensor): VelocityField => ({
    velocity(x, t) {
      const [k2, axis] = [variance(t, sigma), row(a, x)]
      const m = rest(t).mul(x.mul(axis).sum(-1, true)).div(k2).tanh()
      const drift = t.div(k2).mul(m.add(w.mul(c.sub(m))))
      return growth(t, sigma).mul(x).sub(drift.mul(axis))
    },
  })
  return { guided: w => solved(field(w), STEPS) }
}

/**
 * Autoguidance: data `N(mu, sigma^2)`, led away from a model that knows `N(mu, weak^2)`. With `A = k_sigma^w k_weak^(1-w)`,
 * `F = (1-t) mu + A(t)/A(s) (x - (1-s) mu)`: samples of the deviation `sigma^w weak^(1-w)`.
 */
export function autoguided({
  mu,
  sigma,
  weak,
}: {
  readonly mu: readonly number[]
  readonly sigma: number
  readonly weak: number
}): GuidedFlow {
  const centre = (x: Tensor, t: Tensor) => rest(t).mul(row(mu, x))
  return {
    guided: w =>
      fromJump(
        {
          velocity: (x, t) =>
            deviationGrowth(t, w, sigma, weak)
              .mul(x.sub(centre(x, t)))
              .sub(row(mu, x)),
        },
        (x, s, t) =>
          deviation(t, w, sigma, weak)
            .div(deviation(s, w, sigma, weak))
            .mul(x.sub(centre(x, s)))
            .add(centre(x, t)),
      ),
  }
}

/** Enough for the integral below to be exact to rounding. */
const NODES = legendre(32)

/**
 * A condition that is a number for each coordinate, `y ~ N(0, tau^2)`, and data `N(y, sigma^2)`. With `u^2 = sigma^2 + tau^2`
 * and `A = k_sigma^w k_u^(1-w)`: `F = A(t) (x/A(s) - w y I)`, `I` the integral from `s` to `t` of `q / (k_sigma(q)^2 A(q))`.
 *
 * @param y  of each sample, `[B, D]` or `[B, 1]`
 */
export function continuousCondition(
  { tau, sigma }: { readonly tau: number; readonly sigma: number },
  y: Tensor,
): GuidedFlow {
  const all = Math.hypot(sigma, tau)
  return {
    guided: w =>
      fromJump(
        {
          velocity: (x, t) =>
            deviationGrowth(t, w, sigma, all)
              .mul(x)
              .sub(w.mul(y).mul(t.div(variance(t, sigma)))),
        },
        (x, s, t) => {
          const gap = t.sub(s)
          const integral = NODES.map(({ u, weight }) => {
            const q = s.add(gap.mul(u))
            return q
              .div(variance(q, sigma))
              .div(deviation(q, w, sigma, all))
              .mul(weight)
          }).reduce((sum, part) => sum.add(part))
          const start = x.div(deviation(s, w, sigma, all))
          return deviation(t, w, sigma, all).mul(start.sub(w.mul(y).mul(gap).mul(integral)))
        },
      ),
  }
}
