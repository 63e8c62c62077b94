import type { Random } from '../random/random.ts'
import type { Classes, Dataset, Split, Values } from './dataset.ts'
import { DataError } from './error.ts'
import type { RowLabels } from './labels.ts'
import type { Findings } from './scan.ts'
import type { Head } from './source.ts'
import type { Store } from './store.ts'
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
  const { dimension, shape = [dimension], columns } = head
  const fill = (out: Values, classes: Classes | undefined, next: () => number): void => {
    for (let at = 0, i = 0; at < out.length; at += dimension, i++) {
      const row = next()
      store.read(row, out, at)
      if (classes && labels) classes[i] = labels.of(row)
    }
  }
  const take: Split['take'] = (side, random, out, classes) => {
    const held = side === 'heldOut'
    const next = different(out.length / dimension, held ? sides.heldOut : sides.training, random)
    fill(out, classes, () => sides.row(held, next()))
  }
  return {
    name,
    shape,
    dimension,
    ...(columns && { columns }),
    ...(labels && { labels: { names: labels.names, counts: labels.counts } }),
    statistics,
    split: { training: sides.training, heldOut: sides.heldOut, rules: findings.rules, take },
    warnings: warningsOf(file, head, findings, holdOut),
    fingerprint: { sha256, rows, ...ranges },
    sample: (random, out, classes) =>
      fill(out, classes, () => sides.row(false, random.integer(sides.training))),
  }
}

/** Draws `count` different numbers below `bound`, one after another: Fisher and Yates, only what was moved being kept. */
function different(count: number, bound: number, random: Random): () => number {
  if (count > bound) throw new RangeError(`expected at most ${bound} rows, asked for ${count}`)
  const moved = new Map<number, number>()
  let left = bound
  return () => {
    const place = random.integer(left--)
    const found = moved.get(place) ?? place
    moved.set(place, moved.get(left) ?? left)
    moved.delete(left)
    return found
  }
}
