import { dsvFormat } from 'd3-dsv'
import { DataError } from '../../data/error.ts'
import { decodeNpy } from './npy.ts'

/** Columns of numbers; NaN where a cell holds none. */
export interface Columns {
  readonly names: readonly string[]
  readonly rows: number
  readonly columns: readonly Float64Array[]
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
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // Refused below.
  }
  throw new DataError(`${file}: expected a table of text, an NPY file or a PNG, JPEG or WebP image`)
}

/** The first of tab, semicolon and comma in the first line that is not blank. */
function delimiterOf(text: string): string {
  const line = /\S.*/.exec(text.slice(0, 1 << 16))?.[0] ?? ''
  return ['\t', ';', ','].find(delimiter => line.includes(delimiter)) ?? ','
}

/** A table's columns that hold numbers; its first line names them when none of its cells is a number. */
function readText(bytes: Uint8Array, file: string): Columns {
  const text = textOf(bytes, file)
  const all = dsvFormat(delimiterOf(text)).parseRows(text)
  const table = all.filter(cells => cells.some(cell => cell.trim() !== ''))
  if (table.length === 0) throw new DataError(`${file}: it is empty`)
  const header = table[0].every(cell => Number.isNaN(numberOf(cell))) ? table[0] : undefined
  const body = header ? table.slice(1) : table
  const width = Math.min(MOST_COLUMNS, table[0].length)
  const columns = Array.from({ length: width }, (_, i) => Float64Array.from(body, row => numberOf(row[i])))
  const names = columns.map((_, i) => header?.[i].trim().slice(0, 40) || `column ${i + 1}`)
  const numeric = columns.map(column => column.some(value => !Number.isNaN(value)))
  return {
    names: names.filter((_, i) => numeric[i]),
    rows: body.length,
    columns: columns.filter((_, i) => numeric[i]),
  }
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
  return { names: columns.map((_, i) => `column ${i + 1}`), rows, columns }
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
