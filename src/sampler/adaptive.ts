import {
  checkFinite,
  checkFunction,
  checkOptions,
  checkPositive,
  checkTime,
  checkWhole,
  refuseArgument,
} from '../data/arguments.ts'
import type { Velocity } from './sampler.ts'

/** A solver that does not get to the end of an interval. */
export class SolveError extends Error {
  override readonly name = 'SolveError'
}

/**
 * Dormand and Prince's pair of orders 5 and 4: nodes, stages, the fifth-order weights (the last stage) and the
 * difference to the fourth-order ones. Dormand & Prince 1980, J. Comput. Appl. Math. 6(1), table 2.
 */
const NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
const STAGES = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]

export interface AdaptiveOptions {
  /** Largest local error of any coordinate, absolute and relative; default 1e-9. */
  readonly tolerance?: number
  /** Default 100,000. */
  readonly maxSteps?: number
  /** Length of the first step that is tried; default a fiftieth of the whole. */
  readonly firstStep?: number
  /** Hears of the solution where it begins and after every step: the points and their velocity. */
  readonly onStep?: (time: number, points: Float64Array, velocity: Float64Array) => Promise<void> | void
}

function combine(
  x: Float64Array,
  h: number,
  weights: readonly number[],
  slopes: readonly Float64Array[],
): Float64Array {
  const y = x.slice()
  weights.forEach((weight, k) => {
    if (weight === 0) return
    const slope = slopes[k]
    for (let i = 0; i < y.length; i++) y[i] += h * weight * slope[i]
  })
  return y
}

/** Largest error of a coordinate, in units of the tolerance. */
function errorRatio(error: Float64Array, x: Float64Array, y: Float64Array, tolerance: number): number {
  let worst = 0
  for (let i = 0; i < error.length; i++) {
    const scale = tolerance * (1 + Math.max(Math.abs(x[i]), Math.abs(y[i])))
    worst = Math.max(worst, Math.abs(error[i]) / scale)
  }
  return worst
}

/**
 * Solves `dx/dt = v(x, t)` from time `s` to `t` with a step adapted to the worst point: the exact flow map of an exact
 * velocity, to any tolerance.
 *
 * @throws ArgumentError when times are not from 0 to 1 or an option is out of range; Error when the tolerance is not reached within `maxSteps`, or a value is not finite
 */
export async function solve(
  velocity: Velocity<Float64Array>,
  points: Float64Array,
  s: number,
  t: number,
  options: AdaptiveOptions = {},
): Promise<Float64Array> {
  checkFunction('solve: velocity', velocity)
  if (!(points instanceof Float64Array)) refuseArgument('solve: points', 'a Float64Array', points)
  checkTime('solve: s', s)
  checkTime('solve: t', t)
  checkFinite('solve: points', points)
  checkOptions('solve: options', options, ['tolerance?', 'maxSteps?', 'firstStep?', 'onStep?'])
  const { tolerance = 1e-9, maxSteps = 100_000, firstStep = Math.abs(t - s) / 50, onStep } = options
  checkPositive('solve: tolerance', tolerance)
  if (onStep !== undefined) checkFunction('solve: onStep', onStep)
  checkWhole('solve: maxSteps', maxSteps, 1, Number.MAX_SAFE_INTEGER)
  if (s !== t) checkPositive('solve: firstStep', firstStep)
  let [x, time] = [points, s]
  if (s === t) return points.slice()
  let h = Math.sign(t - s) * firstStep
  let slope = await velocity(x, time)
  await onStep?.(time, x, slope)
  for (let step = 0; step < maxSteps; step++) {
    if (Math.abs(h) >= Math.abs(t - time)) h = t - time
    const slopes = [slope]
    for (let k = 1; k < NODES.length; k++) {
      slopes.push(await velocity(combine(x, h, STAGES[k], slopes), time + NODES[k] * h))
    }
    const y = combine(x, h, STAGES[6], slopes)
    const error = combine(new Float64Array(x.length), h, ERROR, slopes)
    const ratio = errorRatio(error, x, y, tolerance)
    if (Number.isNaN(ratio)) throw new SolveError(`the velocity is not finite near time ${time}`)
    if (ratio <= 1) {
      const last = h === t - time
      ;[x, time, slope] = [y, last ? t : time + h, slopes[6]]
      await onStep?.(time, x, slope)
      if (last) return x
    }
    h *= Math.min(5, Math.max(0.2, 0.9 * ratio ** -0.2))
  }
  throw new SolveError(`no solution to a tolerance of ${tolerance} within ${maxSteps} steps`)
}
