import type { Mixture } from '../data/dataset.ts'
import { mixtureLogDensity } from '../metric/density.ts'
import { type Estimate, estimate, meanOf, standardError } from '../metric/estimate.ts'
import { type MapMetric, mapMetrics } from '../metric/map-catalogue.ts'
import { type Compile, measureResiduals, type ResidualGrid, type Residuals } from '../metric/residuals.ts'
import { interpolants } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { flowLogDensity, jumpLogDensity } from '../sampler/likelihood.ts'
import { drawNoise } from '../sampler/sampler.ts'
import { asRowMap, type Model } from '../serialization/model.ts'
import { EXACT, type MetricValue, metricValue } from './metric-value.ts'

/** What maps are measured on. */
export interface MapSetting {
  readonly runtime: Runtime
  /** Points of data `[n, D]` as the network sees them. */
  readonly points: Float32Array
  readonly seed: number
  /** The data's density, where it is known and the points are in its units. */
  readonly mixture?: Mixture
}

/** Noise that the search for a point's own begins at. */
const STARTS = 4096

/**
 * The time at which a velocity is followed to its end: 0, or a little before it where it is infinite there or its formula
 * divides by the time.
 */
export const lastTime = ({ config }: Model): number =>
  config.interpolant === 'vp' || config.network.parameterization === 'denoised' ? 1e-3 : 0

const head = (points: Float32Array, dimension: number, limit: number): Float32Array =>
  points.subarray(0, Math.min(points.length, limit * dimension))

/** Nats by which a density in the data's units lies below that of standardised points; constant columns have none. */
const logScale = ({ data }: Model): number =>
  (data.standardization?.scale ?? []).reduce((sum, scale) => sum + Math.log(scale || 1), 0)

const FAILED: Estimate = { value: Number.NaN, interval: [Number.NaN, Number.NaN] }

/** The mean of `-log p` in the data's units. */
function likelihood(model: Model, logDensity: Float64Array): Estimate {
  const values = logDensity.filter(Number.isFinite).map(value => logScale(model) - value)
  if (values.length === 0) return FAILED
  return estimate(meanOf(values), standardError(values), mapMetrics.flowNLL.range)
}

/** A likelihood beside that of the true density at the same points. */
function likelihoodValue(
  name: 'flowNLL' | 'jumpNLL',
  found: Estimate,
  { points, count, mixture, note }: { points: Float32Array; count: number; mixture?: Mixture; note?: string },
): MetricValue {
  const truth = mixture && -meanOf(mixtureLogDensity(mixture, points))
  const floor = truth === undefined ? null : { value: truth, low: truth, high: truth }
  return {
    ...metricValue(mapMetrics[name], found, { floor, count, standardized: false }),
    ...(note && { note }),
  }
}

async function flowNLL(model: Model, { mixture, runtime, ...setting }: MapSetting): Promise<MetricValue> {
  const { dimension } = model
  const points = head(setting.points, dimension, mapMetrics.flowNLL.limit)
  const count = points.length / dimension
  const start = lastTime(model)
  try {
    const options = { start, tolerance: 1e-5 }
    const logs = await flowLogDensity(runtime, asRowMap(model), Float64Array.from(points), dimension, options)
    const lost = logs.filter(value => !Number.isFinite(value)).length
    const notes = [
      ...(start > 0 ? [`the data is taken to be of time ${start}`] : []),
      ...(lost > 0
        ? [`no finite likelihood at ${percent(lost / count)} of the points, so there is no mean`]
        : []),
    ]
    const found = lost > 0 ? FAILED : likelihood(model, logs)
    return likelihoodValue('flowNLL', found, { points, count, mixture, note: notes.join('; ') || undefined })
  } catch (error) {
    const note = (error as Error).message
    return likelihoodValue('flowNLL', FAILED, { points, count, mixture, note })
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

async function jumpNLL(
  model: Model,
  { mixture, seed, runtime, ...setting }: MapSetting,
): Promise<MetricValue> {
  const { dimension } = model
  const points = head(setting.points, dimension, mapMetrics.jumpNLL.limit)
  const { logDensity, missed, folded } = await jumpLogDensity(
    runtime,
    asRowMap(model),
    Float64Array.from(points),
    dimension,
    Float64Array.from(drawNoise(STARTS, dimension, seed)),
  )
  const note =
    missed + folded > 0
      ? `no noise found for ${percent(missed)} of the points, which are left out; no positive determinant at ${percent(folded)}`
      : undefined
  const count = logDensity.filter(Number.isFinite).length
  return likelihoodValue('jumpNLL', likelihood(model, logDensity), { points, count, mixture, note })
}

/** The residuals of a model's map over pairs of times, on the path of these points of data as the network sees them. */
function modelResiduals(
  model: Model,
  { points, seed, runtime }: Pick<MapSetting, 'points' | 'seed' | 'runtime'>,
): Promise<Residuals> {
  const { dimension, config } = model
  const data = head(points, dimension, mapMetrics.semigroupError.limit)
  return measureResiduals(asRowMap(model), {
    dimension,
    interpolant: interpolants[config.interpolant],
    data,
    noise: drawNoise(data.length / dimension, dimension, seed),
    compile: runtime.compile as Compile,
  })
}

function residualValue(
  name: 'semigroupError' | 'lagrangianResidual' | 'eulerianResidual',
  { mean, deviation }: ResidualGrid,
  { dimension, data }: Model,
  { points }: MapSetting,
): MetricValue {
  const found = mean === null ? FAILED : estimate(mean, deviation ?? Number.NaN, mapMetrics[name].range)
  const count = Math.min(points.length / dimension, mapMetrics[name].limit)
  const standardized = data.standardization !== undefined
  return metricValue(mapMetrics[name], found, { floor: EXACT, count, standardized })
}

/** How each metric of a map is measured, in the order in which they are reported; residuals are computed once for all. */
const measures: {
  readonly [name in MapMetric]: (
    model: Model,
    setting: MapSetting,
    residuals: () => Promise<Residuals>,
  ) => Promise<MetricValue>
} = {
  flowNLL,
  jumpNLL,
  semigroupError: async (model, setting, residuals) =>
    residualValue('semigroupError', (await residuals()).semigroup, model, setting),
  lagrangianResidual: async (model, setting, residuals) =>
    residualValue('lagrangianResidual', (await residuals()).lagrangian, model, setting),
  eulerianResidual: async (model, setting, residuals) =>
    residualValue('eulerianResidual', (await residuals()).eulerian, model, setting),
}

/** Measures a map itself: what is the same for any number of steps. */
export async function measureMap(
  model: Model,
  names: readonly MapMetric[],
  setting: MapSetting,
): Promise<Record<string, MetricValue>> {
  let made: Promise<Residuals> | undefined
  const residuals = () => (made ??= modelResiduals(model, setting))
  const values: Record<string, MetricValue> = {}
  for (const name of Object.keys(measures) as MapMetric[]) {
    if (names.includes(name)) values[name] = await measures[name](model, setting, residuals)
  }
  return values
}
