import type { Fingerprint, Statistics } from './dataset.ts'
import { collectMoments } from './moments.ts'
import { rowHasher } from './row-hash.ts'
import { seenHashes } from './seen.ts'
import { collectSides, type Sides } from './sides.ts'
import type { Head } from './source.ts'

/** With fewer rows none is held out: there would be too few to measure with. */
const FEWEST = 20

/** What one pass over the rows finds. */
export interface Findings {
  readonly rows: number
  readonly sides: Sides
  readonly statistics: Statistics
  /** Of each column; of pictures, of each channel. */
  readonly ranges: Pick<Fingerprint, 'minimum' | 'maximum'>
  /** Rows that repeat an earlier one. */
  readonly duplicates: number
  /** Number of the first of these. */
  readonly firstDuplicate?: number
  /** Rows after which duplicates were no longer looked for. */
  readonly duplicatesUntil?: number
  /** Where the first column counts the rows: from which number. */
  readonly counter?: number
}

/** Looks at rows one after another; nothing of them is kept but a few bits. */
export interface Scan {
  /** @param number  of the row in messages */
  add(values: ArrayLike<number>, from: number, number: number): void
  finish(): Findings
}

/**
 * Begins a pass. A row is held out when the hash of its numbers says so: equal rows are on one side, and a row keeps its
 * side when others come or go.
 *
 * @param holdOut  the share of rows to hold out, 0 to 0.5
 */
export function scanRows({ dimension, image }: Head, holdOut: number): Scan {
  const hashOf = rowHasher(dimension)
  const seen = seenHashes()
  const sides = collectSides()
  const [training, heldOut] = [collectMoments(dimension), collectMoments(dimension)]
  const ranges = collectRanges(dimension, image?.[2])
  const threshold = holdOut * 2 ** 32
  let [rows, duplicates] = [0, 0]
  let firstDuplicate: number | undefined
  let duplicatesUntil: number | undefined
  let counter: number | undefined

  const count = (value: number): void => {
    if (rows === 0) counter = value === 0 || value === 1 ? value : undefined
    // A 32-bit float counts no further than 2^24.
    else if (counter !== undefined && rows < 2 ** 24 && value !== counter + rows) counter = undefined
  }

  return {
    add(values, from, number) {
      const hash = hashOf(values, from)
      const held = hash.high < threshold
      const known = duplicatesUntil === undefined ? seen.add(hash) : false
      if (known === undefined) duplicatesUntil = rows
      else if (known) {
        duplicates++
        firstDuplicate ??= number
      }
      sides.add(held)
      ;(held ? heldOut : training).add(values, from)
      ranges.add(values, from)
      count(values[from])
      rows++
    },
    finish() {
      const none = rows < FEWEST || training.count === 0
      if (none) training.merge(heldOut)
      return {
        rows,
        sides: sides.finish(none),
        statistics: training.finish(),
        ranges: ranges.finish(),
        duplicates,
        firstDuplicate,
        duplicatesUntil,
        ...(dimension > 1 && rows >= 5 && { counter }),
      }
    },
  }
}

/** @param channels  of pictures, whose numbers are joined by channel */
function collectRanges(dimension: number, channels = dimension) {
  const minimum = new Array<number>(channels).fill(Number.POSITIVE_INFINITY)
  const maximum = new Array<number>(channels).fill(Number.NEGATIVE_INFINITY)
  return {
    add(values: ArrayLike<number>, from: number): void {
      let channel = 0
      for (let i = 0; i < dimension; i++) {
        const value = values[from + i]
        if (value < minimum[channel]) minimum[channel] = value
        if (value > maximum[channel]) maximum[channel] = value
        if (++channel === channels) channel = 0
      }
    },
    finish: () => ({ minimum, maximum }),
  }
}
