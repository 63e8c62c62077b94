import {
  checkFinite,
  checkFunction,
  checkOptions,
  checkPositive,
  checkTime,
  checkWhole,
  refuseArgument,
} from '../data/arguments.ts'
import { arrays } from './arrays.ts'
import { dormandPrince } from './dormand-prince.ts'
import type { Velocity } from './sampler.ts'
import { type Step, takeLater } from './steps.ts'

export { SolveError } from './dormand-prince.ts'

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
  if (s === t) return points.slice()
  let told: Promise<void> | void = Promise.resolve()
  const limits = {
    tolerance,
    maxSteps,
    firstStep,
    ...(onStep && {
      onStep: (time: number, x: Float64Array, slope: Float64Array) => {
        told = onStep(time, x, slope)
      },
    }),
  }
  function* ask(x: Float64Array, s: number): Step<Float64Array> {
    return yield { x, s }
  }
  const end = await takeLater(
    dormandPrince(arrays<Float64Array>(), ask, points, s, t, limits),
    async asked => {
      await told
      return velocity(asked.x, asked.s)
    },
  )
  await told
  return end
}
