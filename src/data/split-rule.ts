import type { Seen } from './hash-set.ts'
import { mix, type RowHash } from './row-hash.ts'

/**
 * How data is read and split, as a run records it: 1 is that of version 0.1.0, where the hash of a row's numbers alone decides
 * its side and a data frame's index is a coordinate; with 2 one value with very many rows makes data of few values.
 */
export type Rules = 1 | 2 | 3

export const RULES: Rules = 3

/** With fewer rows none is held out: there would be too few to measure with. */
export const FEWEST = 20

/** A value that more rows have is split; of fewer than 500 rows, one that more than a fiftieth have. */
const FREQUENT = { rows: 10, part: 50, least: 2 }
/** Rows of the median value from which on data has few values, which are split; fewer where there are under `FEWEST` values. */
const FEW_VALUED = { rows: 3, ofFewest: 2 }
/** The share that hashes give may be larger by chance: so many standard deviations. */
const CHANCE = 3
const BINS = 4096

/**
 * How many rows may have one value, which is then on one side whole: 0 where every value is split, 1 where all are but those of
 * a single row.
 */
export function mostWhole(rows: number, seen: Seen, rules: Rules = RULES): number {
  const few = fewValued(rows, seen, rules)
  if (few !== undefined) return few
  return Math.max(FREQUENT.least, Math.min(FREQUENT.rows, Math.floor(rows / FREQUENT.part)))
}

/**
 * The same of data with few values; nothing of other data. The median value tells: one with very many rows, such as the zeros
 * of rainfall, says nothing of the others.
 */
function fewValued(rows: number, seen: Seen, rules: Rules): number | undefined {
  const { distinct } = seen
  if (distinct === undefined) return undefined
  const isFewest = distinct < FEWEST
  if (rules === 2) return isFewest || rows >= FEW_VALUED.rows * distinct ? 0 : undefined
  const least = isFewest ? FEW_VALUED.ofFewest : FEW_VALUED.rows
  let repeated = 0
  seen.each((_, count) => {
    if (count >= least) repeated++
  })
  if (2 * repeated < distinct) return undefined
  return isFewest ? 0 : 1
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

/** The side of each row in one more pass. */
export interface SplitPass {
  isHeld(hash: RowHash): boolean
  /** Held-out rows so far that equal rows trained on, and the different values that are split in this way. */
  repeats(): Repeats
}

export interface Repeats {
  readonly rows: number
  readonly values: number
}

/**
 * The sides where hashes alone would hold out whole what is frequent, or more rows than were asked for.
 *
 * @param held  rows that their hashes hold out
 * @returns nothing where hashes alone decide
 */
export function splitRule(
  { rows, holdOut, rules = RULES }: { rows: number; holdOut: number; rules?: Rules },
  seen: Seen,
  held: HeldCounts,
): SplitPass | undefined {
  if (holdOut === 0 || rows < FEWEST) return undefined
  const chance = CHANCE * Math.sqrt(rows * holdOut * (1 - holdOut))
  const most = Math.floor(Math.min(rows / 2, rows * holdOut + chance))
  const bound = mostWhole(rows, seen, rules)
  const splits = seen.largest > bound
  if (!splits && held.total <= most) return undefined
  const threshold = holdOut * 2 ** 32
  let values = 0
  if (splits) {
    seen.each((hash, count) => {
      if (count <= bound) return
      values++
      if (hash.high < threshold) held.add(hash, -count)
    })
  }
  const whole = held.cutTo(most)
  const room = Math.max(0, Math.floor(rows * holdOut) - whole.rows)
  let repeats = 0
  seen.startNumbering(bound)
  return {
    isHeld(hash) {
      const occurrence = seen.next(hash)
      if (occurrence === 0) return hash.high < whole.threshold
      if (repeats === room || !isHeldOccurrence(hash, occurrence, holdOut)) return false
      repeats++
      return true
    },
    repeats: () => ({ rows: repeats, values }),
  }
}
