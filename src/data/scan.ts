import type { Fingerprint, Statistics } from './dataset.ts'
import { type Seen, seenHashes } from './hash-set.ts'
import { collectMoments } from './moments.ts'
import { collectOutliers, type Outlier } from './outliers.ts'
import { type RowHash, rowHasher } from './row-hash.ts'
import type { Head } from './source.ts'
import { collectSides, type Sides } from './split-index.ts'
import { FEWEST, heldCounts, mostWhole, type Repeats, RULES, type Rules, splitRule } from './split-rule.ts'

/** What a pass over the rows finds. */
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
  /** Columns that count the rows. */
  readonly counters: readonly Counter[]
  readonly outliers: readonly Outlier[]
  readonly rules: Rules
  /** Frequent values that are on the held-out side whole, which only the rules of version 0.1.0 bring about. */
  readonly untrained?: Untrained
  /** Held-out rows that equal rows trained on. */
  readonly repeats?: Repeats
}

/** A column that counts the rows, and from which number. */
export interface Counter {
  readonly column: number
  readonly from: number
}

/** Values that are not trained on although many rows have them. */
export interface Untrained {
  readonly values: number
  readonly rows: number
  /** Some of them. */
  readonly examples: readonly (readonly number[])[]
}

/** How rows are divided. */
export interface SplitOptions {
  /** The share of rows to hold out, 0 to 0.5. */
  readonly holdOut: number
  /** The newest by default. */
  readonly rules?: Rules
}

/** Hands all rows to `each` once more, in their order. */
export type RowPass = (each: (values: ArrayLike<number>, from: number) => void) => void

/** Looks at rows one after another; nothing of them is kept but a few bits. */
export interface Scan {
  /** @param number  of the row in messages */
  add(values: ArrayLike<number>, from: number, number: number): void
  /** @param again  for data whose values repeat much */
  finish(again: RowPass): Findings
}

/** The rows of both sides. */
function collectSplit(dimension: number) {
  const sides = collectSides()
  const [training, heldOut] = [collectMoments(dimension), collectMoments(dimension)]
  const both = collectMoments(dimension)
  let rows = 0
  return {
    add(values: ArrayLike<number>, from: number, held: boolean): void {
      sides.add(held)
      ;(held ? heldOut : training).add(values, from)
      rows++
    },
    finish() {
      for (const part of [training, heldOut]) both.merge(part)
      const none = rows < FEWEST || training.count === 0
      return { sides: sides.finish(none), statistics: (none ? both : training).finish(), all: both.finish() }
    },
  }
}

/**
 * Begins a pass. The hash of a row's numbers decides its side: equal rows are on one side, and a row keeps its side when
 * others come or go. Values that are frequent are split by `splitRule` instead. Data that comes with rows to measure with has
 * these held out, unless nothing is to be.
 */
export function scanRows(
  { dimension, shape, vector = 0, training, space }: Head,
  { holdOut, rules = RULES }: SplitOptions,
): Scan {
  const hashOf = rowHasher(dimension)
  const seen = seenHashes()
  const threshold = holdOut * 2 ** 32
  const held = heldCounts(threshold)
  let split = collectSplit(dimension)
  const ranges = collectRanges(dimension, shape ? shape[2] : dimension - vector, vector)
  const outliers = shape || space ? undefined : collectOutliers(dimension)
  let [rows, duplicates] = [0, 0]
  let firstDuplicate: number | undefined
  let duplicatesUntil: number | undefined
  const counters = shape || space || dimension === 1 ? undefined : collectCounters(dimension)

  const countRepeats = (hash: RowHash, number: number): void => {
    const times = seen.add(hash)
    if (times === undefined) duplicatesUntil ??= rows
    else if (times > 1) {
      duplicates++
      firstDuplicate ??= number
    }
  }

  const splitAgain = (again: RowPass): Repeats | undefined => {
    const pass = training === undefined ? splitRule({ rows, holdOut, rules }, seen, held) : undefined
    if (!pass) return undefined
    split = collectSplit(dimension)
    again((values, from) => split.add(values, from, pass.isHeld(hashOf(values, from))))
    return pass.repeats()
  }

  return {
    add(values, from, number) {
      const hash = hashOf(values, from)
      countRepeats(hash, number)
      const isHeld = training === undefined ? hash.high < threshold : rows >= training && holdOut > 0
      if (isHeld) held.add(hash)
      split.add(values, from, isHeld)
      ranges.add(values, from)
      outliers?.add(values, from, number)
      counters?.add(values, from)
      rows++
    },
    finish(again) {
      const repeats = rules > 1 ? splitAgain(again) : undefined
      const { sides, statistics, all } = split.finish()
      const untrained =
        rules === 1 && sides.heldOut > 0 ? findUntrained(rows, seen, threshold, dimension, again) : undefined
      return {
        rows,
        sides,
        statistics,
        ranges: ranges.finish(),
        duplicates,
        firstDuplicate,
        duplicatesUntil,
        counters: (rows >= FEWEST_COUNTED && counters?.finish()) || [],
        outliers: outliers?.finish(all) ?? [],
        rules,
        ...(untrained && { untrained }),
        ...(repeats && { repeats }),
      }
    },
  }
}

/** Fewer rows count by chance. */
const FEWEST_COUNTED = 5

/** Columns that count the rows from 0 or 1, as data frames write their index, once for each time that it is written. */
function collectCounters(dimension: number) {
  let found: Counter[] = []
  let rows = 0
  return {
    add(values: ArrayLike<number>, from: number): void {
      const goesOn = ({ column, from: first }: Counter) => values[from + column] === first + rows
      if (rows === 0) {
        for (let column = 0; column < dimension; column++) {
          const first = values[from + column]
          if (first === 0 || first === 1) found.push({ column, from: first })
        }
      }
      // A 32-bit float counts no further than 2^24.
      else if (rows < 2 ** 24 && !found.every(goesOn)) found = found.filter(goesOn)
      rows++
    },
    finish: (): readonly Counter[] => found,
  }
}

/** Values that are named in a message. */
const EXAMPLES = 3

/** The frequent values that their hashes hold out. */
function findUntrained(
  rows: number,
  seen: Seen,
  threshold: number,
  dimension: number,
  again: RowPass,
): Untrained | undefined {
  const bound = mostWhole(rows, seen)
  let [values, all] = [0, 0]
  seen.each(({ high }, count) => {
    if (high >= threshold || count <= bound) return
    values++
    all += count
  })
  if (values === 0) return undefined
  const hashOf = rowHasher(dimension)
  const examples: number[][] = []
  seen.startNumbering(bound)
  again((row, from) => {
    if (examples.length === EXAMPLES) return
    const hash = hashOf(row, from)
    if (hash.high >= threshold || seen.next(hash) !== 1) return
    examples.push(Array.from({ length: dimension }, (_, i) => row[from + i]))
  })
  return { values, rows: all, examples }
}

/**
 * @param channels  of pictures, whose numbers are joined by channel
 * @param vector  numbers behind them
 */
function collectRanges(dimension: number, channels: number, vector: number) {
  const minimum = new Array<number>(channels + vector).fill(Number.POSITIVE_INFINITY)
  const maximum = new Array<number>(channels + vector).fill(Number.NEGATIVE_INFINITY)
  const add = (value: number, column: number): void => {
    if (value < minimum[column]) minimum[column] = value
    if (value > maximum[column]) maximum[column] = value
  }
  return {
    add(values: ArrayLike<number>, from: number): void {
      let channel = 0
      for (let i = 0; i < dimension - vector; i++) {
        add(values[from + i], channel)
        if (++channel === channels) channel = 0
      }
      for (let i = 0; i < vector; i++) add(values[from + dimension - vector + i], channels + i)
    },
    finish: () => ({ minimum, maximum }),
  }
}
