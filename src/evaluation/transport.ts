import type { Transport } from '../metric/transport.ts'
import type { VelocityField } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { solve } from '../sampler/adaptive.ts'
import type { Velocity } from '../sampler/sampler.ts'
import { openVelocity } from './trajectories.ts'

const TOLERANCE = 1e-6

/** Points `[n, D]` with one more number each, `[n, D + 1]`, and back. */
const joined = (points: Float64Array, dimension: number, last: Float64Array): Float64Array => {
  const states = new Float64Array(points.length + last.length)
  last.forEach((value, i) => {
    states.set(points.subarray(i * dimension, (i + 1) * dimension), i * (dimension + 1))
    states[(i + 1) * (dimension + 1) - 1] = value
  })
  return states
}

const split = (states: Float64Array, dimension: number): [points: Float64Array, last: Float64Array] => {
  const count = states.length / (dimension + 1)
  const points = new Float64Array(count * dimension)
  const last = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const at = i * (dimension + 1)
    points.set(states.subarray(at, at + dimension), i * dimension)
    last[i] = states[at + dimension]
  }
  return [points, last]
}

/** `|row|^2` of each row of `values` `[n, D]`. */
const squares = (values: Float64Array, dimension: number): Float64Array => {
  const sums = new Float64Array(values.length / dimension)
  values.forEach((value, i) => {
    sums[Math.floor(i / dimension)] += value * value
  })
  return sums
}

/** Solves twice, first for the ends, so that the integrand is a square and straight trajectories have exactly 0. */
async function along(
  velocity: Velocity<Float64Array>,
  start: Float64Array,
  dimension: number,
  end: number,
): Promise<Transport> {
  const options = { tolerance: TOLERANCE }
  const ends = await solve(velocity, start, 1, end, options)
  const way = start.map((x, i) => x - ends[i])
  const slope: Velocity<Float64Array> = async (states, t) => {
    const v = await velocity(split(states, dimension)[0], t)
    const bend = squares(
      v.map((value, i) => value - way[i] / (1 - end)),
      dimension,
    )
    return joined(v, dimension, bend)
  }
  const none = new Float64Array(start.length / dimension)
  const [, integral] = split(await solve(slope, joined(start, dimension, none), 1, end, options), dimension)
  // From time 1 down.
  return { bends: integral.map(value => -value), costs: squares(way, dimension) }
}

/**
 * Follows a velocity of float64 tensors from points `[n, D]` at time 1 to a time near 0.
 *
 * @throws SolveError when the solver does not reach its tolerance
 */
export async function followTransport(
  runtime: Runtime,
  field: VelocityField,
  start: Float64Array,
  dimension: number,
  end = 0,
): Promise<Transport> {
  const { velocity, close } = await openVelocity(runtime, field, dimension)
  try {
    return await along(velocity, start, dimension, end)
  } finally {
    await close()
  }
}
