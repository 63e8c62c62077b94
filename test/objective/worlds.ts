import { constant, type Tensor, type Value } from '../../src/autodiff/index.ts'
import {
  coefficientsAt,
  type FlowMap,
  fromVelocity,
  gaussianFlowMap,
  type Interpolant,
  interpolants,
  type Mixture,
  mixtureVelocity,
  type VelocityField,
} from '../../src/model/index.ts'
import { value } from '../autodiff/values.ts'
import { type Batch, mapBatch } from './setting.ts'

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

/** Nodes and weights of Gauss and Legendre on [0, 1], by Newton's method. */
function legendre(n: number): { u: number; weight: number }[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 0
    for (let round = 0; round < 50; round++) {
      let [p, before] = [x, 1]
      for (let k = 2; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p]
      slope = (n * (x * p - before)) / (x * x - 1)
      x -= p / slope
    }
    return { u: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) }
  })
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

const r = Math.sqrt(21)
/** The method of Cooper & Verner (1972), eighth order: each row's time, and its weights of the slopes before it. */
const STAGES: readonly (readonly [time: number, weights: Readonly<Record<number, number>>])[] = [
  [0, {}],
  [1 / 2, { 0: 1 / 2 }],
  [1 / 2, { 0: 1 / 4, 1: 1 / 4 }],
  [(7 + r) / 14, { 0: 1 / 7, 1: (-7 - 3 * r) / 98, 2: (21 + 5 * r) / 49 }],
  [(7 + r) / 14, { 0: (11 + r) / 84, 2: (18 + 4 * r) / 63, 3: (21 - r) / 252 }],
  [1 / 2, { 0: (5 + r) / 48, 2: (9 + r) / 36, 3: (-231 + 14 * r) / 360, 4: (63 - 7 * r) / 80 }],
  [
    (7 - r) / 14,
    {
      0: (10 - r) / 42,
      2: (-432 + 92 * r) / 315,
      3: (633 - 145 * r) / 90,
      4: (-504 + 115 * r) / 70,
      5: (63 - 13 * r) / 35,
    },
  ],
  [(7 - r) / 14, { 0: 1 / 14, 4: (14 - 3 * r) / 126, 5: (13 - 3 * r) / 63, 6: 1 / 9 }],
  [
    1 / 2,
    { 0: 1 / 32, 4: (91 - 21 * r) / 576, 5: 11 / 72, 6: (-385 - 75 * r) / 1152, 7: (63 + 13 * r) / 128 },
  ],
  [
    (7 + r) / 14,
    {
      0: 1 / 14,
      4: 1 / 9,
      5: (-733 - 147 * r) / 2205,
      6: (515 + 111 * r) / 504,
      7: (-51 - 11 * r) / 56,
      8: (132 + 28 * r) / 245,
    },
  ],
  [
    1,
    {
      4: (-42 + 7 * r) / 18,
      5: (-18 + 28 * r) / 45,
      6: (-273 - 53 * r) / 72,
      7: (301 + 53 * r) / 72,
      8: (28 - 28 * r) / 45,
      9: (49 - 7 * r) / 18,
    },
  ],
]
const SUM: Readonly<Record<number, number>> = { 0: 1 / 20, 7: 49 / 180, 8: 16 / 45, 9: 49 / 180, 10: 1 / 20 }

const weighted = (slopes: readonly Tensor[], weights: Readonly<Record<number, number>>): Tensor =>
  Object.entries(weights)
    .map(([i, weight]) => slopes[Number(i)].mul(weight))
    .reduce((sum, part) => sum.add(part))

/** The map that a Runge-Kutta method follows through a velocity: a graph, so it has derivatives. */
function solved(field: VelocityField, steps: number): FlowMap {
  return fromVelocity((x, s, t) => {
    if (s === t) return field.velocity(x, s)
    const h = t.sub(s).div(steps)
    let y = x
    const means: Tensor[] = []
    for (let i = 0; i < steps; i++) {
      const slopes: Tensor[] = []
      for (const [time, weights] of STAGES) {
        const at = slopes.length ? y.add(h.mul(weighted(slopes, weights))) : y
        slopes.push(field.velocity(at, s.add(h.mul(i + time))))
      }
      const mean = weighted(slopes, SUM)
      y = y.add(h.mul(mean))
      means.push(mean)
    }
    return means.reduce((sum, mean) => sum.add(mean)).div(steps)
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

/** A quadrature rule for a standard normal variable. */
export type Rule = readonly { readonly z: number; readonly weight: number }[]

/** Two points of Gauss and Hermite: exact for polynomials of degree 3, enough for what is linear or of second order. */
export const hermite: Rule = [
  { z: 1, weight: 1 / 2 },
  { z: -1, weight: 1 / 2 },
]

/** Equally spaced points, which converge exponentially for smooth functions. */
export function spaced(h: number, offset: number): Rule {
  const count = Math.ceil(6.5 / h)
  return Array.from({ length: 2 * count + 1 }, (_, i) => {
    const z = (i - count + offset) * h
    return { z, weight: (h * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI) }
  })
}

/** For every sample, data and noise of its point of the path at a time, with their probabilities. */
export interface Posterior {
  /** The samples one after the other, each as often as there are nodes. */
  readonly batch: Batch
  readonly weights: Float64Array
}

/**
 * The posterior of data and noise given `x_tau`, which stays where it is in `from`. Given a component both are Gaussian;
 * the components' probabilities are those of `x_tau`.
 */
export function posterior(
  { mixture, interpolant }: World,
  from: Batch,
  given: 's' | 't',
  rule: Rule,
): Posterior {
  const times = from[given].data
  const rows = [...times].flatMap((time, i) => {
    const { alpha, sigma } = coefficientsAt(interpolant, time)
    const x = [0, 1].map(d => alpha * from.x0.data[2 * i + d] + sigma * from.eps.data[2 * i + d])
    const parts = mixture.components.map(({ weight, mean, scales }) => {
      const axes = scales.map((scale, d) => {
        const k2 = (alpha * scale) ** 2 + sigma ** 2
        const off = x[d] - alpha * mean[d]
        return { scale, mean: mean[d], k2, off, density: Math.exp(-(off ** 2) / k2 / 2) / Math.sqrt(k2) }
      })
      return { axes, mass: weight * axes.reduce((product, { density }) => product * density, 1) }
    })
    const total = parts.reduce((sum, { mass }) => sum + mass, 0)
    return parts.flatMap(({ axes, mass }) =>
      rule.flatMap(first =>
        rule.map(second => {
          const z = [first.z, second.z]
          return {
            weight: (mass / total) * first.weight * second.weight,
            x0: axes.map(
              ({ scale, mean, k2, off }, d) =>
                mean + (alpha * scale ** 2 * off) / k2 + ((scale * sigma) / Math.sqrt(k2)) * z[d],
            ),
            eps: axes.map(
              ({ scale, k2, off }, d) => (sigma * off) / k2 - ((alpha * scale) / Math.sqrt(k2)) * z[d],
            ),
          }
        }),
      ),
    )
  })
  const nodes = rows.length / times.length
  const repeated = mapBatch(field => repeat(field, nodes), from)
  const points = (name: 'x0' | 'eps') =>
    value(
      rows.flatMap(row => row[name]),
      [rows.length, 2],
    )
  return {
    batch: { ...repeated, x0: points('x0'), eps: points('eps') },
    weights: Float64Array.from(rows, ({ weight }) => weight),
  }
}

/** Each row of `[B, D]` so many times. */
export function repeat({ shape: [rows, width], data }: Value, times: number): Value {
  const out = new Float64Array(rows * times * width)
  for (let i = 0; i < rows * times; i++) {
    const row = Math.floor(i / times)
    out.set(data.subarray(row * width, (row + 1) * width), i * width)
  }
  return { shape: [rows * times, width], data: out }
}

/** The mean of each sample's nodes, `[B, D]`. */
export function meanOver(
  { shape: [rows, width = 1], data }: Value,
  weights: Float64Array,
  samples: number,
): Value {
  const nodes = rows / samples
  const out = new Float64Array(samples * width)
  data.forEach((v, i) => {
    const row = Math.floor(i / width)
    out[Math.floor(row / nodes) * width + (i % width)] += weights[row] * v
  })
  return { shape: [samples, width], data: out }
}
