import { DYNAMIC, jvp, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import type { VelocityField } from '../model/index.ts'
import { random } from '../random/random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { solve } from '../sampler/adaptive.ts'
import { baseLogDensity } from './base.ts'
import { linearize } from './linearize.ts'

/**
 * How the divergence of a velocity is had: `exact` by a derivative along each coordinate, or estimated without bias by random
 * probes `z' J z` (Hutchinson 1990), of signs or of normal numbers. With `S` the symmetric part of `J`, one probe has the
 * variance `2(|S|^2 - sum S_ii^2)` of signs and `2|S|^2` of normal numbers, so signs are never worse.
 */
export const DIVERGENCES = ['exact', 'rademacher', 'gaussian'] as const
export type DivergenceName = (typeof DIVERGENCES)[number]

export interface FlowDensityOptions {
  /** Local error of the solver; default 1e-6. */
  readonly tolerance?: number
  /** The time that the data is taken to be of, where the velocity is infinite at 0; default 0. */
  readonly start?: number
  /** Default `exact`. */
  readonly divergence?: DivergenceName
  /** Probes of each point, over which the estimate is averaged; default 1. They stay along its trajectory. */
  readonly probes?: number
  /** Of the probes; default 0. */
  readonly seed?: number
  /** Standard deviation of the noise at time 1, `sigma(1)` of the path; default 1. */
  readonly deviation?: number
}

/** A velocity and its divergence at points `[n, D]`. */
interface Slopes {
  run(x: Float64Array, t: number): Promise<{ values: Float64Array; divergence: Float64Array }>
  close(): Promise<void>
}

/** Random vectors for `count` points, `[count, D]`. */
export function drawProbe(
  kind: 'rademacher' | 'gaussian',
  count: number,
  dimension: number,
  seed: number,
  number = 0,
): Float64Array {
  const source = random(seed, 'divergence probe', number)
  return Float64Array.from({ length: count * dimension }, () =>
    kind === 'gaussian' ? source.normal() : source.uniform() < 0.5 ? -1 : 1,
  )
}

async function exactSlopes(runtime: Runtime, field: VelocityField, dimension: number): Promise<Slopes> {
  const program = await linearize(runtime, (x, t) => field.velocity(x, t), dimension)
  return {
    run: async (x, t) => {
      const { values, jacobian } = await program.run(x, t)
      const divergence = Float64Array.from({ length: x.length / dimension }, (_, i) => {
        let sum = 0
        for (let k = 0; k < dimension; k++) sum += jacobian[i * dimension ** 2 + k * (dimension + 1)]
        return sum
      })
      return { values, divergence }
    },
    close: program.close,
  }
}

async function probedSlopes(
  runtime: Runtime,
  field: VelocityField,
  dimension: number,
  probes: readonly Float64Array[],
): Promise<Slopes> {
  const rows = spec([DYNAMIC, dimension], 'float64')
  const graph = trace(
    ({ x, probe, t }) => {
      const [y, along] = jvp((x: Tensor) => field.velocity(x, t), [x], [probe])
      return { y, quadratic: along.mul(probe).sum(-1) }
    },
    { x: rows, probe: rows, t: spec([DYNAMIC, 1], 'float64') },
  )
  const program = await runtime.compile(simplify(graph))
  return {
    run: async (x, t) => {
      const count = x.length / dimension
      const divergence = new Float64Array(count)
      let values = x
      for (const probe of probes) {
        const [y, quadratic] = (await program.run([
          x.slice(),
          probe.slice(),
          new Float64Array(count).fill(t),
        ])) as Float64Array[]
        values = y
        for (let i = 0; i < count; i++) divergence[i] += quadratic[i] / probes.length
      }
      return { values, divergence }
    },
    close: () => program.close(),
  }
}

/** The velocity and the divergence of a field, estimated by probes where these are asked for. */
export function slopesOf(
  runtime: Runtime,
  field: VelocityField,
  dimension: number,
  count: number,
  { divergence = 'exact', probes = 1, seed = 0 }: FlowDensityOptions,
): Promise<Slopes> {
  if (divergence === 'exact') return exactSlopes(runtime, field, dimension)
  const drawn = Array.from({ length: probes }, (_, k) => drawProbe(divergence, count, dimension, seed, k))
  return probedSlopes(runtime, field, dimension, drawn)
}

/** Where trajectories end, and the integral of the divergence along each, from the first time to the second. */
export interface Followed {
  readonly ends: Float64Array
  readonly integral: Float64Array
  /** Evaluations of the velocity, with its divergence, at each point. */
  readonly steps: number
}

/** Follows a velocity from one time to another, and its divergence with it. */
export async function follow(
  runtime: Runtime,
  field: VelocityField,
  points: Float64Array,
  dimension: number,
  [from, to]: readonly [number, number],
  options: FlowDensityOptions = {},
): Promise<Followed> {
  const count = points.length / dimension
  const slopes = await slopesOf(runtime, field, dimension, count, options)
  // A point and the integral of the divergence along its trajectory, [n, D + 1].
  const split = (states: Float64Array): Float64Array =>
    Float64Array.from(points, (_, i) => states[Math.floor(i / dimension) * (dimension + 1) + (i % dimension)])
  const join = (x: Float64Array, last: (point: number) => number): Float64Array =>
    Float64Array.from({ length: count * (dimension + 1) }, (_, i) => {
      const [point, k] = [Math.floor(i / (dimension + 1)), i % (dimension + 1)]
      return k < dimension ? x[point * dimension + k] : last(point)
    })
  let steps = 0
  const slope = async (states: Float64Array, t: number): Promise<Float64Array> => {
    steps++
    const { values, divergence } = await slopes.run(split(states), t)
    return join(values, point => divergence[point])
  }
  try {
    const { tolerance = 1e-6 } = options
    const start = join(points, () => 0)
    const ends = await solve(slope, start, from, to, { tolerance })
    const integral = Float64Array.from({ length: count }, (_, i) => ends[(i + 1) * (dimension + 1) - 1])
    return { ends: split(ends), integral, steps }
  } finally {
    await slopes.close()
  }
}

/**
 * Logarithm of the density that a velocity gives to points `[n, D]` of data, in nats, when noise at time 1 is normal:
 * `log p(x_0) = log N(x_1) + int_0^1 div v(x_t, t) dt` along its trajectories.
 *
 * Chen et al., Neural ordinary differential equations, arXiv:1806.07366, theorem 1; probes: Grathwohl et al. (FFJORD),
 * arXiv:1810.01367.
 *
 * @param field  of float64 tensors
 * @returns `[n]`
 * @throws Error when the solver does not reach its tolerance
 */
export async function flowLogDensity(
  runtime: Runtime,
  field: VelocityField,
  points: Float64Array,
  dimension: number,
  options: FlowDensityOptions = {},
): Promise<Float64Array> {
  const { start = 0, deviation } = options
  const { ends, integral } = await follow(runtime, field, points, dimension, [start, 1], options)
  return baseLogDensity(ends, dimension, deviation).map((value, i) => value + integral[i])
}
