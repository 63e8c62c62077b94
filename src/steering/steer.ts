import type { Points } from '../model/index.ts'
import { random as randomOf } from '../random/random.ts'
import { checkWholeGrid } from '../sampler/grid.ts'
import { byGradient, byPosterior, guided } from './guided.ts'
import { eulerMaruyamaKernel, jumpKernel, type Kernel, posteriorKernel, renoiseKernel } from './kernels.ts'
import { lookAhead } from './look-ahead.ts'
import type { KernelName, LookAheadName, ResamplingName, ScheduleName, SteeringMethod } from './names.ts'
import { noiseSpace } from './noise-space.ts'
import { checkWeights, particles, type Steered } from './particles.ts'
import { innerPosterior } from './posterior.ts'
import { resamplings } from './resampling.ts'
import {
  counted,
  type Evaluations,
  type PointReward,
  type PosteriorSampler,
  picked,
  type SteerableMap,
  SteeringError,
} from './steerable.ts'
import { effectiveCount, logMeanExp, meanOf, normalized } from './weights.ts'

export interface SteerOptions<P extends Points = Float32Array> {
  /** How strongly the reward counts; default 1. */
  readonly beta?: number
  /** Default `particles`. */
  readonly method?: SteeringMethod
  /** Of particles; default `renoise`. */
  readonly kernel?: KernelName
  /** Of particles and guided flows; default `jump`. */
  readonly lookAhead?: LookAheadName
  /** Default: that of the look-ahead. */
  readonly schedule?: ScheduleName
  /** Times `1 = t_0 > ... > t_n = 0`; for the kernel `noise` as many temperatures as there are intervals. */
  readonly grid: readonly number[]
  /** Posterior samples of a point where a method looks at several (default 4), candidates of the filter (1) and of `best` (4). */
  readonly samples?: number
  /** Steps of the inner flow for a posterior sample, where the map has none of its own; default 8. */
  readonly innerSteps?: number
  /** Samples of the posterior, of a map with a condition. */
  readonly posterior?: PosteriorSampler<P>
  /** See `ParticlesOptions`; default 0.5. */
  readonly threshold?: number
  readonly resampling?: ResamplingName
  /** Metropolis moves, of the kernels `jump` (default 0) and `noise` (1). */
  readonly moves?: number
  readonly rho?: number | 'adapt'
  /** Noise of the bridge of the kernel `posterior`, 0 to 1; default 1. */
  readonly eta?: number
  /** Factor of the steering of a guided flow; default 1. */
  readonly lambda?: number
  /** See `GuidedOptions`. */
  readonly clip?: number
  readonly seed: number
  /** Told how many intervals of the grid are done. */
  readonly progress?: (done: number) => void
}

/** Steered samples, with what is known without knowing the tilted law. */
export interface SteerResult<P extends Points = Float32Array> {
  /** `[n, D]`; they count alike. */
  readonly points: P
  /** Samples without steering, from the same noise through the same grid, `[n, D]`. */
  readonly before: P
  readonly meanReward: { readonly before: number; readonly after: number }
  /** Share of the points that differ from all others. */
  readonly distinct: number
  /** What steering cost, in evaluations of single points; what `before` cost is not counted. */
  readonly evaluations: Evaluations
  /** Of particles and the filter: see `Steered`. */
  readonly logZ?: number
  readonly logZError?: number
  readonly ancestors?: number
  readonly ess: readonly number[]
  readonly resampled: number
  readonly acceptance: number | null
  /** Whether the law is that of the tilt as particles grow; a guided flow and the best of some have another one. */
  readonly isSample: boolean
}

/** Share of rows that are different from those before them. */
export function distinctShare(points: Points, dimension: number): number {
  const n = points.length / dimension
  const seen = new Set<string>()
  for (let i = 0; i < n; i++) seen.add(points.subarray(i * dimension, (i + 1) * dimension).join())
  return seen.size / n
}

/**
 * Samples of `p(x) e^{beta r(x)}`, `p` the law of the map.
 *
 * @param noise  standard normal points `[n, D]`, of the filter and the best of some `samples` times as many
 * @throws SteeringError when the map or the reward cannot give what the method needs; GridError for a grid that does not fall
 *   from 1 to 0
 */
export async function steer<P extends Points>(
  map: SteerableMap<P>,
  reward: PointReward<P>,
  noise: P,
  options: SteerOptions<P>,
): Promise<SteerResult<P>> {
  const { method = 'particles', grid } = options
  checkWholeGrid(grid)
  const count = counted(map, reward)
  const { posterior } = options
  const own: SteerOptions<P> = posterior
    ? {
        ...options,
        posterior: (x, tau) => {
          count.evaluations.forward += x.length / map.dimension
          return posterior(x, tau)
        },
      }
    : options
  const run = { particles: byParticles, guided: byGuidance, filter: byFilter, best: byBest }[method]
  const { points, ...known } = await run(count.map, count.reward, noise, own)
  const n = points.length
  const start = noise.subarray(0, n) as P
  // A guided flow without its guidance is Euler's method.
  const before =
    method === 'guided'
      ? await guided(map, async (_x, _s, v) => v, start, { grid })
      : await drawn(map, start, options)
  return {
    points,
    before,
    meanReward: {
      before: meanOf(await reward.value(before)),
      after: meanOf(await reward.value(points)),
    },
    distinct: distinctShare(points, map.dimension),
    evaluations: count.evaluations,
    ...known,
  }
}

type Found<P extends Points> = Pick<
  SteerResult<P>,
  'points' | 'logZ' | 'logZError' | 'ancestors' | 'ess' | 'resampled' | 'acceptance' | 'isSample'
>
type Way = <P extends Points>(
  map: SteerableMap<P>,
  reward: PointReward<P>,
  noise: P,
  options: SteerOptions<P>,
) => Promise<Found<P>>

/** What the kernel draws without any weights. */
async function drawn<P extends Points>(map: SteerableMap<P>, noise: P, options: SteerOptions<P>): Promise<P> {
  const { grid, kernel = 'renoise', seed } = options
  if (kernel === 'noise') return map.jump(noise, 1, 0)
  const step = kernelOf(map, options, seed, kernel)
  let x = noise
  for (let k = 1; k < grid.length; k++) x = await step(x, grid[k - 1], grid[k])
  return x
}

/** The kernel of a name, with the random numbers of a seed. */
export function kernelOf<P extends Points>(
  map: SteerableMap<P>,
  options: Pick<SteerOptions<P>, 'posterior' | 'innerSteps' | 'eta'>,
  seed: number,
  kernel: Exclude<KernelName, 'noise'>,
): Kernel<P> {
  const random = randomOf(seed, 'steering kernel')
  switch (kernel) {
    case 'jump':
      return jumpKernel(map)
    case 'renoise':
      return renoiseKernel(map, random)
    case 'euler-maruyama':
      return eulerMaruyamaKernel(map, random)
    case 'posterior':
      return posteriorKernel(map, posteriorOf(map, options, seed, 'kernel'), random, options.eta)
  }
}

/** The map's own posterior where it has one, and the inner flow of its velocity otherwise. */
function posteriorOf<P extends Points>(
  map: SteerableMap<P>,
  { posterior, innerSteps = 8 }: Pick<SteerOptions<P>, 'posterior' | 'innerSteps'>,
  seed: number,
  use: string,
): PosteriorSampler<P> {
  return posterior ?? innerPosterior(map, innerSteps, randomOf(seed, 'steering posterior', use))
}

/** The look-ahead that options ask for. */
export function aheadOf<P extends Points>(
  map: SteerableMap<P>,
  reward: PointReward<P>,
  options: Omit<SteerOptions<P>, 'grid'>,
) {
  const { lookAhead: kind = 'jump', beta = 1, schedule, samples = 4, seed } = options
  return lookAhead(kind, {
    map,
    reward,
    beta,
    schedule,
    samples,
    ...(kind === 'posterior' && { posterior: posteriorOf(map, options, seed, 'ahead') }),
    random: randomOf(seed, 'steering ahead'),
  })
}

const ofParticles = <P extends Points>({ logWeights: _, ...known }: Steered<P>): Found<P> => ({
  ...known,
  isSample: true,
})

const byParticles: Way = async (map, reward, noise, options) => {
  const { kernel = 'renoise', grid, threshold, resampling, moves, rho, seed, beta = 1, progress } = options
  const { dimension } = map
  if (kernel === 'noise') {
    const value = async (x: typeof noise) => Float64Array.from(await reward.value(x), r => beta * r)
    const temperatures = grid.length - 1
    const asked = { temperatures, threshold, resampling, moves, rho, seed, progress }
    return ofParticles(await noiseSpace(z => map.jump(z, 1, 0), value, noise, dimension, asked))
  }
  if (moves && kernel !== 'jump') {
    throw new SteeringError(
      `moves are only for the kernels jump and noise; ${kernel} already spreads particles`,
    )
  }
  if (rho === 'adapt') throw new SteeringError('rho is adapted with the kernel noise only')
  const asked = { grid, threshold, resampling, moves, rho, seed, progress }
  return ofParticles(
    await particles(
      kernelOf(map, options, seed, kernel),
      aheadOf(map, reward, options),
      noise,
      dimension,
      asked,
    ),
  )
}

const byGuidance: Way = async (map, reward, noise, options) => {
  const { lookAhead: kind = 'jump', beta = 1, samples = 4, lambda, grid, clip, progress } = options
  const steering =
    kind === 'posterior'
      ? byPosterior(map, posteriorOf(map, options, options.seed, 'ahead'), reward, { beta, samples, lambda })
      : byGradient(map, aheadOf(map, reward, options), lambda)
  const points = await guided(map, steering, noise, { grid, clip, progress })
  return { points, ess: [], resampled: 0, acceptance: null, isSample: false }
}

/** Samples through the grid, weighed by `e^{beta r}`: particles that are looked at once. */
const byFilter: Way = async (map, reward, noise, options) => {
  const { beta = 1, samples = 1, resampling = 'systematic', seed } = options
  const all = await drawn(map, noise, options)
  const logWeights = Float64Array.from(await reward.value(all), r => beta * r)
  checkWeights(logWeights)
  const weights = normalized(logWeights)
  const random = randomOf(seed, 'steering')
  const n = logWeights.length / samples
  const chosen = resamplings[resampling](weights, () => random.uniform(), n)
  const share = effectiveCount(weights) / logWeights.length
  // The relative error of a mean, whatever the grid and the kernel that drew the candidates.
  const logZError = Math.sqrt(Math.max(0, (1 / share - 1) / (logWeights.length - 1)))
  return {
    points: picked(all, map.dimension, chosen),
    logZ: logMeanExp(logWeights),
    logZError,
    ancestors: new Set(chosen).size / n,
    ess: [share],
    resampled: 1,
    acceptance: null,
    isSample: true,
  }
}

/** Of each `samples` candidates the one of the highest reward: its law is `N p(x) P(r < r(x))^{N-1}`, which is no tilt. */
const byBest: Way = async (map, reward, noise, options) => {
  const { samples = 4 } = options
  const all = await drawn(map, noise, options)
  const rewards = await reward.value(all)
  const chosen = Int32Array.from({ length: rewards.length / samples }, (_, i) => {
    let best = i * samples
    for (let k = best + 1; k < (i + 1) * samples; k++) if (rewards[k] > rewards[best]) best = k
    return best
  })
  return {
    points: picked(all, map.dimension, chosen),
    ess: [],
    resampled: 0,
    acceptance: null,
    isSample: false,
  }
}
