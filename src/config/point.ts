import type { RowVector } from '../data/dataset.ts'
import {
  type ConditionKind,
  type ConditionSpec,
  kindOf,
  type PointSpec,
  type Standardization,
} from '../model/index.ts'
import { ConfigError } from './error.ts'
import type { Config } from './schema.ts'

/** What is known of data: a dataset, or the record of one. */
interface Known {
  readonly dimension: number
  /** Of a point; absent for a row of numbers. */
  readonly shape?: readonly number[]
  readonly space?: string
  readonly labels?: { readonly names: readonly string[] }
  readonly vector?: Pick<RowVector, 'size' | 'columns' | 'standardization'>
}

/** What a map is told of data, by the kind of its condition. */
const conditionOf: { readonly [kind in ConditionKind]: (data: Scaled) => ConditionSpec } = {
  class({ labels }) {
    if (labels && labels.names.length >= 2) return { kind: 'class', classes: labels.names.length }
    throw new ConfigError(
      `condition.kind: class needs data with at least 2 classes, found ${labels ? 'one' : 'none'}; name the column of the labels (data.csv.label), or use none`,
    )
  },
  vector({ vector }) {
    if (vector) return { kind: 'vector', size: vector.size, standardization: vector.standardization }
    throw new ConfigError(
      'condition.kind: vector needs data with a vector for each row, found none; name its columns (data.csv.condition), or use none',
    )
  },
  state: ({ dimension, standardization }) => ({
    kind: 'state',
    size: dimension,
    ...(standardization && { standardization }),
  }),
}

/** How the network sees points, which a state is one of. */
type Scaled = Known & { readonly standardization?: Standardization }

/**
 * What the points of a run are, and what its map is told beside them.
 *
 * @throws ConfigError when it is to be told what the data does not have, or its network is not for such points
 */
export function pointOf(
  { condition: { kind }, network }: Pick<Config, 'condition'> & Partial<Pick<Config, 'network'>>,
  data: Scaled,
): PointSpec {
  const { dimension, shape = [dimension], space } = data
  const point = {
    shape,
    ...(space !== undefined && { space }),
    ...(kind !== 'none' && { condition: conditionOf[kind](data) }),
  }
  const misfit = network && kindOf(network).misfit?.(network, point)
  if (misfit) throw new ConfigError(misfit)
  return point
}

/** By names, which two runs must share to be told the same. */
const namesOf: { readonly [kind in ConditionKind]: (data: Known) => string } = {
  class: ({ labels }) => `the classes ${labels?.names.join(', ') ?? 'none'}`,
  vector: ({ vector }) =>
    vector ? `vectors of ${vector.columns?.join(', ') ?? `${vector.size} numbers`}` : 'no vectors',
  state: ({ dimension }) => `points of ${dimension} coordinates`,
}

/** What data has to tell, in words that differ where it differs. */
export const tellable = (kind: ConditionKind, data: Known): string => namesOf[kind](data)
