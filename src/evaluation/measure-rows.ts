import type { Dataset } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { rootEstimate, standardError } from '../metric/estimate.ts'
import { type PathMetric, pathMetrics } from '../metric/map-catalogue.ts'
import type { Measures } from '../metric/prepare.ts'
import type { Products } from '../metric/products.ts'
import { metricsOf } from '../metric/table.ts'
import { trajectoryError } from '../metric/trajectory-error.ts'
import { type Standardization, standardized } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { asRowMap, type Model } from '../serialization/model.ts'
import type { AskedRows, ClassRow } from './asked-rows.ts'
import { openFeatureMeasure } from './features/measure.ts'
import type { Features } from './features/open.ts'
import { lastTime } from './map-measures.ts'
import { type ChosenMetrics, looksThrough } from './metric-choice.ts'
import { EXACT, type MetricValue, metricValue } from './metric-value.ts'
import type { PlannedSample } from './planned-samples.ts'
import { exactTextEnds } from './text-trajectories.ts'
import { endsAlong, exactEnds } from './trajectories.ts'

export type MetricValues = Record<string, MetricValue>

/** What samples are measured against, and by what. */
export interface SampleSetting {
  /** In its own units. */
  readonly dataset: Dataset
  /** As it is measured. */
  readonly seen: StandardizedDataset
  /** How points are brought to the units that they are measured in; absent for those of the data. */
  readonly standardization?: Standardization
  readonly measures: Measures
  readonly runtime: Runtime
  /** What takes long in many coordinates is computed by these. */
  readonly products: Products
  readonly chosen: ChosenMetrics
  /** The network that metrics of features look through. */
  readonly features?: Features
  readonly seed: number
  /** Real points and the classes that samples are asked for with, of a map that is told classes. */
  readonly asked?: AskedRows
}

export interface MeasuredSamples {
  readonly values: MetricValues
  /** By class, where a network tells them. */
  readonly classes?: readonly ClassRow[]
}

/** Measures points in the data's own units. */
export interface SampleMeasure {
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[]
  measure(points: Float32Array): Promise<MeasuredSamples>
}

/** Of fewer points a covariance has directions without spread. */
const fewPoints = (name: PathMetric | 'frechetDistance', count: number, coordinates: number): string[] =>
  count < coordinates
    ? [
        `${name}: fewer points than coordinates: ${count.toLocaleString('en')} and ${coordinates.toLocaleString('en')}; ` +
          'it cannot see all of their covariance, and says nothing but by its floor',
      ]
    : []

/**
 * Readies the metrics that need samples, data and a network for features, each beside its floor.
 *
 * @throws ConfigError when the network cannot be used
 */
export async function openSampleMeasure(setting: SampleSetting): Promise<SampleMeasure> {
  const { dataset, standardization: by, measures, chosen, products, features } = setting
  const through = features && chosen.paths.some(looksThrough)
  const ofFeatures = through
    ? await openFeatureMeasure({
        ...setting,
        features,
        dataset: setting.seen,
        chosen: chosen.paths,
      })
    : undefined
  const { count } = measures
  return {
    notes: [
      ...(chosen.samples.includes('frechetDistance')
        ? fewPoints('frechetDistance', count, dataset.dimension)
        : []),
      ...(ofFeatures && chosen.paths.includes('featureFrechet')
        ? fewPoints('featureFrechet', count, ofFeatures.size)
        : []),
    ],
    measure: async points => {
      const seen = by ? standardized(by, points) : points
      const values: MetricValues = {}
      const floors = await measures.floorsBy(products)
      for (const [name, found] of Object.entries(await measures.estimateBy(products, seen))) {
        const floor = floors[name]
        values[name] = metricValue(metricsOf(dataset)[name], found, {
          floor,
          count: floor.count,
          standardized: by !== undefined,
        })
      }
      const found = await ofFeatures?.measure(seen)
      return { values: { ...values, ...found?.values }, ...(found?.classes && { classes: found.classes }) }
    },
  }
}

/** The distance of samples from where their own noise leads; both in the units of the network. */
function trajectoryValue(
  name: 'trajectoryError' | 'ownTrajectoryError',
  seen: Float32Array,
  ends: Float64Array,
  dimension: number,
  isStandardized: boolean,
): MetricValue {
  const points = seen.subarray(0, ends.length)
  const squares = new Float64Array(ends.length / dimension)
  ends.forEach((end, i) => {
    squares[Math.floor(i / dimension)] += (points[i] - end) ** 2
  })
  const value = trajectoryError(points, ends, dimension)
  const found = { ...rootEstimate(value * value, standardError(squares)), value }
  const circumstances = { floor: EXACT, count: squares.length, standardized: isStandardized }
  return metricValue(pathMetrics[name], found, circumstances)
}

/** Whether points end where the noise that they began from leads: fresh noise on the way leads elsewhere. */
const keepsTrajectory = ({ method, steps }: PlannedSample): boolean => method !== 'renoise' || steps === 1

/** Where the noise of the samples leads. */
export interface Ends {
  readonly trajectoryError?: Float64Array
  readonly ownTrajectoryError?: Float64Array
}

const head = (noise: Float32Array, dimension: number, limit: number): Float32Array =>
  noise.subarray(0, Math.min(noise.length, limit * dimension))

/** Follows the exact velocity of the data, and the model's own, from the noise of the samples. */
export async function followNoise(
  model: Model,
  noise: Float32Array,
  { paths }: ChosenMetrics,
  { mixture, language, shape }: Dataset,
  runtime: Runtime,
): Promise<Ends> {
  const { dimension, config } = model
  const { trajectoryError, ownTrajectoryError } = pathMetrics
  return {
    ...(paths.includes('trajectoryError') &&
      language && {
        trajectoryError: await exactTextEnds(
          runtime,
          language,
          shape as readonly [number, number],
          head(noise, dimension, trajectoryError.limit),
        ),
      }),
    ...(paths.includes('trajectoryError') &&
      mixture && {
        trajectoryError: await exactEnds(
          runtime,
          mixture,
          config.interpolant,
          head(noise, dimension, trajectoryError.limit),
        ),
      }),
    ...(paths.includes('ownTrajectoryError') && {
      ownTrajectoryError: await endsAlong(
        runtime,
        asRowMap(model),
        dimension,
        head(noise, dimension, ownTrajectoryError.limit),
        lastTime(model),
      ),
    }),
  }
}

/** The distances of samples, in the data's own units, from where their noise leads. */
export function trajectoryValues(
  points: Float32Array,
  planned: PlannedSample,
  ends: Ends,
  { dataset: { dimension }, standardization: by }: SampleSetting,
): MetricValues {
  if (!keepsTrajectory(planned)) return {}
  const seen = by ? standardized(by, points) : points
  const values: MetricValues = {}
  for (const name of ['trajectoryError', 'ownTrajectoryError'] as const) {
    const end = ends[name]
    if (end) values[name] = trajectoryValue(name, seen, end, dimension, by !== undefined)
  }
  return values
}
