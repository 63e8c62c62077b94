import { parse } from 'csv-parse/sync'
import { DataError } from './error.ts'
import { show } from './validate.ts'

/** A table of finite numbers `[rows, dimension]`, row after row. */
export interface Table {
  readonly columns?: readonly string[]
  readonly dimension: number
  readonly points: Float64Array
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i
const LARGEST = 3.4028234663852886e38

/**
 * Reads delimited text; see `csvDataset` for the format.
 *
 * @param file  the file's name in messages
 * @param least  the fewest rows that will do
 * @throws {DataError} as `csvDataset`
 */
export function readTable(content: Buffer, file: string, least = 2): Table {
  const numbers: number[] = []
  let columns: string[] | undefined
  let dimension = 0
  const delimiter = detectDelimiter(content)

  const readRow = (cells: string[], line: number): void => {
    if (dimension === 0) {
      dimension = cells.length
      if (isHeader(cells)) {
        columns = cells
        return
      }
    }
    if (cells.length !== dimension) {
      throw new DataError(`${file}: row ${line}: expected ${dimension} columns, found ${cells.length}`)
    }
    cells.forEach((cell, i) => {
      const title = columns ? ` ("${columns[i]}")` : ''
      numbers.push(parseCell(cell, `${file}: row ${line}, column ${i + 1}${title}`))
    })
  }

  parseText(content, delimiter, file, readRow)
  if (dimension === 0) throw new DataError(`${file}: the file is empty`)
  const rows = numbers.length / dimension
  if (rows < least) {
    const expected = `${least} row${least === 1 ? '' : 's'}`
    throw new DataError(`${file}: expected at least ${expected} of numbers, found ${rows}`)
  }
  return { ...(columns && { columns }), dimension, points: Float64Array.from(numbers) }
}

/** Hands each record to `readRow` with the number of its line; nothing is kept. */
function parseText(
  content: Buffer,
  delimiter: string,
  file: string,
  readRow: (cells: string[], line: number) => void,
): void {
  try {
    parse(content, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (cells: string[], { lines }) => {
        readRow(cells, lines)
        return null
      },
    })
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(`${file}: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** The first of tab, semicolon and comma that stands in the first line that is not blank. */
function detectDelimiter(content: Buffer): string {
  const start = content.subarray(0, 1 << 16).toString('utf8')
  const line = start.split(/\r\n|\n|\r/).find(text => text.trim() !== '') ?? ''
  return ['\t', ';', ','].find(delimiter => line.includes(delimiter)) ?? ','
}

/** A header has names only: a number, `nan` or `inf` among them makes it a row. */
function isHeader(cells: readonly string[]): boolean {
  return cells.some(cell => cell !== '') && !cells.some(cell => NUMBER.test(cell) || NOT_FINITE.test(cell))
}

function parseCell(cell: string, where: string): number {
  if (cell === '') throw new DataError(`${where}: expected a number, found an empty cell`)
  if (NOT_FINITE.test(cell)) throw new DataError(`${where}: expected a finite number, found ${cell}`)
  if (!NUMBER.test(cell)) throw new DataError(`${where}: expected a number, found ${show(cell)}`)
  const value = Number(cell)
  if (Math.abs(value) > LARGEST) {
    throw new DataError(`${where}: expected a number within ±3.4e38 (32-bit floats), found ${cell}`)
  }
  return value
}
