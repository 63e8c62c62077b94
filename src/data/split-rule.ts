import type { Seen } from './hash-set.ts'
import { mix, type RowHash } from './row-hash.ts'

/**
 * How data is read and split, as a run records it: 1 is that of version 0.1.0, where the hash of a row's numbers alone decides
 * its side and a data frame's index is a coordinate.
 */
export type Rules = 1 | 2

export const RULES: Rules = 2

/** With fewer rows none is held out: there would be too few to measure with. */
export const FEWEST = 20

/** A value that more rows have is split; of fewer than 500 rows, one that more than a fiftieth have. */
const FREQUENT = { rows: 10, part: 50, least: 2 }
/** Rows for each different one from which on data has few values, all of which are split and trained on. */
const FEW_VALUED = 3
/** The share that hashes give may be larger by chance: so many standard deviations. */
const CHANCE = 3
const BINS = 4096

/** How many rows may have one value, which is then on one side whole. */
export function mostWhole(rows: number, { distinct }: Pick<Seen, 'distinct'>): number {
  const isFewValued = distinct !== undefined && (distinct < FEWEST || rows >= FEW_VALUED * distinct)
  if (isFewValued) return 0
  return Math.max(FREQUENT.least, Math.min(FREQUENT.rows, Math.floor(rows / FREQUENT.part)))
}

/** Rows whose hash holds them out, by bins of their hash. */
export interface HeldCounts {
  add(hash: RowHash, rows?: number): void
  readonly total: number
  /** The threshold of hashes below which at most so many rows lie, and how many do. */
  cutTo(most: number): { readonly threshold: number; readonly rows: number }
}

export function heldCounts(threshold: number): HeldCounts {
  const bins = new Float64Array(BINS)
  const width = threshold / BINS
  let total = 0
  return {
    get total() {
      return total
    },
    add({ high }, rows = 1) {
      bins[Math.min(BINS - 1, Math.floor(high / width))] += rows
      total += rows
    },
    cutTo(most) {
      let [kept, rows] = [BINS, total]
      while (rows > most && kept > 0) rows -= bins[--kept]
      return { threshold: kept === BINS ? threshold : kept * width, rows }
    },
  }
}

/**
 * Whether an occurrence of a frequent value is held out: one at a random place of each `1/holdOut` of them, never the first,
 * so that every such value is trained on.
 *
 * @param occurrence  from 1
 */
export function isHeldOccurrence({ high, low }: RowHash, occurrence: number, holdOut: number): boolean {
  const length = 1 / holdOut
  const isPlace = (stretch: number): boolean => {
    const random = mix(high ^ Math.imul(low ^ stretch, 0x9e3779b1)) / 2 ** 32
    return Math.max(2, 1 + Math.floor((stretch + random) * length)) === occurrence
  }
  const [from, to] = [occurrence - 1, occurrence].map(count => Math.floor(count * holdOut))
  return isPlace(from) || (to > from && isPlace(to))
}

/**
 * The side of each row in one more pass, where hashes alone would hold out whole what is frequent, or more rows than were
 * asked for.
 *
 * @param held  rows that their hashes hold out
 * @returns nothing where hashes alone decide
 */
export function splitRule(
  rows: number,
  holdOut: number,
  seen: Seen,
  held: HeldCounts,
): ((hash: RowHash) => boolean) | undefined {
  if (holdOut === 0 || rows < FEWEST) return undefined
  const chance = CHANCE * Math.sqrt(rows * holdOut * (1 - holdOut))
  const most = Math.floor(Math.min(rows / 2, rows * holdOut + chance))
  const bound = mostWhole(rows, seen)
  const splits = seen.largest > bound
  if (!splits && held.total <= most) return undefined
  const threshold = holdOut * 2 ** 32
  if (splits) {
    seen.each((hash, count) => {
      if (count > bound && hash.high < threshold) held.add(hash, -count)
    })
  }
  const whole = held.cutTo(most)
  let left = Math.max(0, Math.floor(rows * holdOut) - whole.rows)
  seen.startNumbering(bound)
  return hash => {
    const occurrence = seen.next(hash)
    if (occurrence === 0) return hash.high < whole.threshold
    if (left === 0 || !isHeldOccurrence(hash, occurrence, holdOut)) return false
    left--
    return true
  }
}
