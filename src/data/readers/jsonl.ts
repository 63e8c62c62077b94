import { basename } from 'node:path'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { openContent } from '../file.ts'
import { indexColumns } from '../index-column.ts'
import { spaceKeys } from '../manifold/in-space.ts'
import { show } from '../show.ts'
import type { Sink, Source } from '../source.ts'
import { RULES, type Rules } from '../split-rule.ts'
import { isFinite32, wrongValue } from './cells.ts'
import { duplicateKey } from './duplicate-key.ts'
import { utf8Lines } from './text-bytes.ts'

export const jsonlSchema = z
  .strictObject({
    path: z.string().min(1),
    columns: z.array(z.string()).min(1).optional(),
    field: z.string().optional(),
    label: z.string().optional(),
    condition: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
    ...spaceKeys,
  })
  .refine(({ columns, field }) => columns === undefined || field === undefined, {
    error: 'expected columns or field, not both',
  })

type JsonlOptions = z.output<typeof jsonlSchema>

const LONGEST_LINE = 1 << 24
const BLOCK = 1 << 14

/** A JSON document on each line: an array of numbers, or an object with numbers under its keys or in one field. */
export function jsonlSource(options: JsonlOptions, rules: Rules = RULES): Source {
  const { path } = options
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { jsonl: { ...options, path: '' }, rules },
    async read(sink) {
      const content = openContent(path)
      const reader = rowReader(options, sink, rules)
      let number = 0
      for await (const piece of utf8Lines(content.bytes, path, 'JSON on each line', LONGEST_LINE)) {
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

/** What a line holds. */
interface Parsed {
  /** The coordinates, and behind them the numbers of the row's vector. */
  readonly values: readonly unknown[]
  /** How many these are. */
  readonly vector: number
  readonly label?: string
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads one line; `keys` are those of the first line where none are chosen. */
function parseLine(
  line: string,
  { columns, field, label, condition = [] }: JsonlOptions,
  keys?: readonly string[],
): Parsed {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error('expected one JSON document on the line')
  }
  if (Array.isArray(value)) {
    if (columns || field !== undefined || label !== undefined || condition.length > 0)
      throw new Error('expected an object, found an array')
    return { values: value, vector: 0 }
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
  const told = [condition].flat()
  const vector = told.flatMap(own)
  if (field === undefined) {
    const chosen = columns ?? keys ?? Object.keys(value).filter(key => key !== label && !told.includes(key))
    return { values: [...chosen.map(own), ...vector], vector: vector.length, ...named }
  }
  const values = own(field)
  if (!Array.isArray(values)) throw new Error(`expected an array under ${show(field)}, found ${show(values)}`)
  return { values: [...values, ...vector], vector: vector.length, ...named }
}

function rowReader(options: JsonlOptions, sink: Sink, rules: Rules) {
  const { columns, field, label, condition = [], path } = options
  const told = [condition].flat()
  let dimension = 0
  let coordinates: readonly string[] | undefined
  /** Of all numbers of a row, where each has its own key. */
  let names: readonly string[] | undefined
  let block = new Float32Array(0)
  let labels: string[] = []
  let [used, first, next] = [0, 0, 0]

  const flush = (): void => {
    if (used > 0) sink.push(block.subarray(0, used), labels, first)
    used = 0
    labels = []
  }

  /** The coordinates of a table, by the keys of its first line. */
  const namesOf = (line: string) => {
    const keys = Object.keys(JSON.parse(line) as object).filter(key => key !== label && !told.includes(key))
    const twice = duplicateKey(line)
    if (twice !== undefined) throw new DataError(`${path}: two keys of a line are called ${show(twice)}`)
    const index = columns || rules === 1 ? [] : indexColumns(keys)
    return {
      names: columns ?? keys.filter((_, i) => !index.includes(i)),
      ...(index.length > 0 && { leftOut: index.map(i => keys[i]) }),
    }
  }

  const begin = (line: string, { values, vector }: Parsed): void => {
    const isTable = field === undefined && !line.trimStart().startsWith('[')
    const table = isTable ? namesOf(line) : undefined
    coordinates = table?.names
    const points = coordinates?.length ?? values.length - vector
    if (points === 0) throw new DataError(`${path}: row 1: expected numbers, found none`)
    dimension = points + vector
    if (coordinates && vector === told.length) names = [...coordinates, ...told]
    block = new Float32Array(dimension * Math.max(1, Math.floor(BLOCK / dimension)))
    sink.begin({
      dimension,
      ...(vector > 0 && { vector }),
      columns: names,
      leftOut: table?.leftOut,
      labelled: label !== undefined,
    })
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
        parsed = parseLine(text, options, coordinates)
        if (dimension === 0) {
          begin(text, parsed)
          parsed = parseLine(text, options, coordinates)
        }
      } catch (error) {
        if (error instanceof DataError) throw error
        sink.problem(`row ${line}`, (error as Error).message)
        return
      }
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
