import { constant, jvp, onesLike, type Tensor } from '../autodiff/index.ts'
import { type FlowMap, fromVelocity, type VelocityField } from './flow-map.ts'
import type { Interpolant } from './interpolants/interpolant.ts'
import type { Mixture } from './mixture.ts'

const one = (like: Tensor): Tensor => constant(1, [], like.dtype)

/**
 * The exact flow map of Gaussian data `N(mean, sigma^2 I)` on the linear path. With `k(t)^2 = (1-t)^2 sigma^2 + t^2`:
 * `V = -mu + (((sigma^2+1)(s+t) - 2 sigma^2) / (k(s) (k(s)+k(t)))) (x - (1-s) mu)`, which has no division by `t-s`.
 */
export function gaussianFlowMap(mean: readonly number[], sigma: number): FlowMap {
  const variance = sigma * sigma
  const k = (t: Tensor) => one(t).sub(t).square().mul(variance).add(t.square()).sqrt()
  return fromVelocity((x, s, t) => {
    const mu = constant(mean, [1, mean.length], x.dtype)
    const slope = s
      .add(t)
      .mul(variance + 1)
      .sub(2 * variance)
    return slope
      .div(k(s).mul(k(s).add(k(t))))
      .mul(x.sub(one(s).sub(s).mul(mu)))
      .sub(mu)
  })
}

/** A function of time and its derivative. */
const withDerivative = (f: (t: Tensor) => Tensor, t: Tensor): [Tensor, Tensor] => jvp(f, [t], [onesLike(t)])

/**
 * The exact marginal velocity of a Gaussian mixture: `v(x, t) = E[d/dt x_t | x_t = x]`, the components' velocities
 * weighted by their posteriors. Along a component's axis of variance `l`, with `c^2 = alpha^2 l + sigma^2`, it is
 * `alpha' mu + (c'/c) (x - alpha mu)`.
 *
 * @param component  of each sample, int64 `[B]`, where one is given; their number stands for none
 */
export function mixtureVelocity(
  { components }: Mixture,
  { alpha, sigma }: Interpolant,
  component?: Tensor,
): VelocityField {
  const n = components.length
  const dimension = components[0].mean.length
  const rotated = components.some(c => c.axes)
  const table = (rows: readonly (readonly number[])[], like: Tensor) =>
    constant(rows.flat(), [n, 1, dimension], like.dtype)
  const axesOf = (like: Tensor) =>
    constant(
      components.flatMap(c => (c.axes ?? identity(dimension)).flat()),
      [n, dimension, dimension],
      like.dtype,
    )

  return {
    velocity(x, t) {
      // Axes: component, sample, coordinate.
      const mu = table(
        components.map(c => c.mean),
        x,
      )
      const variance = table(
        components.map(c => c.scales.map(scale => scale * scale)),
        x,
      )
      const [a, da] = withDerivative(alpha, t)
      const [b, db] = withDerivative(sigma, t)
      const centred = x.sub(a.mul(mu))
      const z = rotated ? centred.matmul(axesOf(x)) : centred
      const c2 = a.square().mul(variance).add(b.square())
      const slope = a.mul(da).mul(variance).add(b.mul(db)).div(c2)
      const drift = rotated ? z.mul(slope).matmul(axesOf(x), { transposeB: true }) : z.mul(slope)
      const logWeight = constant(
        components.map(c => Math.log(c.weight)),
        [n, 1, 1],
        x.dtype,
      )
      const logDensity = z.square().div(c2).add(c2.log()).sum(-1, true).mul(-0.5).add(logWeight)
      const told = component ? logDensity.add(excluded(n, component, x)) : logDensity
      const posterior = told.transpose([1, 2, 0]).softmax().transpose([2, 0, 1])
      return posterior.mul(da.mul(mu).add(drift)).sum(0)
    },
  }
}

/**
 * `log p_t(x)` of a Gaussian mixture whose samples are mixed with noise, `[B, 1]`, in nats.
 *
 * @param t  `[B, 1]` or a single time `[1, 1]`
 */
export function mixtureLogDensityAt(
  { components }: Mixture,
  { alpha, sigma }: Interpolant,
  x: Tensor,
  t: Tensor,
): Tensor {
  const D = components[0].mean.length
  const [a, b] = [alpha(t), sigma(t)]
  const parts = components.map(({ weight, mean, scales, axes }) => {
    const centred = x.sub(constant(mean, [1, D], x.dtype).mul(a))
    const turned = axes ? centred.matmul(constant(axes.flat(), [D, D], x.dtype)) : centred
    const variances = constant(
      scales.map(scale => scale * scale),
      [1, D],
      x.dtype,
    )
      .mul(a.square())
      .add(b.square())
    return turned
      .square()
      .div(variances)
      .add(variances.log())
      .sum(-1, true)
      .mul(-0.5)
      .add(Math.log(weight) - (D * Math.log(2 * Math.PI)) / 2)
  })
  const most = parts.reduce((a, b) => a.maximum(b))
  return parts
    .map(part => part.sub(most).exp())
    .reduce((a, b) => a.add(b))
    .log()
    .add(most)
}

/** Far below every logarithm of a density. */
const EXCLUDED = -1e9

/** What takes all components but the given one out of a softmax: `[n, B, 1]`. */
function excluded(n: number, component: Tensor, { dtype }: Tensor): Tensor {
  const rows = Array.from({ length: n + 1 }, (_, given) =>
    Array.from({ length: n }, (_, k) => (given === n || given === k ? 0 : EXCLUDED)),
  )
  const table = constant(rows.flat(), [n + 1, n], dtype)
  return table.gather(component).transpose().reshape([n, component.shape[0], 1])
}

const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)))
