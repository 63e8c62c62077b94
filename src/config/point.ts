import type { PointSpec } from '../model/index.ts'
import { ConfigError } from './error.ts'
import type { Config } from './schema.ts'

/** What is known of data: a dataset, or the record of one. */
interface Known {
  readonly dimension: number
  /** Of a point; absent for a row of numbers. */
  readonly shape?: readonly number[]
  readonly labels?: { readonly names: readonly string[] }
}

/**
 * What the points of a run are, and what its map is told beside them.
 *
 * @throws ConfigError when it is to be told classes that the data does not have
 */
export function pointOf(
  { condition }: Pick<Config, 'condition'>,
  { dimension, shape = [dimension], labels }: Known,
): PointSpec {
  if (condition.kind === 'none') return { shape }
  if (!labels || labels.names.length < 2) {
    throw new ConfigError(
      `condition.kind: class needs data with at least 2 classes, found ${labels ? 'one' : 'none'}; name the column of the labels (data.csv.label), or use none`,
    )
  }
  return { shape, condition: { classes: labels.names.length } }
}
