import { openDataset } from '../config/dataset.ts'
import type { Dataset, Values } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import { standardizedBy } from '../data/standardized.ts'
import type { Estimate } from '../metric/estimate.ts'
import { type FloorRange, type Measures, prepareMetrics } from '../metric/prepare.ts'
import { tilted } from '../model/exact-tilt.ts'
import { logSumExp, scaledQuadratic, standardized } from '../model/index.ts'
import type { RewardConfig } from '../objective/reward.ts'
import { quadraticOf } from '../objective/reward-quadratic.ts'
import { rewardValue } from '../objective/reward-value.ts'
import { random } from '../random/random.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { openDataOf, openOptionsOf } from '../training/data.ts'

/** The exact law that samples are steered to. */
export interface TiltedTarget {
  /** The mean of the reward under it. */
  readonly meanReward: number
  /** `log E_p[e^{beta r}]` of the data; its standard error where it is of draws and not in closed form. */
  readonly logZ: number
  readonly logZError: number
  /** Exact samples, `[n, D]` in the data's own units. */
  readonly samples: Float32Array
  /** Distances of points `[count, D]` in the data's own units to the law. */
  measure(points: Float32Array): Readonly<Record<string, Estimate>>
  readonly floors: Readonly<Record<string, FloorRange>>
}

/** How steered samples are measured. */
const METRICS = ['slicedWasserstein', 'energyDistance'] as const
/** Of larger numbers that cancel fewer than three digits are left. */
const SHARPEST = 1e13
/** Draws of the data by which what is not in closed form is estimated. */
const DRAWS = 200_000

/**
 * The tilted law of a map's data, where that can be opened and tilted exactly; otherwise why not, in a line.
 *
 * @param count  points of the reference and of each measurement, at least 2
 */
export async function tiltedTarget(
  map: LoadedMap,
  reward: RewardConfig,
  beta: number,
  count: number,
  seed: number,
): Promise<TiltedTarget | string> {
  const { model, standardization } = map
  if (!model || model.data.fingerprint.sha256 === '') return 'the data of the training is not known'
  const base = await openDataOf(model)
  if (!base) return 'the data of the training cannot be opened'
  const spec = { tilted: { data: model.config.data, reward, beta } }
  const law = await openDataset(spec, openOptionsOf(model)).catch((error: Error) => {
    if (error instanceof DataError) return error.message.replace(/^data\.tilted: /, '')
    throw error
  })
  if (typeof law === 'string') return law
  const measures: Measures = prepareMetrics(standardizedBy(standardization, law), {
    count,
    seed,
    names: METRICS,
  })
  const samples = new Float32Array(count * law.dimension)
  law.sample(random(seed, 'tilted samples'), samples)
  const value = rewardValue(reward, law.shape)
  const quadratic = base.mixture && quadraticOf(reward, law.shape)
  if (quadratic && Math.abs(beta * quadratic.constant) > SHARPEST) {
    return 'the reward is too sharp for its exact law to be computed in double precision'
  }
  const exact = quadratic && tilted(base.mixture!, scaledQuadratic(quadratic, beta)).logZ
  const drawn = exact === undefined ? drawnNormaliser(base, value, beta, seed) : undefined
  return {
    meanReward: meanReward(law, value, seed),
    logZ: exact ?? drawn!.logZ,
    logZError: drawn?.error ?? 0,
    samples,
    measure: points => measures.estimate(standardization ? standardized(standardization, points, 0) : points),
    floors: measures.floors,
  }
}

type RewardValue = ReturnType<typeof rewardValue>

function pointsOf(data: Dataset, seed: number, name: string): Values {
  const points = new Float64Array(
    Math.max(2, Math.min(DRAWS, Math.ceil(2e7 / data.dimension))) * data.dimension,
  )
  data.sample(random(seed, name), points)
  return points
}

function rewardsOf(data: Dataset, value: RewardValue, seed: number, name: string): Float64Array {
  const points = pointsOf(data, seed, name)
  const { dimension } = data
  return Float64Array.from({ length: points.length / dimension }, (_, i) =>
    value(points.subarray(i * dimension, (i + 1) * dimension)),
  )
}

const meanReward = (law: Dataset, value: RewardValue, seed: number): number => {
  const rewards = rewardsOf(law, value, seed, 'tilted mean')
  return rewards.reduce((sum, each) => sum + each, 0) / rewards.length
}

function drawnNormaliser(base: Dataset, value: RewardValue, beta: number, seed: number) {
  const exponents = rewardsOf(base, value, seed, 'tilted normaliser').map(each => beta * each)
  const n = exponents.length
  const total = logSumExp(exponents)
  const squares = exponents.reduce((sum, each) => sum + Math.exp(2 * (each - total)), 0)
  return { logZ: total - Math.log(n), error: Math.sqrt(Math.max(0, n * squares - 1) / n) }
}
