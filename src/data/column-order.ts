import type { Dataset, Values } from './dataset.ts'
import { DataError } from './error.ts'

/** Points with the names of their coordinates, where these are known. */
export interface Named {
  /** In messages. */
  readonly name: string
  readonly columns?: readonly string[]
}

/** Names that this package gives to coordinates that have none. */
export const generatedNames = (dimension: number): string[] =>
  Array.from({ length: dimension }, (_, i) => `x${i}`)

/** Names that say no more than places do, as version 0.1.0 gave them to all samples. */
const areGenerated = (columns: readonly string[]): boolean =>
  columns.join() === generatedNames(columns.length).join()

const listed = (columns: readonly string[]): string => {
  const text = columns.join(', ')
  return text.length > 200 ? `${text.slice(0, 197)}...` : text
}

/**
 * For each coordinate of `wanted` its place in `found`, by the names of both; nothing where places alone count, since one has
 * no names, or where they agree.
 *
 * @throws {DataError} in one line with both lists, when names do not match
 */
export function columnOrder(found: Named, wanted: Named): number[] | undefined {
  const [has, needs] = [found.columns, wanted.columns]
  if (!has || !needs) return undefined
  const order = needs.map(name => has.indexOf(name))
  if (has.length === needs.length && !order.includes(-1)) {
    return order.every((place, i) => place === i) ? undefined : order
  }
  if (has.length === needs.length && (areGenerated(has) || areGenerated(needs))) return undefined
  throw new DataError(
    `${found.name}: its columns are ${listed(has)}; those of ${wanted.name} are ${listed(needs)}; give both the same names`,
  )
}

/** Points `[n, D]` with their coordinates in another order; `order[i]` is the place of the new coordinate `i`. */
export function reorder<P extends Float32Array | Float64Array>(points: P, order?: readonly number[]): P {
  if (!order) return points
  const dimension = order.length
  return points.map((_: number, i: number) => {
    const column = i % dimension
    return points[i - column + order[column]]
  }) as P
}

/** A dataset with its columns in the order of others of the same names. @throws {DataError} when names do not match */
export function inOrderOf(dataset: Dataset, wanted: Named): Dataset {
  const order = columnOrder(dataset, wanted)
  if (!order) return dataset
  const { sample, split, statistics, fingerprint, histogramRange, mixture: _, ...rest } = dataset
  const pick = <T>(values: readonly T[]): T[] => order.map(place => values[place])
  const turn = (out: Values): void => out.set(reorder(out, order))
  return {
    ...rest,
    columns: wanted.columns!,
    fingerprint: { ...fingerprint, minimum: pick(fingerprint.minimum), maximum: pick(fingerprint.maximum) },
    ...(histogramRange && { histogramRange: pick(histogramRange) }),
    ...(statistics && {
      statistics: { mean: pick(statistics.mean), deviation: pick(statistics.deviation) },
    }),
    sample: (random, out, ...beside) => {
      sample(random, out, ...beside)
      turn(out)
    },
    ...(split && {
      split: {
        ...split,
        take: (side, random, out, ...beside) => {
          split.take(side, random, out, ...beside)
          turn(out)
        },
      },
    }),
  }
}
