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
import { show } from '../data/show.ts'
import { nearest } from '../data/suggest.ts'
import { type Cloud, lackOf, type Reference } from './catalogue.ts'
import type { Estimate } from './estimate.ts'
import { allFinite, countPoints } from './points.ts'
import type { Products } from './products.ts'
import { type Sources, sourcesOf } from './sources.ts'
import { metricsOf } from './table.ts'

export interface PrepareOptions {
  /** Points in the reference and in every evaluation, at least 2; fewer are used where there are too few rows. */
  readonly count: number
  /** Seed of the reference, the directions and the floors; default 0. */
  readonly seed?: number
  /** Names of the dataset's metrics; all that the dataset allows and that are quick by default. */
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
  /** The same, and in many coordinates many times as fast: what takes long is computed by products. */
  estimateBy(products: Products, samples: Values): Promise<Record<string, Estimate>>
  /** Data in the place of samples, `[count, D]`: draw `k` of the floors; nothing where there are too few rows. */
  draw(k: number): Float32Array | undefined
  /** Measured at the first use, then kept. */
  readonly floors: Readonly<Record<string, Floor>>
  /** Measures the floors by products. */
  floorsBy(products: Products): Promise<Readonly<Record<string, Floor>>>
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
  const { chosen, reference, sources } = opened(dataset, options)
  return measuresOf(chosen, reference, sources)
}

/** The same, with what takes long in many coordinates computed by products. */
export async function prepareMetricsBy(
  products: Products,
  dataset: Dataset,
  options: PrepareOptions,
): Promise<Measures> {
  const { chosen, reference, sources } = opened(dataset, options)
  const metrics = metricsOf(dataset)
  for (const name of chosen) await metrics[name].ready?.(reference, products)
  return measuresOf(chosen, reference, sources)
}

/** What is measured against what. */
interface Opened {
  readonly chosen: readonly string[]
  readonly reference: Reference
  readonly sources: Sources
}

function opened(dataset: Dataset, options: PrepareOptions): Opened {
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
  const sources = sourcesOf(dataset, asked, seed)
  return { chosen, reference: { ...points(sources.drawReference()), dataset, seed }, sources }
}

function measuresOf(
  chosen: readonly string[],
  reference: Reference,
  { count, notes, drawFloor }: Sources,
): Measures {
  const { dataset } = reference
  const metrics = metricsOf(dataset)
  const measures = new Map(chosen.map(name => [name, metrics[name].prepare(reference)] as const))

  const checked = (samples: Values): Cloud => {
    checkFloats('samples', samples)
    const found = countPoints(samples, dataset.dimension)
    if (found !== count) throw new ArgumentError(`samples: expected ${count} points, found ${found}`)
    return points(samples)
  }
  const estimate = (samples: Cloud, names = chosen): Record<string, Estimate> => {
    const finite = allFinite(samples.values)
    return Object.fromEntries(
      names.map(name => [name, finite || metrics[name].placesAll ? measures.get(name)!(samples) : NOTHING]),
    )
  }
  const ready = async (products: Products, samples: Cloud, names = chosen): Promise<Cloud> => {
    const places = allFinite(samples.values)
    for (const name of names) if (places) await metrics[name].ready?.(reference, products, samples)
    return samples
  }

  const drawsOf = (name: string): number =>
    count <= QUICK && !metrics[name].onRequest ? DRAWS.quick : DRAWS.slow
  /** Of draw `k` of the floors: values that follow from the count, and names of what is to be measured. */
  const planOf = (k: number) => {
    const due = chosen.filter(name => k < drawsOf(name))
    const own = new Map(due.map(name => [name, metrics[name].floor?.(reference, k, count)]))
    return { own, rest: due.filter(name => own.get(name) === undefined) }
  }
  type Row = (name: string) => number | undefined
  const rowOf = ({ own }: ReturnType<typeof planOf>, found: Record<string, Estimate>): Row => {
    const values = Object.fromEntries(Object.entries(found).map(([name, { value }]) => [name, value]))
    return name => own.get(name) ?? values[name]
  }
  const floorsOf = (rows: readonly Row[]): Record<string, Floor> =>
    Object.fromEntries(
      chosen.map(name => {
        const values = rows.flatMap(row => row(name) ?? [])
        const { limit, limitOf } = metrics[name]
        const most = limit ?? limitOf?.(dataset.dimension) ?? count
        return [name, summarise(values, Math.min(count, most))]
      }),
    )
  const draws = Array.from({ length: drawFloor ? DRAWS.quick : 0 }, (_, k) => k)
  const measureFloors = (): Record<string, Floor> =>
    floorsOf(
      draws.map(k => {
        const plan = planOf(k)
        return rowOf(plan, plan.rest.length > 0 ? estimate(points(drawFloor!(k)), plan.rest) : {})
      }),
    )
  const measureFloorsBy = async (products: Products): Promise<Record<string, Floor>> => {
    const rows: Row[] = []
    for (const k of draws) {
      const plan = planOf(k)
      const { rest } = plan
      const cloud = rest.length > 0 && (await ready(products, points(drawFloor!(k)), rest))
      rows.push(rowOf(plan, cloud ? estimate(cloud, rest) : {}))
    }
    return floorsOf(rows)
  }

  let floors: Record<string, Floor> | undefined
  return {
    names: chosen,
    count,
    notes,
    reference: reference.values as Float32Array,
    evaluate: samples =>
      Object.fromEntries(
        Object.entries(estimate(checked(samples))).map(([name, { value }]) => [name, value]),
      ),
    estimate: samples => estimate(checked(samples)),
    estimateBy: async (products, samples) => estimate(await ready(products, checked(samples))),
    draw: k => drawFloor?.(k),
    get floors() {
      return (floors ??= measureFloors())
    },
    floorsBy: async products => (floors ??= await measureFloorsBy(products)),
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
    ready: async <T>(key: string, compute: () => Promise<T>): Promise<T> => {
      if (!kept.has(key)) kept.set(key, await compute())
      return kept.get(key) as T
    },
  }
}

function applicable(dataset: Dataset): string[] {
  const metrics = metricsOf(dataset)
  return Object.keys(metrics).filter(
    name => !metrics[name].onRequest && lackOf(metrics[name], dataset) === undefined,
  )
}

function checkName(name: string, dataset: Dataset): string {
  const metrics = metricsOf(dataset)
  if (typeof name !== 'string') refuseArgument('prepareMetrics: names', 'a list of names', name)
  if (!Object.hasOwn(metrics, name)) {
    const known = Object.keys(metrics)
    const meant = nearest(name, known)
    const hint = meant ? `; did you mean "${meant}"?` : ''
    throw new DataError(`unknown metric "${name}"${hint} (known: ${known.join(', ')})`)
  }
  const lack = lackOf(metrics[name], dataset)
  if (lack) throw new DataError(`metric ${name} ${lack}`)
  return name
}
