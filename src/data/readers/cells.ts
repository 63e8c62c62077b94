import { show } from '../show.ts'
import type { Sink } from '../source.ts'

/** The character between whole numbers and fractions. */
export type Decimal = '.' | ','

const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i
/** What programs write where there is no value. */
const MISSING = /^(n\/?a|null|none|nil|missing|-|--|\?|\.)$/i
/** A number whose digits are grouped, or whose fraction begins with a comma. */
const GROUPED = /^[+-]?\d{1,3}(([., '\u00a0\u2019\u202f])\d{3}(\2\d{3})*([.,]\d+)?|,\d{3}(,\d{3})*\.\d*)$/
const COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i
/** The largest 32-bit float. */
const LARGEST = 3.4028234663852886e38

/** Whether the second character makes a number of another base, which JavaScript would take. */
function isOtherBase(cell: string): boolean {
  const letter = cell.charCodeAt(1) | 0x20
  // x, o, b
  return letter === 120 || letter === 111 || letter === 98
}

/** The number that a cell without surrounding space holds, NaN where it holds none. */
function numberOf(cell: string): number {
  const value = Number(cell)
  return cell === '' || isOtherBase(cell) ? Number.NaN : value
}

/** The same of a cell whose fraction begins with a comma, where that is so; a point is then no part of a number. */
export const numberIn = (cell: string, decimal: Decimal): number => {
  if (decimal === '.') return numberOf(cell)
  return cell.includes('.') ? Number.NaN : numberOf(cell.replace(',', '.'))
}

/** Whether a cell is a number, `nan` or `inf`. */
export const isNumeric = (cell: string): boolean => NOT_FINITE.test(cell) || !Number.isNaN(numberOf(cell))

/** Whether a fraction begins with a comma, between digits. */
export const hasComma = (cell: string): boolean => /^[+-]?\d+,\d+(e[+-]?\d+)?$/i.test(cell)

/** Whether a cell is written for a number, though not so that it can be read: it names no column. */
export const isMeantAsNumber = (cell: string): boolean =>
  isNumeric(cell) || COMMA.test(cell) || GROUPED.test(cell)

const FILL = 'fill it in, or remove the row'

const READ_COMMAS = '{csv: {path: ..., decimal: ","}}'

/** A number whose digits are grouped as it is without that, its fraction behind `decimal`. */
function ungrouped(cell: string, decimal: Decimal): string {
  const [whole, fraction = ''] = cell.split(/[.,](?=\d*$)/)
  const digits = (text: string) => text.replace(/[^\d+-]/g, '')
  // With one kind of separator there is no fraction.
  return fraction !== '' && /[^\d+-]/.test(whole) && !whole.includes(cell[whole.length])
    ? `${digits(whole)}${decimal}${fraction}`
    : digits(cell)
}

/**
 * What a cell that holds no number seems to be, and what to do.
 *
 * @param decimal  that is read; nothing where numbers are no text
 */
function advice(cell: string, decimal?: Decimal): string {
  if (MISSING.test(cell)) return ` (a missing value); ${FILL}`
  const read = decimal === '.' ? `read the file with ${READ_COMMAS}` : `write ${cell.replace(',', '.')}`
  const hasPoint = decimal === ',' && !Number.isNaN(numberOf(cell))
  if (GROUPED.test(cell)) {
    const plain = `write ${ungrouped(cell, decimal ?? '.')}`
    // "1,234" is either.
    if (COMMA.test(cell)) return ` (a thousands separator or a decimal comma); ${plain}, or ${read}`
    if (hasPoint)
      return ` (a thousands separator, or a decimal point where a comma was named); ${plain} or ${cell.replace('.', ',')}`
    return ` (a thousands separator); ${plain}`
  }
  if (COMMA.test(cell)) return ` (a decimal comma); ${read}`
  return hasPoint ? ' (a decimal point where a comma was named)' : ''
}

/** What is wrong with a cell of text that holds no number. */
export function wrongCell(cell: string, decimal: Decimal = '.'): string {
  if (cell === '') return `expected a number, found an empty cell; ${FILL}`
  if (NOT_FINITE.test(cell)) return `expected a finite number, found ${cell}; ${FILL}`
  if (Number.isNaN(numberIn(cell, decimal))) {
    return `expected a number, found ${show(cell)}${advice(cell, decimal)}`
  }
  return `expected a number within ±3.4e38 (32-bit floats), found ${cell.slice(0, 60)}`
}

/** What is wrong with a value that is no finite number of 32 bits. */
export function wrongValue(value: unknown): string {
  if (value === null || value === undefined) return 'expected a number, found nothing'
  if (typeof value === 'number' || typeof value === 'bigint') {
    return `expected a finite 32-bit number, found ${value}`
  }
  const hint = typeof value === 'string' ? advice(value) : ''
  return `expected a number, found ${show(value)}${hint}`
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
