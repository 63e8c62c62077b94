import type { Classes, Dataset, Split, Values } from './dataset.ts'
import { different } from './different.ts'
import { DataError } from './error.ts'
import type { RowLabels } from './labels.ts'
import type { Findings } from './scan.ts'
import type { Head } from './source.ts'
import type { Store } from './store.ts'
import { divideRow, rowVector } from './vectors.ts'
import { warningsOf } from './warnings.ts'

/** All that a finite dataset is made of. */
export interface Parts {
  readonly name: string
  /** In messages. */
  readonly file: string
  readonly head: Head
  readonly store: Store
  readonly labels?: RowLabels
  readonly findings: Findings
  readonly sha256: string
  readonly holdOut: number
}

/**
 * The dataset of rows.
 *
 * @throws {DataError} when there are under 2
 */
export function finiteDataset(parts: Parts): Dataset {
  const { name, file, head, store, labels, findings, sha256, holdOut } = parts
  const { rows, sides, statistics, ranges } = findings
  if (rows < 2) throw new DataError(`${file}: expected at least 2 rows of numbers, found ${rows}`)
  const { columns, vector: size = 0, space } = head
  const dimension = head.dimension - size
  const { shape = [dimension] } = head
  const whole = new Float32Array(head.dimension)
  const fill = (next: () => number, out: Values, classes?: Classes, vectors?: Values): void => {
    for (let at = 0, i = 0; at < out.length; at += dimension, i++) {
      const row = next()
      if (size === 0) store.read(row, out, at)
      else {
        store.read(row, whole, 0)
        divideRow(whole, dimension, out, at, vectors, i * size)
      }
      if (classes && labels) classes[i] = labels.of(row)
    }
  }
  const take: Split['take'] = (side, random, out, ...beside) => {
    const held = side === 'heldOut'
    const next = different(out.length / dimension, held ? sides.heldOut : sides.training, random)
    fill(() => sides.row(held, next()), out, ...beside)
  }
  const { minimum, maximum } = ranges
  const coordinates = <T>(values: readonly T[]): readonly T[] => values.slice(0, values.length - size)
  return {
    name,
    shape,
    dimension,
    ...(space !== undefined && { space }),
    ...(columns && { columns: coordinates(columns) }),
    ...(labels && { labels: { names: labels.names, counts: labels.counts } }),
    ...(size > 0 && { vector: rowVector(size, columns, statistics, ranges) }),
    statistics: { mean: coordinates(statistics.mean), deviation: coordinates(statistics.deviation) },
    split: { training: sides.training, heldOut: sides.heldOut, rules: findings.rules, take },
    warnings: warningsOf(file, head, findings, holdOut),
    fingerprint: { sha256, rows, minimum: coordinates(minimum), maximum: coordinates(maximum) },
    sample: (random, out, ...beside) =>
      fill(() => sides.row(false, random.integer(sides.training)), out, ...beside),
  }
}
