import { objectives, whyNoJumps, whyNoTrajectories, whyNoVelocity } from '../objective/index.ts'
import { unknownJumps } from '../sampler/sampling.ts'
import type { InversionName, KernelName, LookAheadName, SteeringMethod } from './names.ts'
import { SteeringError } from './steerable.ts'

/** What of a steering depends on what the map can do. */
export interface Choices {
  readonly method: SteeringMethod
  readonly kernel: KernelName
  readonly lookAhead: LookAheadName
}

/** A map is not steered so. */
export class ChoiceError extends SteeringError {
  /**
   * @param reason  in a line
   * @param instead  what of the command line steers it
   */
  constructor(
    readonly reason: string,
    instead: string,
  ) {
    super(`${reason}; ${instead}`)
  }
}

/** Whether a map's jump is no more than Euler's step of its velocity. */
export const isVelocityOnly = (objective: string | undefined): boolean =>
  objectives.get(objective ?? '')?.parts === null

/** The times that a kernel jumps between. */
function jumpsOf(kernel: KernelName, grid: readonly number[]): [number, number][] {
  const starts = grid.slice(0, -1)
  if (kernel === 'jump') return starts.map((s, i) => [s, grid[i + 1]])
  if (kernel === 'renoise') return starts.map(s => [s, 0])
  return kernel === 'noise' ? [[1, 0]] : []
}

/**
 * What samples a map best where nobody says: jumps to data with fresh noise between, looking ahead by the jump; of a
 * velocity alone, whose jump is one Euler step, noisy steps along it, looking ahead by its denoiser.
 *
 * @param objective  of the map; absent where nothing is known of it
 * @throws ChoiceError when the map was not trained for what is asked for
 */
export function chooseSteering(
  objective: string | undefined,
  grid: readonly number[],
  asked: Partial<Choices>,
): Choices {
  const { method = 'particles' } = asked
  const noJumps = whyNoJumps(objective)
  if (noJumps) throw new ChoiceError(noJumps, 'take a flow map, such as psd')
  const velocityOnly = isVelocityOnly(objective)
  const kernel = asked.kernel ?? (velocityOnly ? 'euler-maruyama' : 'renoise')
  const lookAhead = asked.lookAhead ?? (velocityOnly ? 'denoiser' : 'jump')
  const looks = method === 'guided' || (method === 'particles' && kernel !== 'noise')
  const moves = method !== 'guided'
  if (velocityOnly) {
    const instead = (what: string, others: string) =>
      new ChoiceError(
        `this map is a velocity, whose jump is an Euler step, so ${what} would not steer its samples correctly`,
        `take ${others}`,
      )
    if (moves && (kernel === 'renoise' || kernel === 'noise')) {
      throw instead(`the kernel ${kernel}`, '--kernel euler-maruyama, posterior or jump')
    }
    if (looks && lookAhead === 'jump') {
      throw instead('the look-ahead jump', '--look-ahead denoiser or posterior')
    }
    return { method, kernel, lookAhead }
  }
  const jumps = [
    ...(moves ? jumpsOf(kernel, grid) : []),
    ...(looks && lookAhead === 'jump' ? jumpsOf('renoise', grid) : []),
  ]
  const reason = unknownJumps(objective, jumps)
  if (reason) {
    const other = kernel === 'jump' ? '--kernel renoise or noise' : '--kernel noise'
    throw new ChoiceError(reason, `${other} needs no other`)
  }
  return { method, kernel, lookAhead }
}

const ONE_STEP = 'this map is a velocity, whose jump is an Euler step'

/** Why data are not edited by noise up to a time and a jump back, in a line; nothing where they are. */
export const whyNotRenoised = (objective: string | undefined, tau: number): string | undefined =>
  tau === 0 ? undefined : isVelocityOnly(objective) ? ONE_STEP : unknownJumps(objective, [[tau, 0]])

/**
 * How data go to noise where nobody says: one jump of a map that is trained both ways, along the velocity otherwise.
 *
 * @param objective  of the map; absent where nothing is known of it
 * @param hasVelocity  whether more than its jumps is there
 * @param isGrounded  whether a diagonal term taught it its velocity, beside an objective that does not
 * @throws ChoiceError when the map was not trained for what is asked for
 */
export function chooseInversion(
  objective: string | undefined,
  hasVelocity: boolean,
  asked?: InversionName,
  isGrounded = false,
): InversionName {
  const none = whyNoTrajectories(objective)
  if (none) throw new ChoiceError(none, 'take a map of a velocity or of its flow, such as psd')
  const why = isVelocityOnly(objective) ? ONE_STEP : unknownJumps(objective, [[0, 1]])
  const still = whyNoVelocity(objective, isGrounded)
  const others = still ? 'newton' : 'heun, adaptive or newton'
  if (asked === 'jump' && why) throw new ChoiceError(why, `take --method ${others}`)
  if (still && asked !== 'newton') {
    throw new ChoiceError(still, 'take --method newton, which solves its one jump to data')
  }
  if (asked) return asked
  return hasVelocity && (why !== undefined || objective === undefined) ? 'heun' : 'jump'
}
