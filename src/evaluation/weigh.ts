import type { Weights } from '../config/weights-name.ts'
import { givenLogDensity } from '../density/given-points.ts'
import {
  CLIPPED_PART,
  clippedLogWeights,
  effectiveShareFromTarget,
  GREATEST_SHAPE,
  importance,
  weightedMean,
} from '../density/importance.ts'
import { type DensityName, stepMap } from '../density/own-samples.ts'
import { paretoShape } from '../density/pareto.ts'
import { type FlowMap, standardized } from '../model/index.ts'
import { objectives } from '../objective/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { MethodName } from '../sampler/names.ts'
import { trainedSteps } from '../serialization/checkpoint.ts'
import type { Given } from '../serialization/conditions.ts'
import type { Model } from '../serialization/model.ts'
import { isRun } from '../serialization/run.ts'
import { openTarget, type TargetConfig } from '../serialization/target.ts'
import { toldRowMap } from '../serialization/told-rows.ts'
import { drawModelNoise, noiseDeviation } from './model-noise.ts'
import { ownSamples } from './own-density.ts'

export interface WeighRequest {
  readonly energy: TargetConfig
  /** `1 = t_0 > ... > t_n = 0`. */
  readonly grid: readonly number[]
  /** Own samples. */
  readonly count: number
  /** Samples of the target that are looked for among the own ones; 0 for none. */
  readonly targetCount: number
  readonly seed: number
  readonly weights: Weights
  readonly method: MethodName
  readonly density: Exclude<DensityName, 'head'>
  /** What the map is told of every sample; default nothing. */
  readonly given?: Given
}

/** A mean under the target. */
export interface WeighedMean {
  readonly value: number
  readonly error: number
  readonly known: number | null
}

/** What the weights of a run's samples say; numbers that are not finite are null. */
export interface WeighRecord {
  readonly energy: string
  /** Training steps of the run when it was weighed; absent of a model alone. */
  readonly trainedSteps?: number
  readonly grid: readonly number[]
  readonly method: string
  readonly density: DensityName
  readonly count: number
  readonly seed: number
  readonly weights: Weights
  /** The estimate of `log Z`, its standard error, and `log Z` itself where it is known. */
  readonly logNormalizer: number | null
  readonly error: number | null
  readonly known: number | null
  /** Effective samples for each sample, 0 to 1, by own samples and by those of the target. */
  readonly effectiveShare: number | null
  readonly effectiveShareFromTarget: number | null
  /** `KL(q | p)`, in nats. */
  readonly divergence: number | null
  /** Shape of the weights' tail; above 0.7 nothing here is to be trusted. */
  readonly paretoK: number | null
  /** The same with the largest weights lowered. */
  readonly clipped: {
    readonly part: number
    readonly logNormalizer: number | null
    readonly effectiveShare: number | null
  }
  /** Share of samples on whose way a jump has no positive determinant. */
  readonly folded: number
  /** Share of samples without a weight: the map or the energy gives no finite number there. */
  readonly lost: number
  readonly means: Readonly<Record<string, WeighedMean>>
  /** Of the search for the noise of the target's samples; null where there are none. */
  readonly target: {
    readonly count: number
    /** Share whose noise was not found: they are left out of the share above, which is then too high. */
    readonly missed: number
    readonly folded: number
    /** The farthest that a jump was left from its point, over those that were found. */
    readonly residual: number | null
  } | null
  /** Evaluations of the network for a sample, a derivative counted as one. */
  readonly evaluations: number
  /** Of `log w - log Z` by its estimate: equal cells between two ends, those outside counted in the last ones. */
  readonly histogram: { readonly low: number; readonly high: number; readonly counts: readonly number[] }
  readonly warnings: readonly string[]
}

/** Coordinates up to which noise is looked for by Newton's method. */
const MOST_INVERTED = 64
/** Noise that the search begins from. */
const STARTS = 4096

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** What was weighed: the record, and the samples with the logarithms of their weights. */
export interface Weighed {
  readonly record: WeighRecord
  /** In the data's own units, `[n, D]`. */
  readonly points: Float64Array
  readonly logWeights: Float64Array
}

/**
 * Weighs samples of a model to a target `e^-U / Z`: `log w = -U(x) - log q(x)`, `q` the density of the sampler itself. `U` sees the
 * data's own units, whatever the network sees.
 *
 * @param name  of the model, in messages
 * @throws DensityError where the samples have no density; ConfigError or DataError for a target that does not fit
 */
export async function weighModel(
  model: Model,
  name: string,
  request: WeighRequest,
  runtime: Runtime,
): Promise<Weighed> {
  const { count, seed, weights, density, given } = request
  const { dimension } = model
  // A flow is followed from end to end.
  const grid = density === 'flow' ? [1, 0] : request.grid
  const own = await ownSamples(model, name, { ...request, grid }, runtime)
  const { points, logScale } = own
  const target = await openTarget(request.energy, dimension, runtime, '--energy')
  try {
    const energy = await target.value(points)
    let lost = 0
    const logWeights = energy.map((value, i) => {
      const log = -value - own.logDensity[i]
      if (Number.isFinite(log)) return log
      lost++
      return Number.NEGATIVE_INFINITY
    })
    const found = importance(logWeights, target.logNormalizer)
    const clipped = importance(clippedLogWeights(logWeights))
    const shape = paretoShape(logWeights)
    const sought = density === 'jump' && dimension <= MOST_INVERTED && request.targetCount > 0
    const from =
      sought && target.samples
        ? await fromTarget(model, toldRowMap(model, name, given), target.samples(request.targetCount, seed), {
            runtime,
            grid,
            method: own.method,
            logScale,
            seed,
            energyOf: target.value,
          })
        : undefined
    const means = Object.entries(target.observables ?? {}).map(([name, { of, known }]) => {
      const values = Float64Array.from({ length: count }, (_, i) => of(points, i * dimension))
      return [name, { ...weightedMean(logWeights, values), known: known ?? null }] as const
    })
    const record = {
      energy: target.name,
      ...(isRun(name) && { trainedSteps: trainedSteps(name, model.config) }),
      grid,
      method: own.method,
      density,
      count,
      seed,
      weights,
      logNormalizer: finite(found.logNormalizer),
      error: finite(found.error),
      known: target.logNormalizer ?? null,
      effectiveShare: finite(found.effectiveShare),
      effectiveShareFromTarget: from ? finite(from.share) : null,
      divergence: finite(found.divergence),
      paretoK: finite(shape),
      clipped: {
        part: CLIPPED_PART,
        logNormalizer: finite(clipped.logNormalizer),
        effectiveShare: finite(clipped.effectiveShare),
      },
      folded: own.folded,
      lost: lost / count,
      means: Object.fromEntries(means),
      target: from?.target ?? null,
      evaluations: own.evaluations,
      histogram: histogramOf(logWeights, found.logNormalizer),
    }
    return { record: { ...record, warnings: warningsOf(record) }, points, logWeights }
  } finally {
    await target.close()
  }
}

interface Sought {
  readonly runtime: Runtime
  readonly grid: readonly number[]
  readonly method: string
  readonly logScale: number
  readonly seed: number
  readonly energyOf: (points: Float64Array) => Promise<Float64Array>
}

/** Weights at samples of the target, whose noise is looked for. */
async function fromTarget(
  model: Model,
  map: FlowMap,
  samples: Float64Array,
  { runtime, grid, method, logScale, seed, energyOf }: Sought,
): Promise<{ readonly share: number; readonly target: WeighRecord['target'] }> {
  const { dimension, data, config } = model
  const { standardization: by } = data
  const seen = by ? standardized(by, samples) : samples
  const starts = drawModelNoise(model, STARTS, seed)
  const found = await givenLogDensity(runtime, stepMap(map, method), seen, dimension, starts, {
    grid,
    deviation: noiseDeviation(model),
    bothWays: method === 'jump' && objectives.get(config.objective)?.jumps === 'both-ways',
  })
  const energy = await energyOf(samples)
  const logWeights = energy
    .map((value, i) => -value - (found.logDensity[i] - logScale))
    .filter(Number.isFinite)
  const residuals = found.residual.filter((_, i) => Number.isFinite(found.logDensity[i]))
  return {
    share: logWeights.length > 0 ? effectiveShareFromTarget(logWeights) : Number.NaN,
    target: {
      count: samples.length / dimension,
      missed: found.missed,
      folded: found.folded,
      residual: finite(residuals.reduce((most, value) => Math.max(most, value), -Infinity)),
    },
  }
}

const CELLS = 40
const [LOW, HIGH] = [-6, 6]

function histogramOf(logWeights: Float64Array, center: number): WeighRecord['histogram'] {
  const counts = new Array<number>(CELLS).fill(0)
  for (const value of logWeights) {
    if (!Number.isFinite(value)) continue
    const cell = Math.floor(((value - center - LOW) / (HIGH - LOW)) * CELLS)
    counts[Math.min(CELLS - 1, Math.max(0, cell))]++
  }
  return { low: LOW, high: HIGH, counts }
}

/** Shares above which a reader is told. */
const [MUCH_FOLDED, MUCH_LOST] = [0.01, 0]
/** Part of the share with the largest weights lowered below which a few decide. */
const FEW = 0.5
/** Parts of each other from which the shares by own samples and by the target's are far apart, and tell of a missed mode. */
const [FAR, MISSED] = [1 / 3, 0.1]

/** Fewer effective samples say nothing, however light the tail of the weights looks. */
const LEAST_EFFECTIVE = 10

/** Effective samples by the run's own. */
const effectiveSamples = ({ effectiveShare, count }: Pick<WeighRecord, 'effectiveShare' | 'count'>): number =>
  (effectiveShare ?? 0) * count

/** Whether so few samples carry the weight that neither estimates nor the tail of the weights can be judged. */
export const tooFewEffective = (record: Pick<WeighRecord, 'effectiveShare' | 'count'>): boolean =>
  effectiveSamples(record) < LEAST_EFFECTIVE

/** What it means where the shares by own samples and by the target's, two estimates of one number, are far apart. */
function farApart(own: number | null, target: number | null): string[] {
  if (own === null || target === null || Math.min(own, target) >= FAR * Math.max(own, target)) return []
  const lower =
    target < MISSED * own
      ? 'the run misses part of the target'
      : 'both estimate one number, and the lower one has seen weights that the other missed'
  return [
    `effective samples are ${percent(own)} by the run's own samples and ${percent(target)} by the target's: ${lower}`,
  ]
}

/** A share in percent; the smallest in powers of ten. */
const percent = (share: number): string =>
  share > 0 && share < 1e-3 ? share.toExponential(1) : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`

function warningsOf(record: Omit<WeighRecord, 'warnings'>): string[] {
  const { paretoK, folded, lost, effectiveShare, effectiveShareFromTarget, target } = record
  const { known, logNormalizer, error } = record
  const off = known !== null && logNormalizer !== null && error !== null ? logNormalizer - known : 0
  const isOff = Math.abs(off) > 4 * (error ?? 0)
  return [
    ...(tooFewEffective(record)
      ? [
          `the weights amount to ${effectiveSamples(record).toFixed(1)} effective samples: log Z, its error and Pareto k say nothing`,
        ]
      : []),
    ...(paretoK !== null && paretoK > GREATEST_SHAPE && !tooFewEffective(record)
      ? [
          `Pareto k is ${paretoK.toFixed(2)}, above ${GREATEST_SHAPE}: a few weights decide, and errors and intervals cannot be trusted`,
        ]
      : []),
    ...(folded > MUCH_FOLDED
      ? [
          `${percent(folded)} of the samples come from a fold of the map: log Z is too high, by the number of ways to a point`,
        ]
      : []),
    ...(effectiveShare !== null && effectiveShare < FEW * (record.clipped.effectiveShare ?? 0)
      ? [
          'the largest weights decide: with them lowered the effective share is many times as high; more jumps are steadier',
        ]
      : []),
    ...(lost > MUCH_LOST ? [`${percent(lost)} of the samples have no finite weight; they count as 0`] : []),
    ...(target && target.missed > 0
      ? [
          `the noise of ${percent(target.missed)} of the target's samples was not found; without them the share from the target is too high`,
        ]
      : []),
    ...farApart(effectiveShare, effectiveShareFromTarget),
    ...(isOff && off > 0 ? ['log Z is above the known one: the map folds'] : []),
    ...(isOff && off < 0 ? ['log Z is below the known one: part of the target is missed'] : []),
  ]
}
