import { tiltGaussian } from '../model/exact-tilt.ts'
import { coefficientsAt, type Points, scaledQuadratic } from '../model/index.ts'
import type { Random } from '../random/random.ts'
import { denoised, denoiserCoefficients } from './denoised.ts'
import type { LookAheadName, ScheduleName } from './names.ts'
import {
  mapped,
  type PointReward,
  type PosteriorSampler,
  repeated,
  type SteerableMap,
  SteeringError,
  velocityOf,
} from './steerable.ts'
import { logMeanExp, normalized } from './weights.ts'

/** Values `[n]` of a look-ahead with their gradients by the points `[n, D]`. */
export interface Ahead<P extends Points> {
  readonly value: Float64Array
  readonly gradient: P
}

/**
 * An estimate `g(x, t)` of the value `V*(x, t) = log E[e^{beta r(x0)} | x_t = x]` of points `[n, D]`; at `t = 0` it is `beta r`.
 * One that draws gives other numbers each time, and an algorithm keeps those that it was given.
 */
export interface LookAhead<P extends Points = Float32Array> {
  value(x: P, t: number): Promise<Float64Array>
  /** Absent where the reward or the map cannot be differentiated. */
  readonly gradient?: (x: P, t: number) => Promise<Ahead<P>>
}

type Schedule = (t: number, map: SteerableMap<Points>, reward: PointReward<Points>) => number

/** `kappa(t)`, by which a look-ahead is multiplied on the way: 1 at data always. */
const schedules: Readonly<Record<ScheduleName, Schedule>> = {
  one: () => 1,
  linear: t => 1 - t,
  /**
   * `sd^2/(sd^2 + q(t)^2)` of an observation, `q^2 = sigma^2/(alpha^2 + sigma^2)` what is not known yet of data of unit variance: as if
   * noise in what is seen fell on the way. After Song et al. 2023 (PiGDM).
   */
  anneal(t, { interpolant }, { sd }) {
    if (sd === undefined)
      throw new SteeringError('the schedule anneal is only for observations, which have a standard deviation')
    const { alpha, sigma } = coefficientsAt(interpolant, t)
    return sd ** 2 / (sd ** 2 + sigma ** 2 / (alpha ** 2 + sigma ** 2))
  },
}

/** What a look-ahead is made from. */
export interface LookAheadOptions<P extends Points = Float32Array> {
  readonly map: SteerableMap<P>
  readonly reward: PointReward<P>
  /** How strongly the reward counts. */
  readonly beta: number
  /** Default: that of the kind. */
  readonly schedule?: ScheduleName
  /** Points to look at for each, where the kind takes several; default 4. */
  readonly samples?: number
  /** Samples of `p(x0 | x_tau)`, where the kind needs them. */
  readonly posterior?: PosteriorSampler<P>
  /** What random kinds draw from. */
  readonly random?: Random
}

type Making<P extends Points> = Required<Pick<LookAheadOptions<P>, 'map' | 'reward' | 'samples'>> &
  LookAheadOptions<P>

/** Before the end: values and gradients at `t` above 0, of the reward times `beta`. */
type Before<P extends Points> = LookAhead<P>

interface Kind {
  /** What is wrong with it, in a line. */
  readonly trouble: string
  readonly schedule: ScheduleName
  before<P extends Points>(options: Making<P>): Before<P>
}

const zeros = (n: number): Float64Array => new Float64Array(n)

/** `beta r(y)`, and `beta` times its gradient. */
function rewarded<P extends Points>({ reward, beta }: Making<P>) {
  const { gradient } = reward
  return {
    value: async (y: P) => Float64Array.from(await reward.value(y), value => beta * value),
    gradient: gradient && (async (y: P) => mapped(await gradient(y), value => beta * value)),
  }
}

/** No look ahead: particles are weighed at the end. */
const none: Kind = {
  trouble: 'nothing is steered before the end',
  schedule: 'one',
  before: ({ map }) => ({
    value: async x => zeros(x.length / map.dimension),
    gradient: async x => ({ value: zeros(x.length / map.dimension), gradient: mapped(x, () => 0) }),
  }),
}

/** `beta r(x)` of the noisy point itself. */
const here: Kind = {
  trouble: 'the reward does not know noisy points',
  schedule: 'linear',
  before(options) {
    const r = rewarded(options)
    const { gradient } = r
    return {
      value: x => r.value(x),
      ...(gradient && {
        gradient: async x => ({ value: await r.value(x), gradient: await gradient(x) }),
      }),
    }
  },
}

/**
 * `beta r(D(x, t))`, the reward of the mean. Chung et al. 2023 (DPS), arXiv:2209.14687; Bansal et al. 2023, arXiv:2302.07121.
 * Of the gradient there is `(dD/dx)' beta grad r(D)`.
 */
const denoiser: Kind = {
  trouble: 'the reward of the mean, not the mean of its exponential: too sure of itself',
  schedule: 'one',
  before(options) {
    const { map } = options
    velocityOf(map, 'the look-ahead denoiser')
    const r = rewarded(options)
    const { gradient } = r
    return {
      value: async (x, t) => r.value(await denoised(map, x, t)),
      ...(gradient &&
        map.velocityPullback && {
          gradient: async (x, t) => {
            const y = await denoised(map, x, t)
            return { value: await r.value(y), gradient: await throughDenoiser(map, x, t, await gradient(y)) }
          },
        }),
    }
  },
}

/** `(dD/dx)' g` */
async function throughDenoiser<P extends Points>(map: SteerableMap<P>, x: P, t: number, g: P): Promise<P> {
  const { a, b } = denoiserCoefficients(map.interpolant, t)
  const back = await map.velocityPullback!(x, t, g)
  return mapped(g, (value, i) => a * value + b * back[i])
}

/** At pure noise `alpha` and `dD/dx` are both 0; their ratio is taken here instead. */
const LAST = 0.999

/**
 * `log E[e^{beta r}]` under `N(D, C)`, `C = sigma^2/alpha dD/dx`: exact for Gaussian data and a quadratic reward. The
 * gradient holds `C`, as for Gaussian data it is the same everywhere.
 */
const denoiserCovariance: Kind = {
  trouble: 'takes a quadratic reward only, and the posterior for a Gaussian',
  schedule: 'one',
  before(options) {
    const { map, reward, beta } = options
    const { quadratic } = reward
    if (!quadratic) throw new SteeringError('the look-ahead denoiser-covariance needs a quadratic reward')
    if (!map.velocityPullback)
      throw new SteeringError('the look-ahead denoiser-covariance needs derivatives of the map')
    const D = map.dimension
    const scaled = scaledQuadratic(quadratic, beta)
    const both = async <P extends Points>(own: SteerableMap<P>, x: P, time: number) => {
      const t = Math.min(time, LAST)
      const [at, last] = [time, t].map(each => coefficientsAt(own.interpolant, each))
      const y = await denoised(own, x, time)
      // Row k of dD/dx for each point: what the k-th coordinate of D is pulled back to.
      const rows: P[] = []
      for (let k = 0; k < D; k++) {
        const along = mapped(x, (_, i) => Number(i % D === k))
        rows.push(await throughDenoiser(own, x, t, along))
      }
      const scale = last.sigma ** 2 / last.alpha
      const n = x.length / D
      const value = zeros(n)
      const gradient = mapped(x, () => 0)
      for (let i = 0; i < n; i++) {
        const J = rows.map(row => Array.from(row.subarray(i * D, (i + 1) * D)))
        const mean = Array.from(y.subarray(i * D, (i + 1) * D))
        const C = J.map((row, a) => row.map((_, b) => (scale * (J[a][b] + J[b][a])) / 2))
        const { logZ, mean: after } = tiltGaussian(mean, C, scaled)
        value[i] = logZ
        for (let a = 0; a < D; a++) gradient[i * D + a] = (at.alpha / at.sigma ** 2) * (after[a] - mean[a])
      }
      return { value, gradient }
    }
    return {
      value: async (x, t) => (await both(map, x, t)).value,
      gradient: (x, t) => both(map, x, t),
    }
  },
}

/** `beta r(F(x, t, 0))`, where the flow leads. Sabour et al. 2025 (Flow Map Trajectory Tilting), arXiv:2511.22688. */
const jump: Kind = {
  trouble: 'one sharp sample, which moves with the point more than the posterior does',
  schedule: 'linear',
  before(options) {
    const { map } = options
    const r = rewarded(options)
    const { gradient } = r
    const { jumpPullback } = map
    return {
      value: async (x, t) => r.value(await map.jump(x, t, 0)),
      ...(gradient &&
        jumpPullback && {
          gradient: async (x, t) => {
            const y = await map.jump(x, t, 0)
            return { value: await r.value(y), gradient: await jumpPullback(x, t, 0, await gradient(y)) }
          },
        }),
    }
  },
}

/**
 * `log mean_k e^{beta r(y_k)}` of samples `y_k ~ p(x0 | x_t = x)`: `E e^g = e^{V*}` exactly, and `g` itself is low by about
 * `Var e^r/(2K (E e^r)^2)`. The gradient holds the samples' own noise. Potaptchik et al. 2026 (Meta flow maps), arXiv:2601.14430.
 */
const posterior: Kind = {
  trouble: 'low by the variance over twice the samples, and costs as many evaluations',
  schedule: 'one',
  before(options) {
    const { map, samples } = options
    const draw = posteriorOf(options, 'the look-ahead posterior')
    const r = rewarded(options)
    const { gradient } = r
    const { traced } = draw
    const D = map.dimension
    const each = (values: Float64Array, i: number) => values.subarray(i * samples, (i + 1) * samples)
    const means = (values: Float64Array) =>
      zeros(values.length / samples).map((_, i) => logMeanExp(each(values, i)))
    return {
      value: async (x, t) => means(await r.value(await draw(repeated(x, D, samples), t))),
      ...(gradient &&
        traced && {
          gradient: async (x, t) => {
            const { points, pullback } = await traced(repeated(x, D, samples), t)
            const values = await r.value(points)
            const value = means(values)
            const slopes = await gradient(points)
            // Of each sample its share of the mean, and of a point the sum over its samples.
            const share = (row: number) => Math.exp(values[row] - value[Math.floor(row / samples)]) / samples
            const back = await pullback(mapped(slopes, (g, i) => share(Math.floor(i / D)) * g))
            const sum = mapped(x, (_, i) => {
              const [row, d] = [Math.floor(i / D), i % D]
              let total = 0
              for (let k = 0; k < samples; k++) total += back[(row * samples + k) * D + d]
              return total
            })
            return { value, gradient: sum }
          },
        }),
    }
  },
}

/** @throws SteeringError when there are none */
function posteriorOf<P extends Points>(
  { posterior }: Pick<LookAheadOptions<P>, 'posterior'>,
  what: string,
): PosteriorSampler<P> {
  if (posterior) return posterior
  throw new SteeringError(`${what} needs samples of the posterior: a map with a condition, or a velocity`)
}

/**
 * Signal over noise of a point, over that of the higher time. The authors take 1.1 and 20; near 1 the points that are looked at
 * are so close to each other that the weights have no finite variance.
 */
const RATIO = 20

/**
 * Up to `t'` with noise, down again with the map, and weights for what that gets wrong: `a = (1-t')/(1-t)`, `q^2 = t'^2 - a^2
 * t^2`, `x' = a x + q e`, `y = F(x', t', 0)`, `log w = log p_{t'}(x') - log N(x'; a x, q^2) + log N(x; (1-t) y, t^2) - log
 * p_t(x)`. Then `E[w] = 1` and `E[w e^{beta r(y)}] = e^{V*}`. Holderrieth et al. 2026 (Diamond maps), arXiv:2602.05993.
 */
const weighted: Kind = {
  trouble: 'needs densities of noisy points, and its weights degenerate as the two times part',
  schedule: 'one',
  before(options) {
    const { map, samples, random } = options
    const { logDensity } = map
    if (!logDensity) {
      throw new SteeringError(
        'the look-ahead weighted needs the density of noisy points, which only an exact map has',
      )
    }
    if (!random) throw new SteeringError('the look-ahead weighted needs random numbers')
    const r = rewarded(options)
    const D = map.dimension
    return {
      value: async (x, t) => {
        // At pure noise there is nothing to go up from.
        const high = t === 1 ? 1 : upTime(t)
        const a = t === 1 ? 0 : (1 - high) / (1 - t)
        const q2 = high ** 2 - (a * t) ** 2
        const many = repeated(x, D, samples)
        const up = mapped(many, value => a * value + Math.sqrt(q2) * random.normal())
        const y = await map.jump(up, high, 0)
        const [above, at, rewards] = [await logDensity(up, high), await logDensity(x, t), await r.value(y)]
        return zeros(x.length / D).map((_, i) =>
          logMeanExp(
            Float64Array.from({ length: samples }, (_, k) => {
              const row = i * samples + k
              let [upward, back] = [0, 0]
              for (let d = row * D; d < (row + 1) * D; d++) {
                upward += (up[d] - a * many[d]) ** 2
                back += (many[d] - (1 - t) * y[d]) ** 2
              }
              const normals = (upward / q2 - back / t ** 2 + D * Math.log(q2 / t ** 2)) / 2
              return above[row] - at[i] + normals + rewards[row]
            }),
          ),
        )
      },
    }
  },
}

/** The time at which signal over noise, `((1-t)/t)^2`, is a part `1/RATIO` of that at `t`. */
function upTime(t: number): number {
  const root = Math.sqrt(RATIO)
  return (root * t) / (1 + (root - 1) * t)
}

/** Ways to look ahead. */
const lookAheads: Readonly<Record<LookAheadName, Kind>> = {
  none,
  here,
  denoiser,
  'denoiser-covariance': denoiserCovariance,
  jump,
  posterior,
  weighted,
}

/**
 * A look-ahead of a map and a reward: `kappa(t)` times what the kind gives, and at data `beta r` itself.
 *
 * @throws SteeringError when the map or the reward cannot give what the kind needs
 */
export function lookAhead<P extends Points>(kind: LookAheadName, options: LookAheadOptions<P>): LookAhead<P> {
  const making = { samples: 4, ...options }
  const row = lookAheads[kind]
  const before = row.before(making)
  const schedule = schedules[options.schedule ?? row.schedule]
  const kappa = (t: number) => schedule(t, options.map as never, options.reward as never)
  const end = rewarded(making)
  const times = (values: Float64Array, t: number) => values.map(value => kappa(t) * value)
  const { gradient: ahead } = before
  const { gradient: atEnd } = end
  return {
    value: async (x, t) => (t === 0 ? end.value(x) : times(await before.value(x, t), t)),
    ...(ahead && {
      gradient: async (x, t) => {
        if (t > 0) {
          const { value, gradient } = await ahead(x, t)
          return { value: times(value, t), gradient: mapped(gradient, g => kappa(t) * g) }
        }
        if (!atEnd) throw new SteeringError('the reward has no gradient')
        return { value: await end.value(x), gradient: await atEnd(x) }
      },
    }),
  }
}

/** The mean of posterior samples `[n, K, D]`, and the same weighed by `e^{beta r}`; rewards `[n, K]` are times `beta`. */
export function posteriorMeans<P extends Points>(
  samples: P,
  rewards: ArrayLike<number>,
  dimension: number,
  k: number,
): { readonly mean: P; readonly tilted: P } {
  const n = samples.length / dimension / k
  const empty = () => new (samples.constructor as { new (length: number): P })(n * dimension)
  const [mean, tilted] = [empty(), empty()]
  for (let i = 0; i < n; i++) {
    const weights = normalized(Array.prototype.slice.call(rewards, i * k, (i + 1) * k) as number[])
    for (let j = 0; j < k; j++) {
      for (let d = 0; d < dimension; d++) {
        const value = samples[(i * k + j) * dimension + d]
        mean[i * dimension + d] += value / k
        tilted[i * dimension + d] += weights[j] * value
      }
    }
  }
  return { mean, tilted }
}
