import type { Dataset, Mixture } from '../data/dataset.ts'
import { flowLogDensity } from '../density/flow.ts'
import { givenLogDensity } from '../density/given-points.ts'
import { negativeLogLikelihood } from '../density/on-space.ts'
import { mixtureLogDensity } from '../metric/density.ts'
import { type Estimate, estimate, meanOf, standardError } from '../metric/estimate.ts'
import { type MapMetric, mapMetrics } from '../metric/map-catalogue.ts'
import type { FloorRange } from '../metric/prepare.ts'
import { type Compile, measureResiduals, type ResidualGrid, type Residuals } from '../metric/residuals.ts'
import {
  relativeStraightnessEstimate,
  straightnessEstimate,
  type Transport,
  transportCostEstimate,
} from '../metric/transport.ts'
import { type Energy, type FlowMap, interpolants } from '../model/index.ts'
import { type CurvedSpace, spaceNamed } from '../model/spaces/table.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { drawNoise } from '../sampler/sampler.ts'
import { asRowMap, type Model } from '../serialization/model.ts'
import { toldRowMap } from '../serialization/told-rows.ts'
import type { AskedRows } from './asked-rows.ts'
import { measureOwn, measureReturn, type Returned, type Weighed } from './density-measures.ts'
import { EXACT, type MetricValue, metricValue } from './metric-value.ts'
import { drawModelNoise, noiseDeviation } from './model-noise.ts'
import { followTransport } from './transport.ts'

/** What maps are measured on. */
export interface MapSetting {
  readonly runtime: Runtime
  /** Points of data `[n, D]` as the network sees them. */
  readonly points: Float32Array
  /** What sampling begins with at time 1, `[n, D]` as the network sees it. */
  readonly start: Float32Array
  readonly seed: number
  /** Of the data in its own units, where it is known. */
  readonly energy?: Energy
  /** The data's density, where it is known and the points are in its units. */
  readonly mixture?: Mixture
  /** The same of data on a manifold, in the volume of its space. */
  readonly logDensity?: Dataset['logDensity']
  /** Points with the class of each, of a map that must be told it: likelihoods are given the class. */
  readonly asked?: AskedRows
}

/** Noise that the search for a point's own begins at. */
const STARTS = 4096

/**
 * The time at which a velocity is followed to its end: 0, or a little before it where it is infinite there or its formula
 * divides by the time.
 */
export const lastTime = ({ config: { interpolant, network } }: Model): number =>
  interpolants[interpolant].steepAtData ||
  ['denoised', 'point', 'simplex'].includes(network.parameterization) ||
  network.predicts === 'x0'
    ? 1e-3
    : 0

/** The first points `[limit, D]`. */
export const headOf = (points: Float32Array, dimension: number, limit: number): Float32Array =>
  points.subarray(0, Math.min(points.length, limit * dimension))

/** Nats by which a density in the data's units lies below that of standardised points; constant columns have none. */
const logScale = ({ data }: Model): number =>
  (data.standardization?.scale ?? []).reduce((sum, scale) => sum + Math.log(scale || 1), 0)

const FAILED: Estimate = { value: Number.NaN, interval: [Number.NaN, Number.NaN] }

/** The mean of `-log p` in the data's units. */
export function likelihoodOf(model: Model, logDensity: Float64Array): Estimate {
  const values = logDensity.filter(Number.isFinite).map(value => logScale(model) - value)
  if (values.length === 0) return FAILED
  return estimate(meanOf(values), standardError(values), mapMetrics.flowNLL.range)
}

/** The negative log-likelihood of the true density at points, where it is known. */
export function truthOf(points: Float32Array, mixture?: Mixture): FloorRange | null {
  if (!mixture) return null
  const truth = -meanOf(mixtureLogDensity(mixture, points))
  return { value: truth, low: truth, high: truth }
}

/** A likelihood beside that of the true density at the same points. */
function likelihoodValue(
  name: 'flowNLL' | 'jumpNLL',
  found: Estimate,
  { points, count, mixture, note }: { points: Float32Array; count: number; mixture?: Mixture; note?: string },
): MetricValue {
  return {
    ...metricValue(mapMetrics[name], found, {
      floor: truthOf(points, mixture),
      count,
      standardized: false,
    }),
    ...(note && { note }),
  }
}

/** Points of data, and the map that is told what they are. */
interface Group {
  readonly map: FlowMap
  readonly points: Float64Array
}

const GIVEN = 'given the class of each point'

/** The first points with the map; of a map that must be told a class the points of each class. */
function groupsOf(model: Model, { points, asked }: MapSetting, limit: number): readonly Group[] {
  const { dimension } = model
  if (!asked) return [{ map: asRowMap(model), points: Float64Array.from(headOf(points, dimension, limit)) }]
  const first = headOf(asked.points, dimension, limit)
  const classes = asked.values.subarray(0, first.length / dimension)
  return [...new Set(classes)].map(own => ({
    map: toldRowMap(model, model.data.name, { class: own }),
    points: Float64Array.from(first.filter((_, i) => classes[Math.floor(i / dimension)] === own)),
  }))
}

/** What is found of each group, and of all points together. */
async function inGroups<T extends { readonly logDensity: Float64Array }>(
  groups: readonly Group[],
  find: (group: Group) => Promise<T>,
): Promise<{ readonly logDensity: Float64Array; readonly mean: (share: (found: T) => number) => number }> {
  const found: T[] = []
  for (const group of groups) found.push(await find(group))
  const logDensity = Float64Array.from(found.flatMap(each => Array.from(each.logDensity)))
  return {
    logDensity,
    mean: share =>
      found.reduce((sum, each) => sum + share(each) * each.logDensity.length, 0) / logDensity.length,
  }
}

/** The same where points live on a manifold, by the divergence along a frame and in the volume of the space. */
async function spaceNLL(
  model: Model,
  space: CurvedSpace,
  { points: all, runtime, logDensity }: MapSetting,
): Promise<MetricValue> {
  const { dimension } = model
  const points = headOf(all, dimension, mapMetrics.flowNLL.limit)
  const map = asRowMap(model)
  const costs = await negativeLogLikelihood(runtime, map, space, Float64Array.from(points), dimension)
  const known = logDensity?.(points)
  const truth = known && -meanOf(known)
  return metricValue(
    mapMetrics.flowNLL,
    estimate(meanOf(costs), standardError(costs), mapMetrics.flowNLL.range),
    {
      floor: truth === undefined ? null : { value: truth, low: truth, high: truth },
      count: costs.length,
      standardized: false,
    },
  )
}

async function flowNLL(model: Model, setting: MapSetting): Promise<MetricValue> {
  const { dimension } = model
  const space = spaceNamed(model.data.space ?? 'flat')
  if (space) return spaceNLL(model, space, setting)
  const { runtime, asked } = setting
  const points = headOf(setting.points, dimension, mapMetrics.flowNLL.limit)
  const count = points.length / dimension
  const start = lastTime(model)
  // The density of a class is known of no data.
  const mixture = asked ? undefined : setting.mixture
  try {
    const options = { start, tolerance: 1e-5, deviation: noiseDeviation(model) }
    const { logDensity: logs } = await inGroups(
      groupsOf(model, setting, mapMetrics.flowNLL.limit),
      async ({ map, points }) => ({
        logDensity: await flowLogDensity(runtime, map, points, dimension, options),
      }),
    )
    const lost = logs.filter(value => !Number.isFinite(value)).length
    const notes = [
      ...(asked ? [GIVEN] : []),
      ...(start > 0 ? [`the data is taken to be of time ${start}`] : []),
      ...(lost > 0
        ? [`no finite likelihood at ${percent(lost / count)} of the points, so there is no mean`]
        : []),
    ]
    const found = lost > 0 ? FAILED : likelihoodOf(model, logs)
    return likelihoodValue('flowNLL', found, { points, count, mixture, note: notes.join('; ') || undefined })
  } catch (error) {
    const note = (error as Error).message
    return likelihoodValue('flowNLL', FAILED, { points, count, mixture, note })
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

async function jumpNLL(model: Model, setting: MapSetting): Promise<MetricValue> {
  const { dimension } = model
  const { seed, runtime, asked } = setting
  const { limit } = mapMetrics.jumpNLL
  const points = headOf(setting.points, dimension, limit)
  const mixture = asked ? undefined : setting.mixture
  const starts = drawModelNoise(model, STARTS, seed)
  const deviation = noiseDeviation(model)
  const { logDensity, mean } = await inGroups(groupsOf(model, setting, limit), ({ map, points }) =>
    givenLogDensity(runtime, map, points, dimension, starts, { deviation }),
  )
  const [missed, folded] = [mean(found => found.missed), mean(found => found.folded)]
  const notes = [
    ...(asked ? [GIVEN] : []),
    ...(missed + folded > 0
      ? [
          `no noise found for ${percent(missed)} of the points, which are left out; no positive determinant at ${percent(folded)}`,
        ]
      : []),
  ]
  const note = notes.join('; ') || undefined
  const count = logDensity.filter(Number.isFinite).length
  return likelihoodValue('jumpNLL', likelihoodOf(model, logDensity), { points, count, mixture, note })
}

/** The residuals of a model's map over pairs of times, on the path of these points of data as the network sees them. */
function modelResiduals(
  model: Model,
  { points, start, seed, runtime }: Omit<MapSetting, 'mixture'>,
): Promise<Residuals> {
  const { dimension, config } = model
  const data = headOf(points, dimension, mapMetrics.semigroupError.limit)
  const dtype = runtime.slowInDouble ? 'float32' : 'float64'
  return measureResiduals(asRowMap(model, dtype), {
    dimension,
    dtype,
    interpolant: interpolants[config.interpolant],
    data,
    noise:
      config.source === null
        ? drawNoise(data.length / dimension, dimension, seed)
        : headOf(start, dimension, data.length / dimension),
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

function returnValue(
  name: 'inverseError' | 'determinantResidual',
  found: Estimate,
  { dimension, data }: Model,
  { points }: MapSetting,
): MetricValue {
  const count = Math.min(points.length / dimension, mapMetrics[name].limit)
  const standardized = data.standardization !== undefined
  return metricValue(mapMetrics[name], found, { floor: EXACT, count, standardized })
}

/** A perfect map folds nowhere, and all of its samples count. */
const ALL: FloorRange = { value: 1, low: 1, high: 1 }

function ownValue(name: 'folded' | 'effectiveShare', { note, ...found }: Weighed): MetricValue {
  const floor = name === 'folded' ? EXACT : ALL
  const circumstances = { floor, count: mapMetrics[name].limit, standardized: false }
  return {
    ...metricValue(mapMetrics[name], found[name] ?? FAILED, circumstances),
    ...(name === 'effectiveShare' && note !== undefined && { note }),
  }
}

/** What several metrics are read from, computed once for all. */
interface Shared {
  residuals(): Promise<Residuals>
  returned(): Promise<Returned>
  weighed(): Promise<Weighed>
  transport(): Promise<Transport>
}

/** What is computed when it is first asked for, and then kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

const transportEstimates = {
  straightness: straightnessEstimate,
  relativeStraightness: relativeStraightnessEstimate,
  transportCost: transportCostEstimate,
}

/** The trajectories of the model's own velocity from what sampling begins with. */
function modelTransport(model: Model, { start, runtime }: MapSetting): Promise<Transport> {
  const { dimension } = model
  const points = Float64Array.from(headOf(start, dimension, mapMetrics.straightness.limit))
  return followTransport(runtime, asRowMap(model), points, dimension, lastTime(model))
}

async function transportValue(
  name: keyof typeof transportEstimates,
  model: Model,
  transport: () => Promise<Transport>,
): Promise<MetricValue> {
  const circumstances = {
    floor: name === 'transportCost' ? null : EXACT,
    standardized: model.data.standardization !== undefined,
  }
  try {
    const found = await transport()
    const count = found.costs.length
    return metricValue(mapMetrics[name], transportEstimates[name](found), { ...circumstances, count })
  } catch (error) {
    const note = (error as Error).message
    return { ...metricValue(mapMetrics[name], FAILED, { ...circumstances, count: 0 }), note }
  }
}

/** How each metric of a map is measured, in the order in which they are reported. */
const measures: {
  readonly [name in MapMetric]: (model: Model, setting: MapSetting, shared: Shared) => Promise<MetricValue>
} = {
  flowNLL,
  jumpNLL,
  inverseError: async (model, setting, { returned }) =>
    returnValue('inverseError', (await returned()).inverseError, model, setting),
  determinantResidual: async (model, setting, { returned }) =>
    returnValue('determinantResidual', (await returned()).determinantResidual, model, setting),
  folded: async (_, __, { weighed }) => ownValue('folded', await weighed()),
  effectiveShare: async (_, __, { weighed }) => ownValue('effectiveShare', await weighed()),
  semigroupError: async (model, setting, { residuals }) =>
    residualValue('semigroupError', (await residuals()).semigroup, model, setting),
  lagrangianResidual: async (model, setting, { residuals }) =>
    residualValue('lagrangianResidual', (await residuals()).lagrangian, model, setting),
  eulerianResidual: async (model, setting, { residuals }) =>
    residualValue('eulerianResidual', (await residuals()).eulerian, model, setting),
  straightness: (model, _, { transport }) => transportValue('straightness', model, transport),
  relativeStraightness: (model, _, { transport }) => transportValue('relativeStraightness', model, transport),
  transportCost: (model, _, { transport }) => transportValue('transportCost', model, transport),
}

/** Measures a map itself: what is the same for any number of steps. */
export async function measureMap(
  model: Model,
  names: readonly MapMetric[],
  setting: MapSetting,
): Promise<Record<string, MetricValue>> {
  const shared: Shared = {
    residuals: once(() => modelResiduals(model, setting)),
    returned: once(() => measureReturn(model, setting)),
    weighed: once(() => measureOwn(model, setting)),
    transport: once(() => modelTransport(model, setting)),
  }
  const values: Record<string, MetricValue> = {}
  for (const name of Object.keys(measures) as MapMetric[]) {
    if (names.includes(name)) values[name] = await measures[name](model, setting, shared)
  }
  return values
}
