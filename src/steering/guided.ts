import { checkFinite, checkFloats, checkPositive } from '../data/arguments.ts'
import type { Points } from '../model/index.ts'
import { checkWholeGrid } from '../sampler/grid.ts'
import { doobCoefficient } from './denoised.ts'
import { type LookAhead, posteriorMeans } from './look-ahead.ts'
import {
  mapped,
  type PointReward,
  type PosteriorSampler,
  repeated,
  type SteerableMap,
  SteeringError,
  velocityOf,
} from './steerable.ts'

export interface GuidedOptions {
  /** Times `1 = t_0 > ... > t_n = 0`. */
  readonly grid: readonly number[]
  /** Longest that a point's steering may be, which makes the result a search and not a sample; default none. */
  readonly clip?: number
  /** Told how many intervals are done. */
  readonly progress?: (done: number) => void
}

/** How a velocity is turned towards the reward at a point. */
export type Steering<P extends Points> = (x: P, s: number, v: P) => Promise<P>

/** `v - lambda c(s) grad g(x, s)`; at pure noise, where `c` is infinite, `v` itself. @throws SteeringError when there is no gradient */
export function byGradient<P extends Points>(
  map: SteerableMap<P>,
  lookAhead: LookAhead<P>,
  lambda = 1,
): Steering<P> {
  const { gradient } = lookAhead
  if (!gradient) {
    throw new SteeringError(
      'a guided flow needs the gradient of the reward through the map; without one, use the look-ahead posterior, or particles',
    )
  }
  return async (x, s, v) => {
    const by = doobCoefficient(map.interpolant, s)
    if (!Number.isFinite(by)) return v
    const { gradient: g } = await gradient(x, s)
    return mapped(v, (value, i) => value - lambda * by * g[i])
  }
}

/**
 * `v + lambda (mean_k y_k - sum_k w_k y_k)/s`, `w = softmax(beta r(y_k))`, `y_k ~ p(x0 | x_s)`: no gradient of the reward.
 * One sample steers nothing. Potaptchik et al. 2026 (Meta flow maps), arXiv:2601.14430.
 */
export function byPosterior<P extends Points>(
  map: SteerableMap<P>,
  posterior: PosteriorSampler<P>,
  reward: PointReward<P>,
  {
    beta,
    samples,
    lambda = 1,
  }: { readonly beta: number; readonly samples: number; readonly lambda?: number },
): Steering<P> {
  return async (x, s, v) => {
    const y = await posterior(repeated(x, map.dimension, samples), s)
    const rewards = Float64Array.from(await reward.value(y), value => beta * value)
    const { mean, tilted } = posteriorMeans(y, rewards, map.dimension, samples)
    return mapped(v, (value, i) => value + (lambda * (mean[i] - tilted[i])) / s)
  }
}

/**
 * Euler's steps of a steered velocity, each point alone. It is exact as steps and look-ahead become so; with other
 * look-aheads it is off in law, often far, so it is shown beside particles.
 *
 * @param noise  standard normal points `[n, D]`
 * @returns points `[n, D]` at `t = 0`
 */
export async function guided<P extends Points>(
  map: SteerableMap<P>,
  steering: Steering<P>,
  noise: P,
  { grid, clip, progress }: GuidedOptions,
): Promise<P> {
  checkFloats('guided: points', noise)
  checkFinite('guided: points', noise)
  checkWholeGrid(grid)
  if (clip !== undefined) checkPositive('guided: clip', clip)
  const velocity = velocityOf(map, 'a guided flow')
  let x = noise
  for (let k = 1; k < grid.length; k++) {
    const [s, t] = [grid[k - 1], grid[k]]
    const v = await velocity(x, s)
    const steered = await steering(x, s, v)
    const u = clip === undefined ? steered : clipped(v, steered, map.dimension, clip)
    x = mapped(x, (value, i) => value + (t - s) * u[i])
    progress?.(k)
  }
  return x
}

/** The steering of each point cut to a length. */
function clipped<P extends Points>(v: P, steered: P, dimension: number, clip: number): P {
  const result = steered.slice() as P
  for (let row = 0; row < v.length; row += dimension) {
    let square = 0
    for (let i = row; i < row + dimension; i++) square += (steered[i] - v[i]) ** 2
    const by = clip / Math.sqrt(square)
    if (!(by < 1)) continue
    for (let i = row; i < row + dimension; i++) result[i] = v[i] + by * (steered[i] - v[i])
  }
  return result
}
