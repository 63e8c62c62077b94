import { sizeOf, type Tensor } from '../autodiff/index.ts'
import { type BoundNetwork, type Divergence, divergenceOf, timeShape } from './bound-network.ts'
import type { Interpolant } from './interpolants/interpolant.ts'
import { linear } from './interpolants/linear.ts'
import { type PolicyAt, type PolicyKeys, policyAt } from './policy.ts'
import { type Around, consistency, edm, edmNetwork, trigflow } from './preconditioning.ts'
import {
  asVelocity,
  edmPrediction,
  type Prediction,
  type PredictionName,
  predictions,
} from './predictions.ts'
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
  /** The average divergence as a head of the network predicts it; absent where it has none. */
  readonly divergence?: Divergence
  /** The policy that its network gives at a point and its time; absent where it gives none. */
  readonly policy?: { readonly at: PolicyAt; readonly components: number }
  /** Logits `z(x, s, t)` of the symbols, `[B, L, K]`, of the parameterization `simplex`: `softmax z` is the mean denoiser. */
  readonly logits?: BoundNetwork
  /** What its network predicts of data and noise, as it stands; absent on maps that are only sampled. */
  readonly predicted?: Predicted
}

/** What a network predicts of data and noise at one time of a path. */
export interface Predicted {
  readonly path: Interpolant
  readonly row: Prediction
  output(x: Tensor, s: Tensor): Tensor
}

/** Divides in the place of smaller times, where nothing else is said. */
const SMALLEST_TIME = 1e-6

/** What the network's output means. */
export const parameterizations = {
  /** `V = N`. */
  'average-velocity': (network: BoundNetwork, _around: Around) => network,
  /**
   * `V = (x - N)/max(s, least)`, so that `F(x, s, 0) = N` down to `s = least`; the "denoised field" of pixel MeanFlow, Lu
   * et al. 2026, arXiv:2601.22158. At `s = 0` the jump is nothing.
   */
  denoised:
    (network: BoundNetwork, { least }: Around): BoundNetwork =>
    (x, s, t) =>
      x.sub(network(x, s, t)).div(s.maximum(least)),
  /**
   * `V = -log_x(N)/max(s, least)`, `N` a point of a curved space, so that `F(x, s, 0) = N`; in flat space `denoised`. Woo et al. 2026,
   * arXiv:2602.07744. Where `N` crosses the cut locus of `x` the velocity jumps.
   */
  point:
    (network: BoundNetwork, { least, space }: Around): BoundNetwork =>
    (x, s, t) =>
      space
        .towards(x, network(x, s, t))
        .div(s.maximum(least))
        .neg(),
  edm,
  consistency,
  trigflow,
  /**
   * `V = (x - psi)/s`, `psi` the softmax of the output over the symbols of each position, so that
   * `F(x, s, t) = (t/s) x + (1 - t/s) psi`. Roos et al. 2026, arXiv:2602.12233; Potaptchik et al. 2026, arXiv:2604.09784.
   */
  simplex:
    (network: BoundNetwork, _around: Around): BoundNetwork =>
    (x, s, t) =>
      x.sub(network(x, s, t).softmax()).div(s.maximum(SMALLEST_TIME)),
  /** `V` is the average of a policy, which the network gives at `(x, s)` alone, for `t <= s`. Chen et al. 2025, arXiv:2510.14974. */
  policy:
    (network: BoundNetwork, { policy }: Around): BoundNetwork =>
    (x, s, t) => {
      const pi = policyAt(policy!, network)(x, s)
      return t === s ? pi.velocity(x, s) : pi.average(t)
    },
} as const

export type ParameterizationName = keyof typeof parameterizations

/** What decides how a network's output becomes a flow map; each has a default. */
export interface Reading {
  /** Default `average-velocity`. */
  readonly parameterization?: ParameterizationName
  /** What a network of one time predicts, where its output is not a velocity as it stands; default `velocity`. */
  readonly predicts?: PredictionName
  /** The smallest time that is divided by. */
  readonly least?: number
  /** Default `flat`. */
  readonly space?: Space
  /** Default `linear`. */
  readonly path?: Interpolant
  /** How the output of a network is read with the parameterization `policy`. */
  readonly policy?: PolicyKeys
}

/** The flow map that a network parameterises. */
export function flowMap(network: BoundNetwork, reading: Reading = {}): FlowMap {
  const {
    parameterization = 'average-velocity',
    predicts = 'velocity',
    least = SMALLEST_TIME,
    space = flat,
    path = linear,
    policy,
  } = reading
  const around = { least, path, policy, space }
  const velocityOf = (network: BoundNetwork): BoundNetwork => {
    const read = parameterizations[parameterization](network, around)
    // What leads to a point is tangent as it is.
    return parameterization === 'point' ? read : (x, s, t) => space.velocity(x, read(x, s, t))
  }
  const inVelocity = asVelocity(path, predictions[predicts])
  const own: BoundNetwork =
    predicts === 'velocity' ? network : (x, s, t) => inVelocity(x, network(x, s, t), s)
  const { velocity: velocityHead, divergence } = network.heads ?? {}
  const velocity = velocityOf(own)
  return {
    ...fromVelocity(velocity, space),
    ...(velocityHead && { velocityHead: velocityOf(velocityHead) }),
    ...(divergence && { divergence }),
    ...(parameterization === 'simplex' && { logits: network }),
    ...(policy && { policy: { at: policyAt(policy, network), components: policy.components } }),
    predicted: { path, ...predictedBy(network, velocity, parameterization, predicts, path) },
  }
}

/** What is predicted: inside of `edm` that of its network, else the velocity or what the network is said to predict. */
function predictedBy(
  network: BoundNetwork,
  velocity: BoundNetwork,
  parameterization: ParameterizationName,
  predicts: PredictionName,
  path: Interpolant,
): Omit<Predicted, 'path'> {
  if (parameterization === 'edm') {
    const inner = edmNetwork(network, path)
    return { row: edmPrediction, output: (x, s) => inner(x, s, s) }
  }
  const output = predicts === 'velocity' ? velocity : network
  return { row: predictions[predicts], output: (x, s) => output(x, s, s) }
}

/** The flow map with a given average velocity. */
export function fromVelocity(velocity: BoundNetwork, space: Space = flat): FlowMap {
  return {
    velocity: (x, s, t = s) => velocity(x, s, t),
    jump: (x, s, t) => space.jump(x, t.sub(s).mul(velocity(x, s, t))),
  }
}

/** A map of points `[B, ...shape]` as one of rows `[B, D]`, with times `[B, 1]`. */
export function asRows({ velocity, jump, divergence, logits }: FlowMap, shape: readonly number[]): FlowMap {
  if (shape.length === 1) return { velocity, jump, divergence, ...(logits && { logits }) }
  const point = (x: Tensor) => x.reshape([x.shape[0], ...shape])
  const time = (t: Tensor) => t.reshape(timeShape(t.shape[0], shape))
  const row = (x: Tensor) => x.reshape([x.shape[0], sizeOf(shape)])
  return {
    velocity: (x, s, t = s) => row(velocity(point(x), time(s), time(t))),
    jump: (x, s, t) => row(jump(point(x), time(s), time(t))),
    ...(logits && { logits: (x, s, t) => row(logits(point(x), time(s), time(t))) }),
    ...(divergence && {
      divergence: divergenceOf(
        (x, s, t) => divergence(point(x), time(s), time(t)).reshape([x.shape[0], 1]),
        divergence.scale,
      ),
    }),
  }
}
