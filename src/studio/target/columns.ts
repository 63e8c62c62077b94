import { dsvFormat } from 'd3-dsv'
import { EXCEL_DELIMITER } from '../../data/delimiter-line.ts'
import { DataError } from '../../data/error.ts'
import { indexColumns } from '../../data/index-column.ts'
import { hasComma, isMeantAsNumber } from '../../data/readers/cells.ts'
import { decodeText, utf16Of } from '../../data/utf8.ts'
import { decodeNpy } from './npy.ts'

/** Columns of numbers; NaN where a cell holds none. */
export interface Columns {
  readonly names: readonly string[]
  readonly rows: number
  readonly columns: readonly Float64Array[]
  /** Names of columns that hold the index of a data frame, and are not offered. */
  readonly leftOut?: readonly string[]
}

/** Most columns that are offered. */
const MOST_COLUMNS = 200

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function numberOf(cell: string | undefined): number {
  const text = cell?.trim() ?? ''
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : Number.NaN
}

function textOf(bytes: Uint8Array, file: string): string {
  // No text has zero bytes but that of UTF-16, whose mark comes first.
  const isText = utf16Of(bytes) !== undefined || !bytes.subarray(0, 4096).includes(0)
  if (isText) return decodeText(bytes, file)
  throw new DataError(`${file}: expected a table of text, an NPY file or a PNG, JPEG or WebP image`)
}

/** The first of tab, semicolon and comma in the first line that is not blank. */
function delimiterOf(text: string): string {
  const line = /\S.*/.exec(text.slice(0, 1 << 16))?.[0] ?? ''
  return ['\t', ';', ','].find(delimiter => line.includes(delimiter)) ?? ','
}

/** A table's columns that hold numbers; its first line names them when none of its cells is a number. */
function readText(bytes: Uint8Array, file: string): Columns {
  const whole = textOf(bytes, file)
  const [line = '', excel] = EXCEL_DELIMITER.exec(whole) ?? []
  const text = whole.slice(line.length)
  const all = dsvFormat(excel ?? delimiterOf(text)).parseRows(text)
  const table = all.filter(cells => cells.some(cell => cell.trim() !== ''))
  if (table.length === 0) throw new DataError(`${file}: it is empty`)
  const header = table[0].some(cell => isMeantAsNumber(cell.trim())) ? undefined : table[0]
  const body = header ? table.slice(1) : table
  const width = Math.min(MOST_COLUMNS, table[0].length)
  const columns = Array.from({ length: width }, (_, i) => Float64Array.from(body, row => numberOf(row[i])))
  const names = columns.map((_, i) => header?.[i].trim().slice(0, 40) || `column ${i + 1}`)
  const numeric = columns.map(column => column.some(value => !Number.isNaN(value)))
  const index = header ? indexColumns(header.slice(0, width).map(name => name.trim())) : []
  const offered = (i: number): boolean => numeric[i] && !index.includes(i)
  // Two columns are needed, whatever they are.
  const isEnough = columns.filter((_, i) => offered(i)).length >= 2
  const isKept = (_: unknown, i: number): boolean => (isEnough ? offered(i) : numeric[i])
  const kept = columns.filter(isKept)
  if (kept.length < 2) checkCommas(table, file)
  return {
    names: names.filter(isKept),
    rows: body.length,
    columns: kept,
    leftOut: isEnough ? index.map(i => names[i]) : [],
  }
}

/** @throws DataError when numbers have decimal commas, which nothing here reads */
function checkCommas(table: readonly (readonly string[])[], file: string): void {
  const row = table.findIndex(cells => cells.some(cell => hasComma(cell.trim())))
  if (row < 0) return
  const column = table[row].findIndex(cell => hasComma(cell.trim()))
  const cell = table[row][column].trim().slice(0, 40)
  throw new DataError(
    `${file}: row ${row + 1}, column ${column + 1}: expected a number, found "${cell}" (a decimal comma); write decimal points`,
  )
}

/** The columns of an array `[n, D]`. */
function readArray(bytes: Uint8Array, file: string): Columns {
  const { shape, data } = decodeNpy(bytes, file)
  const [rows, width] = shape
  if (shape.length !== 2)
    throw new DataError(`${file}: expected an array [n, D], found [${shape.join(', ')}]`)
  const columns = Array.from({ length: Math.min(MOST_COLUMNS, width) }, (_, i) =>
    Float64Array.from({ length: rows }, (_, row) => {
      const value = data[row * width + i]
      return Number.isFinite(value) ? value : Number.NaN
    }),
  )
  return { names: columns.map((_, i) => `column ${i + 1}`), rows, columns, leftOut: [] }
}

const isNpy = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY'

/**
 * The columns of a table: text with commas, tabs or semicolons, or an NPY array.
 *
 * @throws DataError with one line that names the file
 */
export function readColumns(bytes: Uint8Array, file: string): Columns {
  const found = isNpy(bytes) ? readArray(bytes, file) : readText(bytes, file)
  if (found.columns.length < 2) {
    throw new DataError(`${file}: expected two columns of numbers, found ${found.columns.length}`)
  }
  return found
}
