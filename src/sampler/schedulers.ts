import { checkOptions, checkPositive, checkWord, refuseArgument } from '../data/arguments.ts'
import { show } from '../data/show.ts'
import { shifted } from '../objective/index.ts'
import { GridError } from './grid.ts'

/** What the two schedulers of diffusers have in common. */
interface ScheduleOptions {
  /** Number of steps. */
  readonly steps: number
  /** `sigma -> shift sigma / (1 + (shift - 1) sigma)`: above 1 for more steps near noise; default 1. */
  readonly shift?: number
}

export interface FlowMatchOptions extends ScheduleOptions {
  /** Resolution-dependent shift in the place of `shift`; see `dynamicShift`. */
  readonly mu?: number
  /** How `mu` shifts: `exp(mu) / (exp(mu) + 1/t - 1)`, the default, or `mu / (mu + 1/t - 1)`. */
  readonly timeShift?: 'exponential' | 'linear'
  /** Stretches the sigmas so that the last one before 0 is this. */
  readonly terminal?: number
  /** Spacing between the largest and the smallest sigma; default as shifted. */
  readonly spacing?: 'shifted' | 'karras' | 'exponential'
  /** Steps that the model's time was divided into in training; default 1000. */
  readonly trainSteps?: number
}

function checkSchedule(options: FlowMatchOptions): void {
  checkOptions('schedule', options, SCHEDULE)
  const { steps, shift = 1, mu, timeShift, terminal, spacing, trainSteps = 1000 } = options
  const refuse = (expected: string, found: unknown): never => {
    throw new GridError(`schedule: expected ${expected}, found ${show(found)}`)
  }
  const isBetween = (value: unknown, low: number, high: number) =>
    typeof value === 'number' && value > low && value < high
  if (!Number.isInteger(steps) || steps < 1 || steps > 10_000) refuse('1 to 10000 steps', steps)
  if (!isBetween(shift, 0, Infinity)) refuse('a shift above 0', shift)
  if (timeShift !== undefined) checkWord('schedule: timeShift', timeShift, ['exponential', 'linear'])
  if (spacing !== undefined) checkWord('schedule: spacing', spacing, ['shifted', 'karras', 'exponential'])
  const leastMu = timeShift === 'linear' ? 0 : -100
  if (mu !== undefined && !isBetween(mu, leastMu, 100)) refuse(`a mu from ${leastMu} to 100`, mu)
  if (!Number.isInteger(trainSteps) || trainSteps < steps) {
    refuse(`at least as many training steps as the ${steps} of sampling`, trainSteps)
  }
  if (terminal === undefined) return
  if (!isBetween(terminal, 0, 1)) refuse('a terminal between 0 and 1', terminal)
  if (steps < 2) refuse('at least two steps where a terminal is given', steps)
}

const SCHEDULE = ['steps', 'shift?', 'mu?', 'timeShift?', 'terminal?', 'spacing?', 'trainSteps?']

const linspace = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (count === 1 ? from : from + ((to - from) * i) / (count - 1)))

/**
 * The sigmas of diffusers' `FlowMapEulerDiscreteScheduler`, which are times of a grid here: `1 = s_0 > ... > s_n = 0`. Its
 * update, `x - (s - t) V(x, s, t)`, is the jump.
 *
 * Gu et al. 2026, arXiv:2605.13724; equations of diffusers 0.42.
 *
 * @throws GridError when a number is out of range
 */
export function flowMapEulerGrid(options: ScheduleOptions): number[] {
  checkOptions('schedule', options, SCHEDULE)
  const { steps, shift = 1 } = options
  checkSchedule({ steps, shift, trainSteps: steps })
  const sigmas = Array.from({ length: steps }, (_, i) => shifted(1 - i / steps, shift))
  return [...sigmas, 0]
}

const RHO = 7

/** `count` noise levels from the largest to the least, equally spaced in their `rho`-th root. Karras et al. 2022, arXiv:2206.00364, eq. 5. */
export const karrasSigmas = (count: number, least: number, largest: number, rho = RHO): number[] =>
  linspace(largest ** (1 / rho), least ** (1 / rho), count).map(root => root ** rho)

/** The count of `sigmas` again, from its first to its last, in another spacing. */
function spaced(sigmas: readonly number[], spacing: FlowMatchOptions['spacing']): readonly number[] {
  const [largest, smallest] = [sigmas[0], sigmas.at(-1)!]
  if (spacing === 'karras') {
    return karrasSigmas(sigmas.length, smallest, largest)
  }
  if (spacing !== 'exponential') return sigmas
  return linspace(Math.log(largest), Math.log(smallest), sigmas.length).map(Math.exp)
}

/**
 * The sigmas of diffusers' `FlowMatchEulerDiscreteScheduler`, in float32 as it has them, which are times of a grid here:
 * `1 = s_0 > ... > s_n = 0`. Its update, `x + (t - s) v(x, s)`, is Euler's step on the velocity.
 *
 * Esser et al. 2024, arXiv:2403.03206, for the shift; equations of diffusers 0.42. As there, a `shift` also moves the
 * smallest sigma that the steps are laid out from, and so acts on it twice.
 *
 * @throws GridError when a number is out of range
 */
export function flowMatchEulerGrid(options: FlowMatchOptions): number[] {
  checkSchedule(options)
  const { steps, shift = 1, mu, timeShift = 'exponential', terminal, spacing, trainSteps = 1000 } = options
  const smallest = mu === undefined ? shifted(1 / trainSteps, shift) : 1 / trainSteps
  const factor = mu === undefined ? 1 : timeShift === 'exponential' ? Math.exp(mu) : mu
  const moved = linspace(1, Math.fround(smallest), steps).map(sigma =>
    shifted(sigma, mu === undefined ? shift : factor),
  )
  const stretch = terminal === undefined ? 1 : (1 - moved.at(-1)!) / (1 - terminal)
  const stretched = moved.map(sigma => 1 - (1 - sigma) / stretch)
  return [...spaced(stretched, spacing).map(Math.fround), 0]
}

/**
 * The `mu` that image pipelines give to `flowMatchEulerGrid`: linear in the number of tokens.
 *
 * @param tokens  length of the image's sequence
 * @param base  tokens and `mu` at one point of the line; default 256 and 0.5
 * @param most  the same at another; default 4096 and 1.15
 */
export function dynamicShift(
  tokens: number,
  base: readonly [number, number] = [256, 0.5],
  most: readonly [number, number] = [4096, 1.15],
): number {
  checkPositive('dynamicShift: tokens', tokens)
  for (const [name, point] of Object.entries({ base, most })) {
    const isPoint = Array.isArray(point) && point.length === 2 && point.every(Number.isFinite)
    if (!isPoint) refuseArgument(`dynamicShift: ${name}`, 'tokens and mu, e.g. [256, 0.5]', point)
  }
  const slope = (most[1] - base[1]) / (most[0] - base[0])
  return base[1] + slope * (tokens - base[0])
}
