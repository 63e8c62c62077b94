import { type Standardization, standardized } from '../model/index.ts'
import { random } from '../random/random.ts'
import type { Dataset, Statistics, Values } from './dataset.ts'
import { DataError } from './error.ts'

/** How data is brought to the scale of the noise. */
export type StandardizeName = 'auto' | 'none' | 'column' | 'whole'

/** Points that data without end is measured by. */
const MEASURED = 10_000

function measured(dataset: Dataset): Statistics {
  const { dimension } = dataset
  const points = new Float64Array(MEASURED * dimension)
  dataset.sample(random(0, 'standardization'), points)
  const mean = new Array<number>(dimension).fill(0)
  points.forEach((value, i) => {
    mean[i % dimension] += value / MEASURED
  })
  const variance = new Array<number>(dimension).fill(0)
  points.forEach((value, i) => {
    variance[i % dimension] += (value - mean[i % dimension]) ** 2 / MEASURED
  })
  return { mean, deviation: variance.map(Math.sqrt) }
}

/** Of each column of finite data whether all rows to train on have one value. */
const constantColumns = ({ split, statistics }: Dataset): boolean[] =>
  split && statistics ? statistics.deviation.map(value => value === 0) : []

/** All columns as one. */
function pooled({ mean, deviation }: Statistics): Statistics {
  const average = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
  const center = average(mean)
  const variance = average(mean.map((m, i) => (m - center) ** 2 + deviation[i] ** 2))
  return { mean: mean.map(() => center), deviation: deviation.map(() => Math.sqrt(variance)) }
}

/**
 * The standardisation of a dataset, fitted on its training rows; nothing where it keeps its own units. `auto` is `whole`
 * for pictures, `column` for other finite data, `none` for data that is drawn from a formula. Whatever is chosen, a column of
 * finite data that is constant has the scale 0 about its value, so that it comes back as that. Points of a space of their own are left as they are.
 *
 * @throws {DataError} when points of such a space were to be brought to another scale
 */
export function standardizationOf(name: StandardizeName, dataset: Dataset): Standardization | undefined {
  if (dataset.space !== undefined && dataset.space !== 'flat') {
    if (name === 'auto' || name === 'none') return undefined
    throw new DataError(
      `standardize: ${name} would take the points of ${dataset.name} off their space (${dataset.space}); expected auto or none`,
    )
  }
  const finite = dataset.shape.length === 3 ? 'whole' : dataset.split ? 'column' : 'none'
  const chosen = name === 'auto' ? finite : name
  // Points of a space of their own have its scale.
  if (dataset.space !== undefined) return undefined
  const isConstant = constantColumns(dataset)
  if (chosen === 'none' && !isConstant.includes(true)) return undefined
  const statistics = dataset.statistics ?? measured(dataset)
  const { mean, deviation } =
    chosen === 'none'
      ? { mean: statistics.mean.map(() => 0), deviation: statistics.mean.map(() => 1) }
      : chosen === 'whole'
        ? pooled(statistics)
        : statistics
  return {
    shift: mean.map((value, i) => (isConstant[i] ? statistics.mean[i] : value)),
    scale: deviation.map((value, i) => (isConstant[i] ? 0 : value || 1)),
  }
}

/** A dataset as a network sees it. */
export interface StandardizedDataset extends Dataset {
  /** What was done to the points; absent where they are in the data's own units. */
  readonly standardization?: Standardization
  /** The dataset in its own units, where points are standardised. */
  readonly own?: Dataset
  /** What the path leads to at time 1 in the place of noise, as the network sees it. */
  readonly source?: StandardizedDataset
}

/**
 * A dataset of standardised points. Its closed form is left out, its fingerprint stays that of the data itself.
 *
 * @param by  nothing for the dataset as it is
 */
export function standardizedBy(by: Standardization | undefined, dataset: Dataset): StandardizedDataset {
  if (!by) return dataset
  const { split, mixture, energy, logDensity, statistics, histogramRange, ...rest } = dataset
  const change = (out: Values): void => out.set(standardized(by, out))
  const at = (value: number, i: number): number => (value - by.shift[i]) / (by.scale[i] || 1)
  return {
    ...rest,
    standardization: by,
    own: dataset,
    ...(histogramRange && {
      histogramRange: histogramRange.map(([low, high], i) => [at(low, i), at(high, i)] as const),
    }),
    sample: (source, out, ...beside) => {
      dataset.sample(source, out, ...beside)
      change(out)
    },
    ...(split && {
      split: {
        ...split,
        take: (side, source, out, ...beside) => {
          split.take(side, source, out, ...beside)
          change(out)
        },
      },
    }),
  }
}
