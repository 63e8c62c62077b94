import { sizeOf, type Tensor } from '../autodiff/index.ts'
import { type BoundNetwork, timeShape } from './bound-network.ts'
import { consistency, edm, trigflow } from './preconditioning.ts'
import { flat, type Space } from './space.ts'

/** The instantaneous velocity `v(x, t)`: `x` of shape `[B, ...D]`, times `[B, 1, ...]`. */
export interface VelocityField {
  velocity(x: Tensor, t: Tensor): Tensor
}

/** A two-time map from the path's time `s` to its time `t`. */
export interface FlowMap extends VelocityField {
  /** The average velocity `V(x, s, t)` over `[t, s]`; without `t` the instantaneous one, `V(x, s, s)`. */
  velocity(x: Tensor, s: Tensor, t?: Tensor): Tensor
  /** `F(x, s, t) = x + (t-s) V(x, s, t)`, so that `F(x, s, s) = x`; in a curved space `exp_x((t-s) V)`. */
  jump(x: Tensor, s: Tensor, t: Tensor): Tensor
  /**
   * The instantaneous velocity as a second output of the network predicts it, in the same parameterization: for formulas
   * that train it beside the first. Absent where the network has none, and on maps that are only sampled.
   */
  readonly velocityHead?: (x: Tensor, s: Tensor, t: Tensor) => Tensor
}

/** Divides in the place of smaller times, where nothing else is said. */
const SMALLEST_TIME = 1e-6

/** What the network's output means. */
export const parameterizations = {
  /** `V = N`. */
  'average-velocity': (network: BoundNetwork, _least: number) => network,
  /**
   * `V = (x - N)/max(s, least)`, so that `F(x, s, 0) = N` down to `s = least`; the "denoised field" of pixel MeanFlow, Lu
   * et al. 2026, arXiv:2601.22158. At `s = 0` the jump is nothing.
   */
  denoised:
    (network: BoundNetwork, least: number): BoundNetwork =>
    (x, s, t) =>
      x.sub(network(x, s, t)).div(s.maximum(least)),
  edm,
  consistency,
  trigflow,
} as const

export type ParameterizationName = keyof typeof parameterizations

/**
 * The flow map that a network parameterises.
 *
 * @param least  the smallest time that `denoised` divides by
 */
export function flowMap(
  network: BoundNetwork,
  parameterization: ParameterizationName = 'average-velocity',
  least = SMALLEST_TIME,
  space = flat,
): FlowMap {
  const velocityOf =
    (network: BoundNetwork): BoundNetwork =>
    (x, s, t) =>
      space.velocity(x, parameterizations[parameterization](network, least)(x, s, t))
  const { velocityHead } = network
  return {
    ...fromVelocity(velocityOf(network), space),
    ...(velocityHead && { velocityHead: velocityOf(velocityHead) }),
  }
}

/** The flow map with a given average velocity. */
export function fromVelocity(velocity: BoundNetwork, space: Space = flat): FlowMap {
  return {
    velocity: (x, s, t = s) => velocity(x, s, t),
    jump: (x, s, t) => space.jump(x, t.sub(s).mul(velocity(x, s, t))),
  }
}

/** A map of points `[B, ...shape]` as one of rows `[B, D]`, with times `[B, 1]`. */
export function asRows({ velocity, jump }: FlowMap, shape: readonly number[]): FlowMap {
  if (shape.length === 1) return { velocity, jump }
  const point = (x: Tensor) => x.reshape([x.shape[0], ...shape])
  const time = (t: Tensor) => t.reshape(timeShape(t.shape[0], shape))
  const row = (x: Tensor) => x.reshape([x.shape[0], sizeOf(shape)])
  return {
    velocity: (x, s, t = s) => row(velocity(point(x), time(s), time(t))),
    jump: (x, s, t) => row(jump(point(x), time(s), time(t))),
  }
}
