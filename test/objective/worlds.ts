import { constant, type Tensor } from '../../src/autodiff/index.ts'
import {
  type FlowMap,
  fromVelocity,
  gaussianFlowMap,
  type Interpolant,
  interpolants,
  type Mixture,
  mixtureVelocity,
  type VelocityField,
} from '../../src/model/index.ts'
import { legendre } from '../../src/model/legendre.ts'
import { solved } from '../../src/model/solved.ts'

/** Data and a path of which the exact flow map, velocity and posterior are known. */
export interface World {
  readonly name: string
  readonly mixture: Mixture
  readonly interpolant: Interpolant
  readonly map: FlowMap
  readonly velocity: VelocityField
  /** A wrong map: the exact average velocity, or nearly, and a small wave. */
  readonly perturbed: FlowMap
  /** What the solution of the flow's equation leaves of a residual that is zero. */
  readonly tolerance: number
  /** The largest step of a measured order, large enough for that tolerance. */
  readonly step: number
}

const wave = (map: FlowMap): FlowMap =>
  fromVelocity((x, s, t) => map.velocity(x, s, t).add(x.sin().mul(0.05)))

/** One Gaussian: its map is curved and off centre. */
const gaussian: Mixture = { components: [{ weight: 1, mean: [0.8, -1.3], scales: [0.5, 0.5] }] }

/** Two Gaussians with unequal axes: the posterior, and so the velocity, is far from linear. */
const two: Mixture = {
  components: [
    { weight: 0.35, mean: [1.1, -0.8], scales: [0.8, 1] },
    { weight: 0.65, mean: [-1, 0.9], scales: [0.9, 0.7] },
  ],
}

/**
 * The map of one Gaussian with equal axes on any path: `F = alpha(t) mu + k(t)/k(s) (x - alpha(s) mu)` with
 * `k^2 = alpha^2 l + sigma^2`. Its average velocity is the mean of the velocity along that trajectory.
 */
function curved(
  { components: [{ mean, scales }] }: Mixture,
  path: Interpolant,
  field: VelocityField,
): FlowMap {
  const nodes = legendre(20)
  const k = (t: Tensor) =>
    path
      .alpha(t)
      .square()
      .mul(scales[0] ** 2)
      .add(path.sigma(t).square())
      .sqrt()
  return fromVelocity((x, s, t) => {
    const mu = (t: Tensor) => constant(mean, [1, mean.length], t.dtype).mul(path.alpha(t))
    const at = (tau: Tensor) =>
      mu(tau).add(
        k(tau)
          .div(k(s))
          .mul(x.sub(mu(s))),
      )
    if (s === t) return field.velocity(x, s)
    return nodes
      .map(({ u, weight }) => {
        const tau = s.add(t.sub(s).mul(u))
        return field.velocity(at(tau), tau).mul(weight)
      })
      .reduce((sum, part) => sum.add(part))
  })
}

/**
 * The velocity of two Gaussians on the linear path, written out: `mixtureVelocity` in half as many operations, for
 * `solved` to take hundreds of times.
 */
export function velocityOfTwo({ components: [first, second] }: Mixture): VelocityField {
  const row = (numbers: readonly number[], like: Tensor) => constant(numbers, [1, numbers.length], like.dtype)
  return {
    velocity(x, t) {
      const a = t.neg().add(1)
      const [a2, t2] = [a.square(), t.square()]
      const [p, q] = [first, second].map(({ mean, scales }) => {
        const variance = row(
          scales.map(scale => scale ** 2),
          x,
        )
        const off = x.sub(a.mul(row(mean, x)))
        const k2 = a2.mul(variance).add(t2)
        const scaled = off.div(k2)
        const v = t.sub(a.mul(variance)).mul(scaled).sub(row(mean, x))
        return { v, exponent: off.mul(scaled).add(k2.log()) }
      })
      const logit = q.exponent
        .sub(p.exponent)
        .sum(-1, true)
        .mul(0.5)
        .add(Math.log(first.weight / second.weight))
      return q.v.add(logit.sigmoid().mul(p.v.sub(q.v)))
    },
  }
}

function world(
  name: string,
  mixture: Mixture,
  interpolant: Interpolant,
  solve: (velocity: VelocityField) => { map: FlowMap; near?: FlowMap },
  accuracy: Pick<World, 'tolerance' | 'step'>,
): World {
  const velocity = mixtureVelocity(mixture, interpolant)
  const { map, near = map } = solve(velocity)
  return { name, mixture, interpolant, map, velocity, perturbed: wave(near), ...accuracy }
}

const closed = { tolerance: 1e-12, step: 0.02 }

export const linearGaussian = world(
  'Gaussian, linear path',
  gaussian,
  interpolants.linear,
  () => ({ map: gaussianFlowMap(gaussian.components[0].mean, gaussian.components[0].scales[0]) }),
  closed,
)
export const trigGaussian = world(
  'Gaussian, trigonometric path',
  gaussian,
  interpolants.trig,
  field => ({ map: curved(gaussian, interpolants.trig, field) }),
  closed,
)
export const linearMixture = world(
  'mixture, linear path',
  two,
  interpolants.linear,
  () => ({ map: solved(velocityOfTwo(two), 8), near: solved(velocityOfTwo(two), 2) }),
  { tolerance: 1e-7, step: 0.02 },
)

export const worlds: readonly World[] = [linearGaussian, trigGaussian, linearMixture]
