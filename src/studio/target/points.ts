import { DataError } from '../../data/error.ts'
import { outlierIn } from '../../data/outliers.ts'
import { random } from '../../random/random.ts'
import { toText } from '../engine/bytes.ts'
import { LONGEST_NAME, type Target } from '../plan.ts'
import { REACH } from '../reach.ts'
import type { Columns } from './columns.ts'

/** Points that a target keeps: its link stays short enough to be sent. */
export const MOST_POINTS = 5000

/** Half the side of the square that a file's points are scaled into. */
export const FILLED = 3.5

/** Points of a file, and what was done to them. */
export interface FilePoints {
  readonly target: Target
  /** Rows whose two cells are numbers, and those that were kept of them. */
  readonly usable: number
  readonly kept: number
  /** Rows left out since a cell is no number. */
  readonly skipped: number
  /** Smallest and largest number of each column. */
  readonly ranges: readonly (readonly [number, number])[]
  /** The number of each column that is far from all others, where there is one. */
  readonly outliers: readonly (number | undefined)[]
}

/** Rows of both columns that are numbers. */
function usableRows([x, y]: readonly Float64Array[]): number[] {
  const rows: number[] = []
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i] + y[i])) rows.push(i)
  return rows
}

/** Some of many, each as likely, in their order. */
function someOf(rows: number[], most: number): number[] {
  if (rows.length <= most) return rows
  const stream = random(0, 'studio rows')
  const mixed = rows.slice()
  for (let i = 0; i < most; i++) {
    const j = i + stream.integer(mixed.length - i)
    ;[mixed[i], mixed[j]] = [mixed[j], mixed[i]]
  }
  return mixed.slice(0, most).sort((a, b) => a - b)
}

function rangeOf(column: Float64Array, rows: readonly number[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const row of rows) {
    low = Math.min(low, column[row])
    high = Math.max(high, column[row])
  }
  return [low, high]
}

/**
 * A target of two columns, moved and scaled into the square: by one factor, so that shapes stay as they are, or each
 * axis by its own.
 *
 * @throws DataError when fewer than two rows are usable, or all points are one
 */
export function pointsTarget(
  { columns }: Columns,
  chosen: readonly [number, number],
  ownScales: boolean,
  file: string,
): FilePoints {
  const pair = chosen.map(i => columns[i])
  const usable = usableRows(pair)
  if (usable.length < 2)
    throw new DataError(`${file}: expected at least 2 rows of two numbers, found ${usable.length}`)
  const ranges = pair.map(column => rangeOf(column, usable))
  // Halves first: the whole may be more than the largest number.
  const halves = ranges.map(([low, high]) => high / 2 - low / 2)
  const largest = Math.max(...halves)
  if (largest === 0) throw new DataError(`${file}: all its points are the same`)
  const rows = someOf(usable, MOST_POINTS)
  const view = new DataView(new ArrayBuffer(4 * rows.length))
  rows.forEach((row, i) => {
    pair.forEach((column, axis) => {
      const [low, high] = ranges[axis]
      const half = ownScales ? halves[axis] || 1 : largest
      const value = FILLED * ((column[row] - (low / 2 + high / 2)) / half)
      view.setUint16(4 * i + 2 * axis, Math.round(((value + REACH) / (2 * REACH)) * 0xffff), true)
    })
  })
  return {
    target: { kind: 'points', name: file.slice(0, LONGEST_NAME), bytes: toText(new Uint8Array(view.buffer)) },
    usable: usable.length,
    kept: rows.length,
    skipped: pair[0].length - usable.length,
    ranges,
    outliers: pair.map(column => outlierIn(Float64Array.from(usable, row => column[row]))),
  }
}
