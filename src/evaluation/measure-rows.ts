import { type Dataset, pictureShape } from '../data/dataset.ts'
import { metrics } from '../metric/catalogue.ts'
import { rootEstimate, standardError } from '../metric/estimate.ts'
import { type PathMetric, pathMetrics } from '../metric/map-catalogue.ts'
import type { Measures } from '../metric/prepare.ts'
import type { Products } from '../metric/products.ts'
import { trajectoryError } from '../metric/trajectory-error.ts'
import { type Standardization, standardized, unstandardized } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { asRowMap, type Model } from '../serialization/model.ts'
import { featureMeasure, openFeatures } from './features.ts'
import { lastTime } from './map-measures.ts'
import type { ChosenMetrics } from './metric-choice.ts'
import { EXACT, type MetricValue, metricValue } from './metric-value.ts'
import type { PlannedSample } from './planned-samples.ts'
import { endsAlong, exactEnds } from './trajectories.ts'

export type MetricValues = Record<string, MetricValue>

/** What samples are measured against, and by what. */
export interface SampleSetting {
  /** In its own units. */
  readonly dataset: Dataset
  /** How points are brought to the units that they are measured in; absent for those of the data. */
  readonly standardization?: Standardization
  readonly measures: Measures
  readonly runtime: Runtime
  /** What takes long in many coordinates is computed by these. */
  readonly products: Products
  readonly chosen: ChosenMetrics
  /** Path of the network that `featureFrechetDistance` looks through. */
  readonly features?: string
}

/** Measures points in the data's own units. Close it when done. */
export interface SampleMeasure {
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[]
  measure(points: Float32Array): Promise<MetricValues>
  close(): Promise<void>
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
 * Readies the metrics that need samples and data alone, each beside its floor.
 *
 * @throws ConfigError when a network for features cannot be used
 */
export async function openSampleMeasure(setting: SampleSetting): Promise<SampleMeasure> {
  const { dataset, standardization: by, measures, chosen, products } = setting
  const features =
    chosen.paths.includes('featureFrechetDistance') && setting.features !== undefined
      ? await openFeatures(setting.runtime, setting.features, dataset.dimension, pictureShape(dataset))
      : undefined
  const ofFeatures =
    features &&
    (await featureMeasure(features, measures, seen => (by ? unstandardized(by, seen) : seen)).catch(
      async error => {
        await features.close()
        throw error
      },
    ))
  const { count } = measures
  return {
    notes: [
      ...(chosen.samples.includes('frechetDistance')
        ? fewPoints('frechetDistance', count, dataset.dimension)
        : []),
      ...(ofFeatures ? fewPoints('featureFrechetDistance', count, ofFeatures.size) : []),
    ],
    measure: async points => {
      const seen = by ? standardized(by, points) : points
      const values: MetricValues = {}
      const floors = await measures.floorsBy(products)
      for (const [name, found] of Object.entries(await measures.estimateBy(products, seen))) {
        const floor = floors[name]
        values[name] = metricValue(metrics[name], found, {
          floor,
          count: floor.count,
          standardized: by !== undefined,
        })
      }
      return ofFeatures ? { ...values, featureFrechetDistance: await ofFeatures.measure(seen) } : values
    },
    close: async () => features?.close(),
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
  { mixture }: Dataset,
  runtime: Runtime,
): Promise<Ends> {
  const { dimension, config } = model
  const { trajectoryError, ownTrajectoryError } = pathMetrics
  return {
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
