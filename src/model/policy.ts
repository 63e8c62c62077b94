import type { Tensor } from '../autodiff/index.ts'
import type { BoundNetwork } from './bound-network.ts'

/** Keys of `network` for a policy. */
interface PolicyConfig {
  readonly parameterization: string
  readonly components?: number
  readonly substeps?: number
}

/** The smallest time that a policy divides by. */
const LEAST = 1e-3

/** Log width of a mixture before training. */
export const FIRST_LOG_WIDTH = Math.log(0.05)

/**
 * How a network's output is read as a mixture of data given a noisy point: `K` means and log weights for each place, a
 * vector being one place and a picture one for each pixel, and one log width for all of it.
 */
export interface PolicyKeys {
  /** Of a point, without the batch. */
  readonly shape: readonly number[]
  /** `K` */
  readonly components: number
  /** Euler's steps of a jump. */
  readonly substeps: number
}

const placesOf = (shape: readonly number[]) => {
  const channels = shape[shape.length - 1]
  const places = shape.slice(0, -1).reduce((product, size) => product * size, 1)
  return { places, channels }
}

/** Numbers that a network gives for a policy. */
export function policyOutputs({ shape, components }: Omit<PolicyKeys, 'substeps'>): number {
  const { places, channels } = placesOf(shape)
  return places * components * (channels + 1) + 1
}

/** How a network of some keys is read for some points; nothing where its parameterization is another. */
export const policyKeys = (
  { parameterization, components = 8, substeps = 64 }: PolicyConfig,
  { shape }: Pick<PolicyKeys, 'shape'>,
): PolicyKeys | undefined => (parameterization === 'policy' ? { shape, components, substeps } : undefined)

/** A velocity on the way from `(x_s, s)`, of which a network is asked there alone. */
export interface Policy {
  /** `pi(x, t)`, `t <= s`. */
  velocity(x: Tensor, t: Tensor): Tensor
  /** Its average over `[t, s]` from `x_s` on, by Euler's steps; `pi(x_s, s)` at `t = s`. */
  average(t: Tensor): Tensor
}

/** How a network becomes a policy at a point and its time. */
export type PolicyAt = (xs: Tensor, s: Tensor, dropped?: Tensor) => Policy

/**
 * The policy `pi(x, t)`, `t <= s`, of a mixture for the data: the mean of the data given `x_s` at time `s` and `x` at time `t`,
 * as a velocity of the linear path. From `K` means `m_k = x_s - s N_k`, weights `a_k` and one variance `g = s^2 exp(2 N_last)`:
 * `zeta = ((1-t)/t)^2 - ((1-s)/s)^2`, `nu = (1-t) x/t^2 - (1-s) x_s/s^2`, `E_k = (g nu + m_k)/(1 + g zeta)`, log weights
 * `log a_k + (m_k . nu - zeta |m_k|^2/2)/(1 + g zeta)`, which hold for one width of all components alone,
 * `pi = (x - sum_k w_k E_k)/t`. Beyond `t = s` the width may vanish. Chen et al. 2025 (pi-Flow), arXiv:2510.14974.
 *
 * @param network  its output is `[B, policyOutputs]`: means place by place, component by component; log weights; log width
 * @returns of points `[B, ...shape]` and times `[B, 1, ...]`; `dropped [B, K]` is added to the log weights
 */
export const policyAt =
  (keys: PolicyKeys, network: BoundNetwork): PolicyAt =>
  (xs, s, dropped) =>
    policyOf(keys, network(xs, s, s), xs, s, dropped)

function policyOf(
  { shape, components: K, substeps }: PolicyKeys,
  output: Tensor,
  xs: Tensor,
  s: Tensor,
  dropped?: Tensor,
): Policy {
  const { places: P, channels: C } = placesOf(shape)
  const [B] = xs.shape
  // Axes: sample, place, coordinate, component.
  const point = (x: Tensor) => x.reshape([B, P, C, 1])
  const time = (t: Tensor) => t.reshape([B, 1, 1, 1]).maximum(LEAST)
  const data = (t: Tensor) => t.neg().add(1)
  const start = time(s)
  const [means, weights] = [P * K * C, P * K]
  const N = output.slice(1, 0, means).reshape([B, P, K, C]).transpose([0, 1, 3, 2])
  const m = point(xs).sub(start.mul(N))
  const raw = output.slice(1, means, means + weights).reshape([B, P, 1, K])
  const logits = dropped ? raw.add(dropped.reshape([B, 1, 1, K])) : raw
  const g = start
    .mul(
      output
        .slice(1, means + weights)
        .reshape([B, 1, 1, 1])
        .exp(),
    )
    .square()
  const half = m.square().sum(2, true).mul(0.5)
  const precision = data(start).div(start).square()
  const known = data(start).div(start.square()).mul(point(xs))
  const velocity = (x: Tensor, t: Tensor): Tensor => {
    // Where it begins nothing is known beside the weights, and nothing is divided by a small time.
    if (x === xs && t === s) return logits.softmax().mul(N).sum(-1).reshape(x.shape)
    const now = time(t)
    const zeta = data(now).div(now).square().sub(precision)
    const nu = data(now).div(now.square()).mul(point(x)).sub(known)
    const spread = g.mul(zeta).add(1)
    const w = logits.add(m.mul(nu).sum(2, true).sub(zeta.mul(half)).div(spread)).softmax()
    const mean = g.mul(nu).add(w.mul(m).sum(-1, true)).div(spread)
    return point(x).sub(mean).div(now).reshape(x.shape)
  }
  const average = (t: Tensor): Tensor => {
    const step = t.sub(s).div(substeps)
    let total = velocity(xs, s)
    for (let j = 1; j < substeps; j++) {
      total = total.add(velocity(xs.add(step.mul(total)), s.add(step.mul(j))))
    }
    return total.div(substeps)
  }
  return { velocity, average }
}
