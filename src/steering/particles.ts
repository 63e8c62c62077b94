import { checkFinite, checkFloats, checkSeed, checkWhole, refuseArgument } from '../data/arguments.ts'
import type { Points } from '../model/index.ts'
import { random as randomOf } from '../random/random.ts'
import { checkGrid, GridError } from '../sampler/grid.ts'
import type { Kernel } from './kernels.ts'
import type { LookAhead } from './look-ahead.ts'
import { noiseMoves } from './moves.ts'
import type { ResamplingName } from './names.ts'
import { resamplings } from './resampling.ts'
import { picked, SteeringError } from './steerable.ts'
import { effectiveCount, logMeanExp, meanOf, normalized } from './weights.ts'

export interface ParticlesOptions {
  /** Times `t_0 > ... > t_n = 0`; from 1 where the points are noise. */
  readonly grid: readonly number[]
  /** Groups of as many particles each, one after another, which are resampled within themselves alone; default 1. */
  readonly groups?: number
  /** Particles are resampled when the effective sample size is below this part of them; 0 for never, above 1 for always; default 0.5. */
  readonly threshold?: number
  /** Default `systematic`. */
  readonly resampling?: ResamplingName
  /** Metropolis moves of the noise after each jump; only a kernel without noise of its own can be moved. Default 0. */
  readonly moves?: number
  /** How far a move goes: the part of the noise that is drawn again, as a standard deviation; default 0.5. */
  readonly rho?: number
  /** Whether particles are resampled once at the end, so that all count alike; default true. */
  readonly equal?: boolean
  readonly seed: number
  /** Told how many intervals are done. */
  readonly progress?: (done: number) => void
}

/** Samples of a tilted law, and what is known of them. */
export interface Steered<P extends Points = Float32Array> {
  /** `[n, D]` */
  readonly points: P
  /** Of the points, `[n]`; all 0 where they were resampled at the end. */
  readonly logWeights: Float64Array
  /** Estimate of `log E[e^{beta r}]` under the law that the kernel samples; `e` to it is unbiased. The mean of groups. */
  readonly logZ: number
  /** Its standard error, by the ancestors that are left (Lee & Whiteley 2018); infinite where these do not tell it. */
  readonly logZError: number
  /** Share of the first particles that any of the last come from, 1/n to 1: few are a narrow choice, however much the last differ. */
  readonly ancestors: number
  /** Effective sample size after each interval, before it is resampled, as a part of the particles: 1/n to 1; the mean of groups. */
  readonly ess: readonly number[]
  /** Times that particles were resampled on the way, the last one not counted; the mean of groups. */
  readonly resampled: number
  /** Share of the proposed moves that were accepted; null where there were none. */
  readonly acceptance: number | null
}

/**
 * Sequential Monte Carlo: particles go through the grid by a kernel, each weight grows by the change of the look-ahead, and
 * particles are resampled where few count. The weights telescope to `e^{beta r}` for every look-ahead, so that weighted
 * averages tend to the tilt of what the kernel samples.
 *
 * Wu et al. 2023 (TDS), arXiv:2306.17775; Sabour et al. 2025 (FMTT), arXiv:2511.22688.
 *
 * @param start  points `[n, D]` at the grid's first time: standard normal at 1
 * @param kernel  takes points to a lower time; a plain jump where there are moves
 * @throws GridError when the grid does not fall to 0; ArgumentError when points or numbers are something else
 */
export async function particles<P extends Points>(
  kernel: Kernel<P>,
  lookAhead: LookAhead<P>,
  start: P,
  dimension: number,
  options: ParticlesOptions,
): Promise<Steered<P>> {
  const { grid, groups = 1, threshold = 0.5, resampling = 'systematic', seed } = options
  const { moves = 0, rho = 0.5, equal = true } = options
  checkFloats('particles: points', start)
  checkFinite('particles: points', start)
  checkFallsToData(grid)
  checkSeed('particles: seed', seed)
  checkWhole('particles: moves', moves, 0, 1000)
  checkWhole('particles: groups', groups, 1, 1_000_000)
  const random = randomOf(seed, 'steering')
  const uniform = () => random.uniform()
  const n = start.length / dimension
  const each = n / groups
  if (!Number.isInteger(each)) refuseArgument('particles: groups', `a part of the ${n} particles`, groups)

  let z = start
  let x = start
  let ahead = await lookAhead.value(x, grid[0])
  let logWeights: Float64Array = ahead.slice()
  let ancestors = Int32Array.from({ length: n }, (_, i) => i % each)
  const logZ = new Float64Array(groups)
  const resampled = new Int32Array(groups)
  let accepted = 0
  const ess: number[] = []

  const groupOf = (values: Float64Array, group: number) => values.subarray(group * each, (group + 1) * each)
  /** Resamples the groups that are asked for. */
  const choose = (isAsked: (weights: Float64Array) => boolean, isLast: boolean): void => {
    const chosen = Int32Array.from({ length: n }, (_, i) => i)
    for (let group = 0; group < groups; group++) {
      const own = groupOf(logWeights, group)
      const weights = normalized(own)
      if (!isAsked(weights)) continue
      logZ[group] += logMeanExp(own)
      if (!isLast) resampled[group]++
      const within = resamplings[resampling](weights, uniform)
      for (let i = 0; i < each; i++) chosen[group * each + i] = group * each + within[i]
      own.fill(0)
    }
    z = moves > 0 ? picked(z, dimension, chosen) : z
    x = picked(x, dimension, chosen)
    ahead = Float64Array.from(chosen, i => ahead[i])
    ancestors = Int32Array.from(chosen, i => ancestors[i])
  }

  const errors = (): Float64Array =>
    logZ.map((_, group) => {
      const own = ancestors.subarray(group * each, (group + 1) * each)
      return ancestralError(normalized(groupOf(logWeights, group)), own, resampled[group]) ** 2
    })
  const left = (): number => {
    const first = Int32Array.from(ancestors, (ancestor, i) => ancestor + each * Math.floor(i / each))
    return new Set(first).size / n
  }
  let squares: Float64Array = logZ
  let share = 1

  for (let k = 1; k < grid.length; k++) {
    const [s, t] = [grid[k - 1], grid[k]]
    x = await kernel(x, s, t)
    const before = ahead
    ahead = await lookAhead.value(x, t)
    logWeights = logWeights.map((weight, i) => weight + ahead[i] - before[i])
    checkWeights(logWeights)
    let effective = 0
    for (let group = 0; group < groups; group++) {
      effective += effectiveCount(normalized(groupOf(logWeights, group))) / n
    }
    ess.push(effective)
    options.progress?.(k)
    if (t > 0) choose(weights => effectiveCount(weights) < threshold * each, false)
    else {
      squares = errors()
      if (equal) choose(() => true, true)
      share = left()
    }
    if (moves > 0) {
      const through = async (from: P): Promise<P> => {
        let end = from
        for (let j = 1; j <= k; j++) end = await kernel(end, grid[j - 1], grid[j])
        return end
      }
      const state = { z, x, ahead }
      for (let move = 0; move < moves; move++) {
        accepted += await noiseMoves(state, dimension, through, y => lookAhead.value(y, t), rho, random)
      }
      ;({ z, x, ahead } = state)
    }
  }
  if (!equal) {
    for (let group = 0; group < groups; group++) logZ[group] += logMeanExp(groupOf(logWeights, group))
  }
  const proposed = (grid.length - 1) * moves * n
  return {
    points: x,
    logWeights,
    logZ: meanOf(logZ),
    logZError: Math.sqrt(meanOf(squares) / groups),
    ancestors: share,
    ess,
    resampled: meanOf(resampled),
    acceptance: proposed > 0 ? accepted / proposed : null,
  }
}

/** @throws GridError when a grid does not fall to 0 */
function checkFallsToData(grid: readonly number[]): void {
  const [first, last] = [checkGrid(grid)[0], grid.at(-1)]
  if (last === 0 && first > 0) return
  throw new GridError(`grid: expected times that fall to 0 (data), found ${first} to ${last}`)
}

/** @throws SteeringError when no particle counts any more */
export function checkWeights(logWeights: Float64Array): void {
  if (logWeights.some(Number.isNaN))
    throw new SteeringError('the reward or the map returned a value that is not a finite number')
  if (logWeights.every(value => value === -Infinity)) {
    throw new SteeringError('the reward is minus infinity for every particle')
  }
}

/**
 * Standard error of `log Z` from one run: with `W` the weights that each first ancestor has left, summing to 1, the relative
 * variance of `Z` is about `1 - (n/(n-1))^{r+1} (1 - sum W^2)`, `r` the times of resampling; without any, that of a mean.
 * Lee & Whiteley 2018, Biometrika 105(3), for multinomial resampling; the other schemes have less.
 */
export function ancestralError(weights: Float64Array, ancestors: Int32Array, resampled: number): number {
  const n = weights.length
  const left = new Float64Array(n)
  for (let i = 0; i < n; i++) left[ancestors[i]] += weights[i]
  const squares = left.reduce((sum, value) => sum + value * value, 0)
  const variance = 1 - (n / (n - 1)) ** (resampled + 1) * (1 - squares)
  // One ancestor tells nothing of how far others would be; nor does a scheme that resamples so evenly, and so often, that the
  // formula, which is of independent draws, gives less than nothing.
  return squares > 1 - 1e-9 || (variance <= 0 && resampled > 0) ? Infinity : Math.sqrt(Math.max(0, variance))
}
