import type { Sink } from '../source.ts'
import { show } from '../validate.ts'

const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i
/** The largest 32-bit float. */
const LARGEST = 3.4028234663852886e38

/** Whether the second character makes a number of another base, which JavaScript would take. */
function isOtherBase(cell: string): boolean {
  const letter = cell.charCodeAt(1) | 0x20
  // x, o, b
  return letter === 120 || letter === 111 || letter === 98
}

/** The number that a cell without surrounding space holds, NaN where it holds none. */
export function numberOf(cell: string): number {
  const value = Number(cell)
  return cell === '' || isOtherBase(cell) ? Number.NaN : value
}

/** Whether a cell is a number, `nan` or `inf`. */
export const isNumeric = (cell: string): boolean => NOT_FINITE.test(cell) || !Number.isNaN(numberOf(cell))

/** What is wrong with a cell of text that holds no number. */
export function wrongCell(cell: string): string {
  if (cell === '') return 'expected a number, found an empty cell'
  if (NOT_FINITE.test(cell)) return `expected a finite number, found ${cell}`
  if (Number.isNaN(numberOf(cell))) return `expected a number, found ${show(cell)}`
  return `expected a number within ±3.4e38 (32-bit floats), found ${cell.slice(0, 60)}`
}

/** What is wrong with a value that is no finite number of 32 bits. */
export function wrongValue(value: unknown): string {
  if (value === null || value === undefined) return 'expected a number, found nothing'
  if (typeof value === 'number' || typeof value === 'bigint') {
    return `expected a finite 32-bit number, found ${value}`
  }
  return `expected a number, found ${show(value)}`
}

/** Whether a 32-bit float holds it. */
export const isFinite32 = (value: number): boolean => value <= LARGEST && value >= -LARGEST

/** The place of a number in messages. */
export function placeOf(row: number, column: number, names?: readonly string[]): string {
  return `row ${row}, column ${column + 1}${names ? ` (${show(names[column])})` : ''}`
}

/**
 * Takes whole rows of numbers of any type to the sink, as 32-bit floats, and notes those that are not finite.
 *
 * @param first  number of the first row in messages
 */
export function pushNumbers(
  sink: Sink,
  values: ArrayLike<number>,
  dimension: number,
  first: number,
  labels?: readonly string[],
): void {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values)
  for (let i = 0; i < floats.length; i++) {
    if (!isFinite32(floats[i])) {
      sink.problem(placeOf(first + Math.floor(i / dimension), i % dimension), wrongValue(values[i]))
    }
  }
  sink.push(floats, labels, first)
}
