import { basename } from 'node:path'
import { type CsvError, parse } from 'csv-parse'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { openContent } from '../file.ts'
import { indexColumns } from '../index-column.ts'
import { spaceKeys } from '../manifold/in-space.ts'
import type { Sink, Source } from '../source.ts'
import { RULES, type Rules } from '../split-rule.ts'
import { isFinite32, isMeantAsNumber, numberIn, placeOf, wrongCell } from './cells.ts'
import { type Chosen, chooseColumns } from './columns.ts'
import { utf8Lines } from './text-bytes.ts'
import { type Layout, layoutOf } from './text-start.ts'

export const column = z.union([z.string(), z.int().positive()], {
  error: 'expected the name of a column, or its number from 1',
})

/** The columns of a row's vector. */
export const conditionColumns = z.union([column, z.array(column).min(1)]).optional()

const DELIMITER = 'expected one character, such as ";", which is no quote and no line end'

export const textSchema = z.strictObject({
  path: z.string().min(1),
  columns: z.array(column).min(1).optional(),
  label: column.optional(),
  condition: conditionColumns,
  header: z.boolean().optional(),
  delimiter: z
    .string(DELIMITER)
    .regex(/^[^"\r\n]$/, DELIMITER)
    .optional(),
  decimal: z.enum(['.', ',']).optional(),
  ...spaceKeys,
})

/** How delimited text is read. */
export type TextOptions = z.output<typeof textSchema>

/** A longer line is no row of numbers. */
const LONGEST_LINE = 1 << 23
/** Numbers that are handed on at once. */
const BLOCK = 1 << 14

/** Delimited text, compressed by gzip or not. */
export function textSource(options: TextOptions, rules: Rules = RULES): Source {
  const { path } = options
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { csv: { ...options, path: '' }, rules },
    async read(sink) {
      const content = openContent(path)
      await parseText(content.bytes, options, rowReader(options, sink, rules))
      return content.sha256()
    },
  }
}

/** Takes the records of a file, one after another. */
interface RecordReader {
  /** Called before the first record. */
  begin(layout: Layout): void
  record(cells: readonly string[], line: number): void
  end(): void
}

/** Makes rows of records and hands them to the sink some at a time. */
function rowReader(options: TextOptions, sink: Sink, rules: Rules): RecordReader {
  const { path, header, decimal = '.' } = options
  let width = 0
  let chosen: Chosen
  let names: readonly string[] | undefined
  let layout: Layout
  let block = new Float32Array(0)
  let labels: string[] = []
  let [used, first, next] = [0, 0, 0]

  const flush = (): void => {
    if (used > 0) sink.push(block.subarray(0, used), labels, first)
    used = 0
    labels = []
  }

  const beginRows = (cells: readonly string[]): boolean => {
    width = cells.length
    const named = header ?? isHeader(cells)
    names = named ? cells : undefined
    const index = names && rules > 1 ? indexColumns(names) : []
    chosen = chooseColumns(path, { ...options, index }, width, names)
    const dimension = chosen.columns.length
    block = new Float32Array(dimension * Math.max(1, Math.floor(BLOCK / dimension)))
    sink.begin({
      dimension,
      vector: chosen.vector,
      columns: chosen.names,
      places: chosen.columns,
      leftOut: chosen.leftOut,
      labelled: chosen.label !== undefined,
      mayBeDecimals:
        layout.isPairs && !named && options.columns === undefined && !chosen.vector && dimension === 2,
    })
    return named
  }

  const wrong = (cell: string, line: number, column: number): number => {
    sink.problem(placeOf(line, column, names), wrongCell(cell, decimal))
    return 0
  }

  return {
    begin: found => {
      layout = found
    },
    record(cells, line) {
      if (width === 0 && beginRows(cells)) return
      if (cells.length !== width) {
        const hint = layout.delimiter === ',' ? decimalHint(cells, width) : ''
        sink.problem(`row ${line}`, `expected ${width} columns, found ${cells.length}${hint}`)
        return
      }
      // Rows are numbered by their lines, which blank ones and quoted line ends may leave out.
      if (used === block.length || (used > 0 && line !== next)) flush()
      if (used === 0) first = line
      next = line + 1
      for (const column of chosen.columns) {
        const value = numberIn(cells[column], decimal)
        block[used++] = isFinite32(value) ? value : wrong(cells[column], line, column)
      }
      if (chosen.label === undefined) return
      const label = cells[chosen.label]
      if (label === '')
        sink.problem(placeOf(line, chosen.label, names), 'expected a label, found an empty cell')
      labels.push(label)
    },
    end: flush,
  }
}

/** What to do about a line with twice as many whole numbers as there are columns: their fractions may begin with commas. */
function decimalHint(cells: readonly string[], width: number): string {
  if (cells.length !== 2 * width || !cells.every(cell => /^[+-]?\d+$/.test(cell))) return ''
  return width === 1
    ? '; read decimal commas with {csv: {path: ..., decimal: ","}}'
    : '; with decimal commas, save the file with semicolons between its columns'
}

/** A header has names only: a number, however it is written, `nan` or `inf` among them makes it a row. */
const isHeader = (cells: readonly string[]): boolean =>
  cells.some(cell => cell !== '') && !cells.some(isMeantAsNumber)

/**
 * Hands each record to `rows` with the number of its line; nothing is kept. Lines without quotes are split here, which is
 * much faster; from the first quote on the library reads.
 */
async function parseText(
  bytes: AsyncIterable<Buffer>,
  options: TextOptions,
  rows: RecordReader,
): Promise<void> {
  const { path } = options
  let layout: Layout | undefined
  let lines = 0
  let parser: QuotedParser | undefined
  for await (const whole of utf8Lines(bytes, path, 'text of columns', LONGEST_LINE)) {
    let piece = whole
    if (!layout) {
      layout = layoutOf(whole, options)
      rows.begin(layout)
      piece = whole.subarray(layout.skipped)
      lines = layout.skipped > 0 ? 1 : 0
    }
    const { delimiter } = layout
    if (!parser && isPlain(piece)) lines = splitLines(piece, delimiter, rows, lines)
    else {
      parser ??= quotedParser(path, delimiter, lines, rows)
      await parser.write(piece)
    }
  }
  await parser?.end()
  rows.end()
}

const QUOTE = 0x22
const RETURN = 0x0d

/** Whether a line is what stands between two line ends, and a cell what stands between two delimiters. */
function isPlain(piece: Buffer): boolean {
  if (piece.includes(QUOTE)) return false
  for (let at = piece.indexOf(RETURN); at >= 0; at = piece.indexOf(RETURN, at + 1)) {
    if (piece[at + 1] !== 0x0a && at + 1 < piece.length) return false
  }
  return true
}

/** @returns the number of lines so far */
function splitLines(piece: Buffer, delimiter: string, rows: RecordReader, before: number): number {
  const text = piece.toString('utf8')
  const lines = (before === 0 ? text.replace(/^\ufeff/, '') : text).replace(/\r?\n$/, '').split('\n')
  lines.forEach((line, i) => {
    if (line.trim() === '') return
    // Columns that are set under each other have several spaces between them.
    const cells = delimiter === ' ' ? line.trim().split(/ +/) : line.split(delimiter)
    for (let k = 0; k < cells.length; k++) cells[k] = cells[k].trim()
    rows.record(cells, before + i + 1)
  })
  return before + lines.length
}

interface QuotedParser {
  write(piece: Buffer): Promise<void>
  end(): Promise<void>
}

/** @param before  lines that were read already */
function quotedParser(path: string, delimiter: string, before: number, rows: RecordReader): QuotedParser {
  let failure: unknown
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: LONGEST_LINE,
    on_record: (cells: string[], { lines }) => {
      try {
        if (failure === undefined) rows.record(cells, before + lines)
      } catch (error) {
        failure = error
      }
      return null
    },
  })
  parser.on('error', error => {
    failure ??= textError(path, error as CsvError, before)
  })
  parser.resume()
  const check = (): void => {
    if (failure !== undefined) throw failure
  }
  return {
    async write(piece) {
      await new Promise<void>(resolve => parser.write(piece, () => resolve()))
      check()
    },
    async end() {
      await new Promise<void>(resolve => parser.once('close', resolve).end())
      check()
    },
  }
}

const QUOTING: Readonly<Partial<Record<string, string>>> = {
  INVALID_OPENING_QUOTE: 'a quote within a cell; a cell with quotes is quoted whole, its own quotes doubled',
  CSV_INVALID_CLOSING_QUOTE: 'text after the closing quote of a cell',
  CSV_QUOTE_NOT_CLOSED: 'a quote that is never closed',
}

function textError(
  path: string,
  { code, lines, message }: CsvError & { lines?: number },
  before: number,
): DataError {
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new DataError(`${path}: row ${before + (lines ?? 1)}: longer than ${LONGEST_LINE} bytes`)
  }
  const line = Number(/\bline (\d+)/.exec(message)?.[1] ?? lines ?? 1)
  return new DataError(`${path}: row ${before + line}: ${QUOTING[code] ?? 'cannot be read as columns'}`)
}
