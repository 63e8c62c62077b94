import { createHash } from 'node:crypto'
import { createReadStream, type Stats, statSync } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DataError } from './error.ts'
import { isGzip, named } from './sniff.ts'

const READ_ERRORS: Record<string, string> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a folder, expected a file',
  EACCES: 'no permission to read it',
  ENAMETOOLONG: 'no such file: its name is too long',
  ELOOP: 'is a link to itself',
  ERR_INVALID_ARG_VALUE: 'is not the name of a file',
}

/** An error of the file system in the user's terms. */
export function fileError(path: string, error: unknown): DataError {
  if (error instanceof DataError) return error
  const { code, message } = error as NodeJS.ErrnoException
  return new DataError(`${path}: ${READ_ERRORS[code ?? ''] ?? message.split('\n')[0]}`)
}

/** @throws {DataError} when there is nothing to be read */
export function statPath(path: string): Stats {
  try {
    return statSync(path)
  } catch (error) {
    throw fileError(path, error)
  }
}

/**
 * The size of a file, bytes.
 *
 * @throws {DataError} when it cannot be read, is no regular file or is empty
 */
export function fileSize(path: string): number {
  const stats = statPath(path)
  if (stats.isDirectory()) throw new DataError(`${path}: is a folder, expected a file`)
  // A pipe would wait for its writer, and cannot be read a second time.
  if (!stats.isFile()) throw new DataError(`${path}: is no regular file`)
  if (stats.size === 0) throw new DataError(`${path}: the file is empty`)
  return stats.size
}

/** Limits against small files that become very large. */
export interface InflateLimits {
  /** How many times larger than the file, once the result is above `from` bytes. */
  readonly ratio: number
  readonly from: number
  /** Bytes, in all. */
  readonly total: number
}

export const INFLATE_LIMITS: InflateLimits = { ratio: 200, from: 2 ** 26, total: 2 ** 36 }

/** Bytes that a compressed file of so many may become, whatever its format. */
export const mostInflated = (bytes: number, { ratio, from, total } = INFLATE_LIMITS): number =>
  Math.min(total, Math.max(from, ratio * bytes))

/** A file's content, as it comes. */
export interface Content {
  /** Can be read once. */
  readonly bytes: AsyncIterable<Buffer>
  /** Of the file as it is on the disk; known when all bytes have been read. */
  sha256(): string
}

const CHUNK = 1 << 20

/**
 * The content of a file, inflated where its name ends in `.gz`.
 *
 * @throws {DataError} here or while it is read, when it cannot be read or inflated, or the name and the content disagree
 */
export function openContent(path: string, limits = INFLATE_LIMITS): Content {
  fileSize(path)
  const hash = createHash('sha256')
  const compressed = /\.gz$/i.test(path)
  async function* raw(): AsyncGenerator<Buffer> {
    try {
      let first = true
      for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
        if (first) checkCompression(path, chunk, compressed)
        first = false
        hash.update(chunk)
        yield chunk
      }
    } catch (error) {
      throw fileError(path, error)
    }
  }
  return { bytes: compressed ? inflated(raw(), path, limits) : raw(), sha256: () => hash.digest('hex') }
}

function checkCompression(path: string, first: Buffer, expected: boolean): void {
  if (isGzip(first) === expected) return
  const found = named(first)
  throw new DataError(
    expected
      ? `${path}: expected a file compressed by gzip, found ${found}`
      : `${path}: is compressed by gzip; let its name end in .gz`,
  )
}

async function* inflated(
  raw: AsyncGenerator<Buffer>,
  path: string,
  limits: InflateLimits,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  pipeline(Readable.from(raw), gunzip, () => {})
  const most = mostInflated(statPath(path).size, limits)
  let length = 0
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > most) {
        throw new DataError(
          `${path}: inflates to more than ${most} bytes, ${limits.ratio} times its size; not read on`,
        )
      }
      yield chunk
    }
  } catch (error) {
    if (error instanceof DataError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'Z_BUF_ERROR' ? 'is cut short' : 'is damaged'
    throw new DataError(`${path}: the gzip stream ${reason}`)
  }
}

/** Takes bytes one after another. */
export interface ByteReader {
  /** So many bytes, in memory of their own; fewer at the end. */
  take(count: number): Promise<Buffer>
}

/** Reads content that comes in chunks, and closes it whatever happens. */
export async function withBytes<T>(
  bytes: AsyncIterable<Buffer>,
  use: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const source = bytes[Symbol.asyncIterator]()
  try {
    return await use(byteReader(source))
  } finally {
    await source.return?.()
  }
}

function byteReader(source: AsyncIterator<Buffer>): ByteReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    async take(count) {
      const parts: Buffer[] = []
      let length = 0
      while (length < count) {
        if (rest.length === 0) {
          const { done, value } = await source.next()
          if (done) break
          rest = value
        }
        const part = rest.subarray(0, count - length)
        parts.push(part)
        length += part.length
        rest = rest.subarray(part.length)
      }
      const whole = Buffer.from(new ArrayBuffer(length))
      let at = 0
      for (const part of parts) at += part.copy(whole, at)
      return whole
    },
  }
}
