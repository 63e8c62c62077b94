import { basename } from 'node:path'
import { type CsvError, parse } from 'csv-parse'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { openContent } from '../file.ts'
import { kindOf, named } from '../sniff.ts'
import type { Sink, Source } from '../source.ts'
import { isFinite32, isNumeric, numberOf, placeOf, wrongCell } from './cells.ts'
import { type Chosen, chooseColumns } from './columns.ts'

export const column = z.union([z.string(), z.int().positive()], {
  error: 'expected the name of a column, or its number from 1',
})

export const textSchema = z.strictObject({
  path: z.string().min(1),
  columns: z.array(column).min(1).optional(),
  label: column.optional(),
  header: z.boolean().optional(),
  delimiter: z.string().length(1).optional(),
})

/** How delimited text is read. */
export type TextOptions = z.output<typeof textSchema>

/** A longer line is no row of numbers. */
const LONGEST_LINE = 1 << 23
/** Numbers that are handed on at once. */
const BLOCK = 1 << 14

/** Delimited text, compressed by gzip or not. */
export function textSource(options: TextOptions): Source {
  const { path } = options
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { csv: { ...options, path: '' } },
    async read(sink) {
      const content = openContent(path)
      await parseText(content.bytes, options, rowReader(options, sink))
      return content.sha256()
    },
  }
}

/** Takes the records of a file, one after another. */
interface RecordReader {
  record(cells: readonly string[], line: number): void
  end(): void
}

/** Makes rows of records and hands them to the sink some at a time. */
function rowReader(options: TextOptions, sink: Sink): RecordReader {
  const { path, header } = options
  let width = 0
  let chosen: Chosen
  let names: readonly string[] | undefined
  let block = new Float32Array(0)
  let labels: string[] = []
  let [used, first, next] = [0, 0, 0]

  const flush = (): void => {
    if (used > 0) sink.push(block.subarray(0, used), labels, first)
    used = 0
    labels = []
  }

  const begin = (cells: readonly string[]): boolean => {
    width = cells.length
    const named = header ?? isHeader(cells)
    names = named ? cells : undefined
    chosen = chooseColumns(path, options, width, names)
    const dimension = chosen.columns.length
    block = new Float32Array(dimension * Math.max(1, Math.floor(BLOCK / dimension)))
    sink.begin({ dimension, columns: chosen.names, labelled: chosen.label !== undefined })
    return named
  }

  const wrong = (cell: string, line: number, column: number): number => {
    sink.problem(placeOf(line, column, names), wrongCell(cell))
    return 0
  }

  return {
    record(cells, line) {
      if (width === 0 && begin(cells)) return
      if (cells.length !== width) {
        sink.problem(`row ${line}`, `expected ${width} columns, found ${cells.length}`)
        return
      }
      // Rows are numbered by their lines, which blank ones and quoted line ends may leave out.
      if (used === block.length || (used > 0 && line !== next)) flush()
      if (used === 0) first = line
      next = line + 1
      for (const column of chosen.columns) {
        const value = numberOf(cells[column])
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

/** A header has names only: a number, `nan` or `inf` among them makes it a row. */
const isHeader = (cells: readonly string[]): boolean =>
  cells.some(cell => cell !== '') && !cells.some(isNumeric)

/** Hands each record to `rows` with the number of its line; nothing is kept. */
async function parseText(
  bytes: AsyncIterable<Buffer>,
  { path, delimiter }: TextOptions,
  rows: RecordReader,
): Promise<void> {
  let failure: unknown
  let parser: ReturnType<typeof parse> | undefined
  const open = (first: Buffer) => {
    const kind = kindOf(first)
    if (kind !== 'text' && !isBracketedText(first)) {
      throw new DataError(`${path}: expected text of columns, found ${named(first)}`)
    }
    parser = parse({
      bom: true,
      delimiter: delimiter ?? detectDelimiter(first),
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: LONGEST_LINE,
      on_record: (cells: string[], { lines }) => {
        try {
          if (failure === undefined) rows.record(cells, lines)
        } catch (error) {
          failure = error
        }
        return null
      },
    })
    parser.on('error', error => {
      failure ??= textError(path, error as CsvError)
    })
    return parser.resume()
  }

  for await (const chunk of bytes) {
    parser ??= open(chunk)
    const parsing = parser
    await new Promise<void>(resolve => parsing.write(chunk, () => resolve()))
    if (failure !== undefined) throw failure
  }
  const parsing = parser
  if (!parsing) throw new DataError(`${path}: the file is empty`)
  await new Promise<void>(resolve => parsing.once('close', resolve).end())
  if (failure !== undefined) throw failure
  rows.end()
}

function textError(path: string, { code, message, lines }: CsvError & { lines?: number }): DataError {
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new DataError(`${path}: row ${lines ?? 1}: longer than ${LONGEST_LINE} characters`)
  }
  return new DataError(`${path}: ${message.split('\n')[0]}`)
}

/** A header may begin with a bracket, which JSON does too. */
function isBracketedText(first: Buffer): boolean {
  if (kindOf(first) !== 'json') return false
  const [line] = first.toString('utf8').trimStart().split('\n', 1)
  try {
    JSON.parse(line)
    return false
  } catch {
    return !/^[[{]\s*["[{]/.test(line) && !/^[[{]\s*$/.test(line)
  }
}

/** The first of tab, semicolon and comma that stands in the first line that is not blank. */
function detectDelimiter(first: Buffer): string {
  const start = first.subarray(0, 1 << 16).toString('utf8')
  const line = start.split(/\r\n|\n|\r/).find(text => text.trim() !== '') ?? ''
  return ['\t', ';', ','].find(delimiter => line.includes(delimiter)) ?? ','
}
