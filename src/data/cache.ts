import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { DataError } from './error.ts'
import { fileSize } from './file.ts'
import { numberType } from './number-types.ts'
import { HEADER_BYTES, MAGIC } from './row-file.ts'
import type { DirectRows, Head, Source } from './source.ts'
import { rowPieces } from './store.ts'

/** The folder of rows that were read from large files: `OXBOW_CACHE`, or `oxbow` in the user's folder of caches. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { OXBOW_CACHE, XDG_CACHE_HOME } = environment
  return OXBOW_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'oxbow')
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What readers make of the same file may change from version to version. */
const FORMAT = 2

/** Under which name the rows of a source are kept. */
export interface CacheKey {
  /** Common to all versions of the same files. */
  readonly family: string
  readonly version: string
}

/**
 * Any change of a file or of an option gives another version.
 *
 * @throws {DataError} when a file cannot be read
 */
export function cacheKey({ files, options }: Source): CacheKey {
  const versions = files.map(path => {
    fileSize(path)
    const { size, mtimeMs, ctimeMs, ino } = statSync(path)
    return [size, mtimeMs, ctimeMs, ino]
  })
  const names = files.map(path => realpathSync(path))
  return {
    family: sha256(JSON.stringify([FORMAT, names, options])).slice(0, 20),
    version: sha256(JSON.stringify(versions)).slice(0, 20),
  }
}

export const cacheFile = (folder: string, { family, version }: CacheKey): string =>
  join(folder, `${family}-${version}.rows`)

/** A name that no other process writes to. */
export const pendingFile = (folder: string, counter: number): string =>
  join(folder, `${process.pid}-${counter}-${Date.now()}.pending`)

/** Bytes that are kept for later. */
const MOST_BYTES = 10e9

/**
 * Removes older versions, what processes that were killed have left behind, and, beyond `most` bytes in all, the files that
 * were not used for longest; never that of the key.
 */
export function clearCache(folder: string, key: CacheKey, most = MOST_BYTES): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const old = name.startsWith(`${key.family}-`) && path !== cacheFile(folder, key)
    if (old || (name.endsWith('.pending') && !isRunning(Number.parseInt(name, 10))))
      rmSync(path, { force: true })
  }
  boundCache(folder, cacheFile(folder, key), most)
}

/** Removes what was not used for longest. */
function boundCache(folder: string, kept: string, most: number): void {
  const files = readdirSync(folder)
    .filter(name => name.endsWith('.rows'))
    .flatMap(name => {
      const path = join(folder, name)
      // Another process may have removed it.
      const stats = statSync(path, { throwIfNoEntry: false })
      return stats ? [{ path, size: stats.size, used: path === kept ? Infinity : stats.mtimeMs }] : []
    })
    .sort((a, b) => b.used - a.used)
  let total = 0
  for (const { path, size } of files) {
    total += size
    if (total > most && path !== kept) rmSync(path, { force: true })
  }
}

/** Its time tells which file was not used for longest; a cache of another's may be read only. */
function markUsed(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // It is then removed sooner.
  }
}

/** Whether there is such a process. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const metaSchema = z.strictObject({
  key: z.strictObject({ family: z.string(), version: z.string() }),
  dimension: z.int().positive(),
  vector: z.int().positive().optional(),
  columns: z.array(z.string()).optional(),
  leftOut: z.array(z.string()).optional(),
  mayBeDecimals: z.boolean().optional(),
  space: z.string().optional(),
  shape: z.array(z.int().positive()).optional(),
  bytes: z.boolean(),
  names: z.array(z.string()).optional(),
  training: z.int().optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  firstDuplicate: z.int().optional(),
  outliers: z
    .array(
      z.object({
        column: z.int(),
        row: z.int(),
        value: z.number(),
        deviation: z.number(),
        bulk: z.number(),
      }),
    )
    .optional(),
})

/** What belongs to the rows of a cache file. */
export type Meta = z.output<typeof metaSchema>

/** Rows that were read before. */
export interface Cached {
  readonly head: Head
  readonly meta: Meta
  readonly direct: DirectRows
  readonly labels: Uint16Array
  /** All rows in order; afterwards whether they are those that were written. */
  scan(each: (values: Float32Array | Uint8Array) => void): boolean
}

/** The rows of this key, if there is a whole file of them; a damaged one counts as none. */
export function openCache(folder: string, key: CacheKey): Cached | undefined {
  const path = cacheFile(folder, key)
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const found = readCache(file, path, key)
    if (found) markUsed(path)
    return found
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function readBytes(file: number, from: number, count: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(count))
  if (readSync(file, bytes, 0, count, from) < count) throw new Error('cut short')
  return bytes
}

function readCache(file: number, path: string, key: CacheKey): Cached | undefined {
  const header = readBytes(file, 0, HEADER_BYTES)
  const [rowBytes, labelBytes, metaBytes, checksum] = [0, 1, 2, 3].map(i => header.readDoubleLE(16 + 8 * i))
  const { size } = fstatSync(file)
  if (!header.toString('latin1').startsWith(MAGIC)) return undefined
  if (size !== HEADER_BYTES + rowBytes + labelBytes + metaBytes) return undefined
  const text = readBytes(file, HEADER_BYTES + rowBytes + labelBytes, metaBytes).toString()
  const meta = metaSchema.parse(JSON.parse(text))
  if (meta.key.family !== key.family || meta.key.version !== key.version) return undefined
  const type = numberType(meta.bytes ? 'u1' : 'f4')!
  const rows = rowBytes / type.bytes / meta.dimension
  if (!Number.isInteger(rows) || labelBytes !== (meta.names ? 2 * rows : 0)) return undefined
  const labels = readBytes(file, HEADER_BYTES + rowBytes, labelBytes)
  const { dimension, vector, columns, leftOut, mayBeDecimals, space, shape, bytes, names, training } = meta
  const direct = { path, offset: HEADER_BYTES, rows, type }
  return {
    head: {
      ...{ dimension, vector, columns, leftOut, mayBeDecimals, space, shape, bytes, training },
      labelled: names !== undefined,
    },
    meta,
    direct,
    labels: new Uint16Array(labels.buffer),
    scan(each) {
      let sum = 0
      try {
        for (const piece of rowPieces(direct, dimension)) {
          sum = crc32(piece, sum)
          each(type.decode(piece) as Float32Array | Uint8Array)
        }
      } catch (error) {
        if (error instanceof DataError) return false
        throw error
      }
      return crc32(labels, sum) === checksum
    },
  }
}
