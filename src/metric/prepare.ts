import type { Dataset, Values } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import { nearest } from '../data/suggest.ts'
import { random } from '../random/random.ts'
import { lacks, metrics, type Points, type Reference } from './catalogue.ts'
import { allFinite, countPoints } from './points.ts'

export interface PrepareOptions {
  /** Points in the reference and in every evaluation, at least 2. */
  readonly count: number
  /** Seed of the reference, the directions and the floors; default 0. */
  readonly seed?: number
  /** Names of `metrics`; all that the dataset allows by default. */
  readonly names?: readonly string[]
}

/** What a perfect model would score: fresh data in place of samples, measured several times. */
export interface Floor {
  /** Mean over the draws. */
  readonly value: number
  readonly low: number
  readonly high: number
  readonly draws: number
  /** Points in each draw. */
  readonly count: number
}

/** The metrics of one dataset at one count. */
export interface Measures {
  readonly names: readonly string[]
  /** The data that samples are measured against, `[count, D]`; it must not be changed. */
  readonly reference: Float32Array
  /**
   * Each metric of `samples` (`[count, D]`); NaN for all when a coordinate is not finite.
   *
   * @throws {RangeError} when the count is another one
   */
  evaluate(samples: Values): Record<string, number>
  /** Measured at the first use, then kept. */
  readonly floors: Readonly<Record<string, Floor>>
}

/**
 * Draws a reference from the dataset and readies its metrics, so that measuring many models pays once. Floors are
 * measured against that same reference, 10 draws up to 10,000 points and 3 above: they hold the luck of the
 * reference, as every model's value does. The same dataset, count and seed give the same numbers; the streams are
 * apart from those of training.
 *
 * @throws {DataError} on an unknown metric, one that the dataset cannot be measured by, or a bad count
 */
export function prepareMetrics(dataset: Dataset, { count, seed = 0, names }: PrepareOptions): Measures {
  if (!Number.isInteger(count) || count < 2) {
    throw new DataError(`metric count: expected a whole number of at least 2, found ${count}`)
  }
  const chosen = names ? names.map(name => checkName(name, dataset)) : applicable(dataset)
  const draw = (...address: (string | number)[]): Float32Array => {
    const values = new Float32Array(count * dataset.dimension)
    dataset.sample(random(seed, 'metric', ...address), values)
    return values
  }
  const reference: Reference = { ...points(draw('reference')), dataset, seed }
  const measures = chosen.map(name => [name, metrics[name].prepare(reference)] as const)

  const evaluate = (samples: Values): Record<string, number> => {
    const found = countPoints(samples, dataset.dimension)
    if (found !== count) throw new RangeError(`expected ${count} samples, found ${found}`)
    const finite = allFinite(samples)
    const shared = points(samples)
    return Object.fromEntries(
      measures.map(([name, measure]) => [name, finite ? measure(shared) : Number.NaN]),
    )
  }

  const measureFloors = (): Record<string, Floor> => {
    const draws = count <= 10_000 ? 10 : 3
    const rows = Array.from({ length: draws }, (_, k) => evaluate(draw('floor', k)))
    return Object.fromEntries(
      chosen.map(name => [
        name,
        summarise(
          rows.map(row => row[name]),
          Math.min(count, metrics[name].limit ?? count),
        ),
      ]),
    )
  }

  let floors: Record<string, Floor> | undefined
  return {
    names: chosen,
    reference: reference.values as Float32Array,
    evaluate,
    get floors() {
      return (floors ??= measureFloors())
    },
  }
}

function summarise(values: readonly number[], count: number): Floor {
  const value = values.reduce((sum, item) => sum + item, 0) / values.length
  return { value, low: Math.min(...values), high: Math.max(...values), draws: values.length, count }
}

function points(values: Values): Points {
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
  return Object.keys(metrics).filter(name => lacks(metrics[name], dataset).length === 0)
}

function checkName(name: string, dataset: Dataset): string {
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
