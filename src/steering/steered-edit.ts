import { coefficientsAt, type Points } from '../model/index.ts'
import { random as randomOf } from '../random/random.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { particles } from './particles.ts'
import { resamplings } from './resampling.ts'
import { aheadOf, kernelOf, type SteerOptions, type SteerResult } from './steer.ts'
import { counted, mapped, type PointReward, picked, repeated, type SteerableMap } from './steerable.ts'
import { normalized } from './weights.ts'

export interface SteeredEditOptions<P extends Points = Float32Array>
  extends Pick<
    SteerOptions<P>,
    | 'beta'
    | 'kernel'
    | 'lookAhead'
    | 'schedule'
    | 'samples'
    | 'innerSteps'
    | 'posterior'
    | 'threshold'
    | 'resampling'
    | 'eta'
    | 'seed'
    | 'progress'
  > {
  /** The time up to which each point is noised: 0 for none, 1 for all of it. */
  readonly from: number
  /** Steps from there to data; default 16. */
  readonly steps?: number
  /** Particles of each point; default 64. */
  readonly particles?: number
}

/** Edited points, one for each. */
export type SteeredEdit<P extends Points = Float32Array> = Pick<
  SteerResult<P>,
  'points' | 'ess' | 'resampled' | 'evaluations'
>

/**
 * Each point of data `[n, D]` towards a reward, as far as noise up to `from` lets it go: many particles of its own begin at
 * `x_from`, their weights at the look-ahead there, and one of them is drawn in the end.
 *
 * After Meng et al. 2022 (SDEdit), arXiv:2108.01073, for the noise, and `particles` for the rest.
 */
export async function steeredEdit<P extends Points>(
  map: SteerableMap<P>,
  reward: PointReward<P>,
  data: P,
  options: SteeredEditOptions<P>,
): Promise<SteeredEdit<P>> {
  const { from, steps = 16, particles: each = 64, kernel = 'renoise', seed } = options
  const count = counted(map, reward)
  const { dimension, interpolant } = map
  const random = randomOf(seed, 'edit')
  const { alpha, sigma } = coefficientsAt(interpolant, from)
  const start = mapped(repeated(data, dimension, each), value => alpha * value + sigma * random.normal())
  const groups = data.length / dimension
  const { points, logWeights, ess, resampled } = await particles(
    kernelOf(count.map, options, seed, kernel === 'noise' ? 'renoise' : kernel),
    aheadOf(count.map, count.reward, options),
    start,
    dimension,
    {
      grid: uniformGrid(steps).map(time => from * time),
      groups,
      threshold: options.threshold,
      resampling: options.resampling,
      equal: false,
      seed,
      progress: options.progress,
    },
  )
  const chosen = Int32Array.from({ length: groups }, (_, group) => {
    const weights = normalized(logWeights.subarray(group * each, (group + 1) * each))
    return group * each + resamplings.multinomial(weights, () => random.uniform(), 1)[0]
  })
  return { points: picked(points, dimension, chosen), ess, resampled, evaluations: count.evaluations }
}
