import type { Interpolant, Points, Quadratic } from '../model/index.ts'
import type { Jump, Velocity } from '../sampler/sampler.ts'

/** A flow map as steering asks of it. Points are `[n, D]`, row after row, times from 1 (noise) to 0 (data). */
export interface SteerableMap<P extends Points = Float32Array> {
  /** Coordinates of a point, `D`. */
  readonly dimension: number
  readonly interpolant: Interpolant
  /** `F(x, s, t)` */
  readonly jump: Jump<P>
  /** `v(x, t)`; absent where the map only jumps. */
  readonly velocity?: Velocity<P>
  /** Why nothing of it follows a trajectory, in a line; absent where something may. */
  readonly noTrajectories?: string
  /** Why it has no velocity, in a line, where that is known. */
  readonly noVelocity?: string
  /** The gradient by `x` of `g . F(x, s, t)`; absent where the map's formula is not known. */
  readonly jumpPullback?: (x: P, s: number, t: number, g: P) => Promise<P>
  /** The gradient by `x` of `g . v(x, t)`. */
  readonly velocityPullback?: (x: P, t: number, g: P) => Promise<P>
  /** `log p_t(x)` up to a constant, `[n]`: only an exact map knows it. */
  readonly logDensity?: (x: P, t: number) => Promise<ArrayLike<number>>
  /** Its gradient, `[n, D]`. */
  readonly score?: (x: P, t: number) => Promise<P>
}

/** A reward of data points `[n, D]`. */
export interface PointReward<P extends Points = Float32Array> {
  /** `r(x)`, `[n]` */
  value(x: P): Promise<ArrayLike<number>>
  /** By `x`, `[n, D]`; absent where it cannot be differentiated. */
  readonly gradient?: (x: P) => Promise<P>
  /** The same as a quadratic, where it is one. */
  readonly quadratic?: Quadratic
  /** Standard deviation of the noise of an observation, in the units of the points. */
  readonly sd?: number
}

/** Independent samples of `p(x0 | x_tau)`, one for each row. */
export interface PosteriorSampler<P extends Points = Float32Array> {
  (x: P, tau: number): Promise<P>
  /** The same, of which gradients can be taken; absent where the sampler cannot be differentiated. */
  readonly traced?: (x: P, tau: number) => Promise<TracedSamples<P>>
}

/** Samples as functions of the noisy points, their own noise held. */
export interface TracedSamples<P extends Points> {
  readonly points: P
  /** The gradient by the noisy points of `g . points`. */
  pullback(g: P): Promise<P>
}

/** What steering has cost: evaluations of single points. */
export interface Evaluations {
  /** Of the network, forwards. */
  forward: number
  /** Of the network, backwards; each has its forward beside it. */
  backward: number
  /** Of the reward. */
  reward: number
}

/** Steering was asked for what the map or the reward cannot give. The message is one line for the user to act on. */
export class SteeringError extends Error {
  override readonly name = 'SteeringError'
}

/** The same map and reward, whose evaluations are counted. */
export function counted<P extends Points>(
  map: SteerableMap<P>,
  reward: PointReward<P>,
): { readonly map: SteerableMap<P>; readonly reward: PointReward<P>; readonly evaluations: Evaluations } {
  const evaluations: Evaluations = { forward: 0, backward: 0, reward: 0 }
  const { dimension, jump, velocity, jumpPullback, velocityPullback } = map
  const count = (x: P, ...what: (keyof Evaluations)[]): void => {
    for (const each of what) evaluations[each] += x.length / dimension
  }
  const counting =
    <A extends [P, ...unknown[]], R>(f: (...args: A) => R, ...what: (keyof Evaluations)[]) =>
    (...args: A): R => {
      count(args[0], ...what)
      return f(...args)
    }
  return {
    map: {
      ...map,
      jump: counting(jump, 'forward'),
      ...(velocity && { velocity: counting(velocity, 'forward') }),
      ...(jumpPullback && { jumpPullback: counting(jumpPullback, 'forward', 'backward') }),
      ...(velocityPullback && { velocityPullback: counting(velocityPullback, 'forward', 'backward') }),
    },
    reward: {
      ...reward,
      value: counting((x: P) => reward.value(x), 'reward'),
      ...(reward.gradient && { gradient: counting(reward.gradient, 'reward') }),
    },
    evaluations,
  }
}

/** The velocity of a map. @throws SteeringError when it has none */
export function velocityOf<P extends Points>(
  { velocity, noVelocity = 'a file of jumps alone does not hold it' }: SteerableMap<P>,
  what: string,
): Velocity<P> {
  if (velocity) return velocity
  throw new SteeringError(`${what} needs the velocity of the map, and ${noVelocity}`)
}

/** Each row `k` times, one after another. */
export function repeated<P extends Points>(x: P, dimension: number, k: number): P {
  const result = new (x.constructor as { new (length: number): P })(x.length * k)
  for (let row = 0; row < x.length / dimension; row++) {
    const values = x.subarray(row * dimension, (row + 1) * dimension)
    for (let copy = 0; copy < k; copy++) result.set(values, (row * k + copy) * dimension)
  }
  return result
}

/** The rows that are named. */
export function picked<P extends Points>(x: P, dimension: number, rows: ArrayLike<number>): P {
  const result = new (x.constructor as { new (length: number): P })(rows.length * dimension)
  for (let k = 0; k < rows.length; k++) {
    result.set(x.subarray(rows[k] * dimension, (rows[k] + 1) * dimension), k * dimension)
  }
  return result
}

/** `f` of each number and its place, of the same type. */
export const mapped = <P extends Points>(x: P, f: (value: number, i: number) => number): P =>
  x.map(f as never) as P
