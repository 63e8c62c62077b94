import { type Serializable, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { fileSize, INFLATE_LIMITS, mostInflated } from '../file.ts'
import { firstBytes, hashFile } from '../hash.ts'
import { indexColumns } from '../index-column.ts'
import { spaceKeys } from '../manifold/in-space.ts'
import { printable, show } from '../show.ts'
import { kindOf, named } from '../sniff.ts'
import type { Sink, Source } from '../source.ts'
import { RULES, type Rules } from '../split-rule.ts'
import { placeOf, wrongValue } from './cells.ts'
import { type Chosen, chooseColumns } from './columns.ts'
import { PARQUET_PROGRAM } from './parquet-program.ts'
import { column, conditionColumns } from './text.ts'

export const parquetSchema = z.strictObject({
  path: z.string().min(1),
  columns: z.array(column).min(1).optional(),
  label: column.optional(),
  condition: conditionColumns,
  ...spaceKeys,
})

type ParquetOptions = z.output<typeof parquetSchema>

/** Memory of the process that reads, MiB. */
const MEMORY = 512
/** Bytes of one page, inflated. */
const MOST_PAGE = 2 ** 27
/** Numbers that are handed over at once. */
const MOST_FLOATS = 2 ** 22
/** A piece that takes longer never comes. */
const PATIENCE_MS = 60_000
/** And one that takes more of a core: some seconds for any file, and more for a large one. */
const patience = (bytes: number): number => Math.min(PATIENCE_MS, 3_000 + bytes / 1024)
const LOOK_MS = 250

/** The columns of numbers of a Parquet file. */
export function parquetSource(options: ParquetOptions, rules: Rules = RULES): Source {
  const { path } = options
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { parquet: { ...options, path: '' }, rules },
    async read(sink) {
      const first = firstBytes(path)
      if (kindOf(first) !== 'parquet') {
        throw new DataError(`${path}: expected a Parquet file, found ${named(first)}`)
      }
      const helper = startHelper(path)
      try {
        await readThrough(helper, options, sink, rules)
      } finally {
        helper.end()
      }
      return hashFile(path)
    },
  }
}

interface Overview {
  readonly columns: readonly { readonly name: string; readonly nested: boolean }[]
  readonly groups: readonly number[]
  readonly rows: number
  /** Columns that pandas wrote as the index. */
  readonly index: readonly string[]
}

interface Piece {
  readonly values: Float32Array
  readonly labels?: readonly string[]
  readonly problems: readonly (readonly [row: number, column: number, value: unknown])[]
}

/** The process that reads. */
interface Helper {
  /** Sends a message and waits for the answer. */
  ask<T>(message: unknown): Promise<T>
  end(): void
}

const require = createRequire(import.meta.url)
const LIBRARIES = {
  hyparquet: pathToFileURL(require.resolve('hyparquet')).href,
  hyparquetCompressors: pathToFileURL(require.resolve('hyparquet-compressors')).href,
}

/** Milliseconds that the main thread of a process has worked, without its garbage collector; nothing where the system does not tell. */
function cpuTime(pid: number | undefined): number | undefined {
  try {
    const [, rest] = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1').split(') ')
    const [user, system] = rest.split(' ').slice(11, 13).map(Number)
    // In hundredths of a second, on every Linux.
    return 10 * (user + system)
  } catch {
    return undefined
  }
}

/** Running out of memory is an abort. */
const reasonOf = (code: number | null, signal: string | null): string =>
  signal === 'SIGABRT' || code === 134 ? 'it needs too much memory' : `its reader ended: ${signal ?? code}`

function startHelper(path: string): Helper {
  const most = patience(fileSize(path))
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${MEMORY}`, '--input-type=commonjs', '-e', PARQUET_PROGRAM],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  const refuse = (reason: string): DataError =>
    new DataError(`${path}: not a Parquet file that can be read (${printable(reason)})`)
  // After the last answer nothing of it matters.
  child.on('error', () => {})
  return {
    ask: message =>
      new Promise((resolve, reject) => {
        const settle = (action: () => void): void => {
          clearInterval(timer)
          child.off('message', onMessage).off('error', onError).off('exit', onExit)
          action()
        }
        const onMessage = (answer: unknown): void =>
          settle(() => {
            const { failure } = answer as { failure?: string }
            failure === undefined ? resolve(answer as never) : reject(refuse(failure))
          })
        const onError = (error: Error): void => settle(() => reject(refuse(error.message)))
        const onExit = (code: number | null, signal: string | null): void =>
          settle(() => reject(refuse(reasonOf(code, signal))))
        const start = performance.now()
        const before = cpuTime(child.pid) ?? 0
        const timer = setInterval(() => {
          const waited = performance.now() - start
          // On a busy machine a process may wait for long without working.
          const worked = cpuTime(child.pid)
          const spent = worked === undefined ? waited : worked - before
          if (spent > most || waited > PATIENCE_MS) settle(() => reject(refuse('it takes too long')))
        }, LOOK_MS)
        child.on('message', onMessage).on('error', onError).on('exit', onExit)
        child.send(message as Serializable, error => error && onError(error))
      }),
    end: () => {
      child.kill('SIGKILL')
    },
  }
}

async function readThrough(helper: Helper, options: ParquetOptions, sink: Sink, rules: Rules): Promise<void> {
  const { path } = options
  const limits = { mostPage: MOST_PAGE, mostFloats: MOST_FLOATS }
  const overview = await helper.ask<Overview>({ path, ...LIBRARIES, ...limits })
  const { columns } = overview
  const names = columns.map(({ name }) => name)
  // What the process sends is as the file has it.
  if (!names.every(name => typeof name === 'string'))
    throw new DataError(`${path}: not a Parquet file that can be read (a column has no name)`)
  const index = rules > 1 ? indexColumns(names, overview.index) : []
  const chosen = chooseColumns(path, { ...options, index }, columns.length, names)
  checkOverview(path, overview, chosen)
  sink.begin({
    dimension: chosen.columns.length,
    vector: chosen.vector,
    columns: chosen.names,
    leftOut: chosen.leftOut,
    labelled: chosen.label !== undefined,
  })
  const label = chosen.label === undefined ? undefined : names[chosen.label]
  let message: unknown = { names: chosen.names, label }
  let row = 1
  for (;;) {
    const answer = await helper.ask<Piece | { readonly done: true }>(message)
    if ('done' in answer) return
    const { values, labels, problems } = answer
    for (const [i, at, value] of problems) {
      sink.problem(placeOf(row + i, chosen.columns[at], names), wrongValue(value))
    }
    labels?.forEach((found, i) => {
      const problem = wrongLabel(found)
      if (problem) sink.problem(placeOf(row + i, chosen.label!, names), problem)
    })
    sink.push(values, labels, row)
    row += values.length / chosen.columns.length
    message = 'taken'
  }
}

/** The library puts U+FFFD in place of bytes that are not UTF-8, which makes one class of two. */
function wrongLabel(label: string): string | undefined {
  if (label === '') return 'expected a label, found nothing'
  return label.includes('\ufffd')
    ? 'expected a label of UTF-8, found other bytes; write text as UTF-8'
    : undefined
}

/** @throws {DataError} when what the file says of itself cannot be */
function checkOverview(path: string, { columns, groups, rows }: Overview, chosen: Chosen): void {
  const isCount = (count: number) => Number.isSafeInteger(count) && count >= 0
  const total = groups.reduce((sum, count) => sum + count, 0)
  if (!groups.every(isCount) || !isCount(rows) || total !== rows) {
    throw new DataError(`${path}: not a Parquet file that can be read (its counts of rows are damaged)`)
  }
  const read = chosen.label === undefined ? chosen.columns : [...chosen.columns, chosen.label]
  for (const place of read) {
    const { name, nested } = columns[place]
    if (name.includes('\ufffd')) {
      throw new DataError(`${path}: column ${place + 1} has a name that is not UTF-8; rename it`)
    }
    if (nested)
      throw new DataError(
        `${path}: column ${place + 1} (${show(name)}) holds lists or records; choose others`,
      )
    if (columns.filter(other => other.name === name).length > 1) {
      throw new DataError(`${path}: two columns are called ${show(name)}`)
    }
  }
  const decoded = rows * read.length * Float32Array.BYTES_PER_ELEMENT
  if (decoded > mostInflated(fileSize(path))) {
    throw new DataError(
      `${path}: its ${rows} rows inflate to ${decoded} bytes, over ${INFLATE_LIMITS.ratio} times its size; not read`,
    )
  }
}
