import {
  ArgumentError,
  checkDataset,
  checkFloats,
  checkOptions,
  checkSeed,
  MOST_NUMBERS,
  refuseArgument,
} from '../data/arguments.ts'
import type { Dataset, Values } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import { nearest } from '../data/suggest.ts'
import { show } from '../data/validate.ts'
import { type Cloud, lacks, metrics, type Reference } from './catalogue.ts'
import type { Estimate } from './estimate.ts'
import { allFinite, countPoints } from './points.ts'
import { sourcesOf } from './sources.ts'

export interface PrepareOptions {
  /** Points in the reference and in every evaluation, at least 2; fewer are used where there are too few rows. */
  readonly count: number
  /** Seed of the reference, the directions and the floors; default 0. */
  readonly seed?: number
  /** Names of `metrics`; all that the dataset allows and that are quick by default. */
  readonly names?: readonly string[]
}

/** A floor's mean over its draws, the least and the greatest of them. */
export interface FloorRange {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * What a perfect model would score: data in place of samples, measured several times. NaN, of no draws, where there are too
 * few rows to measure it.
 */
export interface Floor extends FloorRange {
  readonly draws: number
  /** Points in each draw. */
  readonly count: number
}

/** The metrics of one dataset at one count. */
export interface Measures {
  readonly names: readonly string[]
  /** Points in the reference and in every evaluation. */
  readonly count: number
  /** The data that samples are measured against, `[count, D]`; it must not be changed. */
  readonly reference: Float32Array
  /** What a reader of the numbers should know of the reference. */
  readonly notes: readonly string[]
  /**
   * Each metric of `samples` (`[count, D]`); NaN for those that cannot place a coordinate that is not finite.
   *
   * @throws {ArgumentError} when the count is another one, or they are no points
   */
  evaluate(samples: Values): Record<string, number>
  /** The same with 95 % confidence intervals, which hold the luck of the samples and of the reference. */
  estimate(samples: Values): Record<string, Estimate>
  /** Data in the place of samples, `[count, D]`: draw `k` of the floors; nothing where there are too few rows. */
  draw(k: number): Float32Array | undefined
  /** Measured at the first use, then kept. */
  readonly floors: Readonly<Record<string, Floor>>
}

/** Draws of a floor: as many as are quick. */
const DRAWS = { quick: 10, slow: 3 }
const QUICK = 20_000

const NOTHING: Estimate = { value: Number.NaN, interval: [Number.NaN, Number.NaN] }

/**
 * Draws a reference from the dataset and readies its metrics, so that measuring many models pays once. Of finite data the
 * reference is held-out rows, and floors are training rows measured against them; where none are held out, the reference is a
 * third of the training rows at most, and floors are others of them; otherwise both are fresh draws. Floors are measured against that same reference, 10 draws up to 20,000 points and 3 above or where a metric is slow: they hold
 * the luck of the reference, as every model's value does. The same dataset, count and seed give the same numbers; the
 * streams are apart from those of training.
 *
 * @throws {DataError} on an unknown metric, one that the dataset cannot be measured by, or a bad count
 * @throws {ArgumentError} when the dataset or an option is something else
 */
export function prepareMetrics(dataset: Dataset, options: PrepareOptions): Measures {
  checkDataset('prepareMetrics: dataset', dataset)
  checkOptions('prepareMetrics: options', options, ['count', 'seed?', 'names?'])
  const { count: asked, seed = 0, names } = options
  checkSeed('prepareMetrics: seed', seed)
  if (names !== undefined && !Array.isArray(names))
    refuseArgument('prepareMetrics: names', 'a list of names', names)
  if (!Number.isInteger(asked) || asked < 2) {
    throw new DataError(`metric count: expected a whole number of at least 2, found ${show(asked)}`)
  }
  const chosen = names ? names.map(name => checkName(name, dataset)) : applicable(dataset)
  if (!dataset.split && asked * dataset.dimension > MOST_NUMBERS) {
    throw new DataError(
      `metric count: expected at most ${Math.floor(MOST_NUMBERS / dataset.dimension)} points of ${dataset.dimension} coordinates, found ${asked}`,
    )
  }
  const { count, notes, drawReference, drawFloor } = sourcesOf(dataset, asked, seed)
  const reference: Reference = { ...points(drawReference()), dataset, seed }
  const measures = chosen.map(name => [name, metrics[name].prepare(reference)] as const)

  const estimate = (samples: Values, only = measures): Record<string, Estimate> => {
    checkFloats('samples', samples)
    const found = countPoints(samples, dataset.dimension)
    if (found !== count) throw new ArgumentError(`samples: expected ${count} points, found ${found}`)
    const finite = allFinite(samples)
    const shared = points(samples)
    return Object.fromEntries(
      only.map(([name, measure]) => [name, finite || metrics[name].placesAll ? measure(shared) : NOTHING]),
    )
  }

  const measureFloors = (): Record<string, Floor> => {
    const drawsOf = (name: string): number =>
      count <= QUICK && !metrics[name].onRequest ? DRAWS.quick : DRAWS.slow
    const rows = Array.from({ length: drawFloor ? DRAWS.quick : 0 }, (_, k) => {
      const due = measures.filter(([name]) => k < drawsOf(name))
      const own = Object.fromEntries(
        due.map(([name]) => [name, metrics[name].floor?.(reference, k, count)] as const),
      )
      const rest = due.filter(([name]) => own[name] === undefined)
      const found = drawFloor && rest.length > 0 ? estimate(drawFloor(k), rest) : {}
      return (name: string): number | undefined => own[name] ?? found[name]?.value
    })
    return Object.fromEntries(
      chosen.map(name => {
        const values = rows.flatMap(row => row(name) ?? [])
        const { limit, limitOf } = metrics[name]
        const most = limit ?? limitOf?.(dataset.dimension) ?? count
        return [name, summarise(values, Math.min(count, most))]
      }),
    )
  }

  let floors: Record<string, Floor> | undefined
  return {
    names: chosen,
    count,
    notes,
    reference: reference.values as Float32Array,
    evaluate: samples =>
      Object.fromEntries(Object.entries(estimate(samples)).map(([name, { value }]) => [name, value])),
    estimate: samples => estimate(samples),
    draw: k => drawFloor?.(k),
    get floors() {
      return (floors ??= measureFloors())
    },
  }
}

/** Mean and range of a floor's draws. */
export function summarise(values: readonly number[], count: number): Floor {
  if (values.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN, draws: 0, count }
  const value = values.reduce((sum, item) => sum + item, 0) / values.length
  return { value, low: Math.min(...values), high: Math.max(...values), draws: values.length, count }
}

function points(values: Values): Cloud {
  const kept = new Map<string, unknown>()
  return {
    values,
    once: <T>(key: string, compute: () => T): T => {
      if (!kept.has(key)) kept.set(key, compute())
      return kept.get(key) as T
    },
  }
}

function applicable(dataset: Dataset): string[] {
  return Object.keys(metrics).filter(
    name => !metrics[name].onRequest && lacks(metrics[name], dataset).length === 0,
  )
}

function checkName(name: string, dataset: Dataset): string {
  if (typeof name !== 'string') refuseArgument('prepareMetrics: names', 'a list of names', name)
  if (!Object.hasOwn(metrics, name)) {
    const known = Object.keys(metrics)
    const meant = nearest(name, known)
    const hint = meant ? `; did you mean "${meant}"?` : ''
    throw new DataError(`unknown metric "${name}"${hint} (known: ${known.join(', ')})`)
  }
  const missing = lacks(metrics[name], dataset)
  if (missing.length === 0) return name
  throw new DataError(
    `metric ${name} needs ${missing.join(' and ')}; ${dataset.name} has dimension ${dataset.dimension}` +
      ` and ${dataset.mixture ? 'a' : 'no'} mixture`,
  )
}
