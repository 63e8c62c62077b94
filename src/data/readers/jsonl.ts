import { basename } from 'node:path'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { openContent } from '../file.ts'
import { kindOf, named } from '../sniff.ts'
import type { Sink, Source } from '../source.ts'
import { show } from '../validate.ts'
import { isFinite32, wrongValue } from './cells.ts'
import { wholeLines } from './lines.ts'

export const jsonlSchema = z
  .strictObject({
    path: z.string().min(1),
    columns: z.array(z.string()).min(1).optional(),
    field: z.string().optional(),
    label: z.string().optional(),
  })
  .refine(({ columns, field }) => columns === undefined || field === undefined, {
    error: 'expected columns or field, not both',
  })

type JsonlOptions = z.output<typeof jsonlSchema>

const LONGEST_LINE = 1 << 24
const BLOCK = 1 << 14

/** A JSON document on each line: an array of numbers, or an object with numbers under its keys or in one field. */
export function jsonlSource(options: JsonlOptions): Source {
  const { path } = options
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { jsonl: { ...options, path: '' } },
    async read(sink) {
      const content = openContent(path)
      const reader = rowReader(options, sink)
      let number = 0
      for await (const piece of wholeLines(content.bytes, path, LONGEST_LINE)) {
        if (number === 0) checkKind(piece, path)
        const lines = piece.toString('utf8').replace(/\n$/, '').split('\n')
        for (const line of lines) {
          number++
          if (line.trim() !== '') reader.line(number === 1 ? line.replace(/^\ufeff/, '') : line, number)
        }
      }
      reader.end()
      return content.sha256()
    },
  }
}

function checkKind(first: Buffer, path: string): void {
  const kind = kindOf(first)
  if (kind === 'json' || kind === 'text') return
  throw new DataError(`${path}: expected JSON on each line, found ${named(first)}`)
}

/** What a line holds. */
interface Parsed {
  readonly values: readonly unknown[]
  readonly label?: string
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads one line; `keys` are those of the first line where none are chosen. */
function parseLine(line: string, { columns, field, label }: JsonlOptions, keys?: readonly string[]): Parsed {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error('expected one JSON document on the line')
  }
  if (Array.isArray(value)) {
    if (columns || field !== undefined || label !== undefined)
      throw new Error('expected an object, found an array')
    return { values: value }
  }
  if (!isObject(value)) throw new Error(`expected an array of numbers or an object, found ${show(value)}`)
  const own = (key: string): unknown => {
    if (!Object.hasOwn(value, key)) throw new Error(`no key ${show(key)}`)
    return value[key]
  }
  const found = label === undefined ? undefined : own(label)
  if (
    label !== undefined &&
    typeof found !== 'string' &&
    typeof found !== 'number' &&
    typeof found !== 'boolean'
  ) {
    throw new Error(`expected a word or a number as label, found ${show(found)}`)
  }
  const named = found === undefined ? {} : { label: String(found) }
  if (field === undefined) {
    const chosen = columns ?? keys ?? Object.keys(value).filter(key => key !== label)
    return { values: chosen.map(own), ...named }
  }
  const values = own(field)
  if (!Array.isArray(values)) throw new Error(`expected an array under ${show(field)}, found ${show(values)}`)
  return { values, ...named }
}

function rowReader(options: JsonlOptions, sink: Sink) {
  const { columns, field, label, path } = options
  let dimension = 0
  let names: readonly string[] | undefined
  let block = new Float32Array(0)
  let labels: string[] = []
  let [used, first, next] = [0, 0, 0]

  const flush = (): void => {
    if (used > 0) sink.push(block.subarray(0, used), labels, first)
    used = 0
    labels = []
  }

  const begin = (line: string, { values }: Parsed): void => {
    dimension = values.length
    if (dimension === 0) throw new DataError(`${path}: row 1: expected numbers, found none`)
    const isTable = field === undefined && !line.trimStart().startsWith('[')
    names = isTable
      ? (columns ?? Object.keys(JSON.parse(line) as object).filter(key => key !== label))
      : undefined
    block = new Float32Array(dimension * Math.max(1, Math.floor(BLOCK / dimension)))
    sink.begin({ dimension, columns: names, labelled: label !== undefined })
  }

  const put = (value: unknown, line: number, column: number): void => {
    const number = typeof value === 'boolean' ? Number(value) : value
    const isRight = typeof number === 'number' && isFinite32(number)
    const title = names ? ` (${show(names[column])})` : ''
    if (!isRight) sink.problem(`row ${line}, column ${column + 1}${title}`, wrongValue(value))
    block[used++] = isRight ? number : 0
  }

  return {
    line(text: string, line: number): void {
      let parsed: Parsed
      try {
        parsed = parseLine(text, options, names)
      } catch (error) {
        sink.problem(`row ${line}`, (error as Error).message)
        return
      }
      if (dimension === 0) begin(text, parsed)
      if (parsed.values.length !== dimension) {
        sink.problem(`row ${line}`, `expected ${dimension} numbers, found ${parsed.values.length}`)
        return
      }
      if (used === block.length || (used > 0 && line !== next)) flush()
      if (used === 0) first = line
      next = line + 1
      parsed.values.forEach((value, column) => {
        put(value, line, column)
      })
      if (parsed.label !== undefined) labels.push(parsed.label)
    },
    end: flush,
  }
}
