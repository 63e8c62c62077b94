import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { DataError } from './error.ts'

/** What stands before the rows. */
export const HEADER_BYTES = 64
export const MAGIC = 'oxbow rows 1\n'

/** A file of rows that is being written, under a name of its own until it is whole. */
export interface RowFile {
  readonly path: string
  write(values: Float32Array | Uint8Array): void
  /** Writes what belongs to the rows, and completes the file. */
  finish(labels: Uint16Array, meta: object): void
  /** Gives the file its name. */
  keep(path: string): void
  remove(): void
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

/** A file that cannot be removed is left. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The error that led here says more.
  }
}

/** Where rows, labels and description end, and a checksum of the first two. */
function encodeHeader(rows: number, labels: number, meta: number, checksum: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(MAGIC, 'latin1')
  ;[rows, labels, meta, checksum].forEach((value, i) => {
    header.writeDoubleLE(value, 16 + 8 * i)
  })
  return header
}

/**
 * Begins a file.
 *
 * @throws {DataError} when it cannot be written; so do its methods
 */
export function createRowFile(path: string): RowFile {
  const orRefuse = <T>(action: () => T): T => {
    try {
      return action()
    } catch (error) {
      discard(path)
      const reason =
        (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : (error as Error).message
      throw new DataError(
        `${dirname(path)}: cannot keep large data here: ${reason}; name another folder in OXBOW_CACHE`,
      )
    }
  }
  const file = orRefuse(() => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return openSync(path, 'wx', 0o600)
  })
  let isOpen = true
  let [written, checksum] = [0, 0]
  const append = (bytes: Uint8Array): void => {
    for (let from = 0; from < bytes.length; ) {
      from += orRefuse(() => writeSync(file, bytes, from, bytes.length - from, HEADER_BYTES + written + from))
    }
    written += bytes.length
  }
  const appendCounted = (bytes: Uint8Array): void => {
    append(bytes)
    checksum = crc32(bytes, checksum)
  }
  const close = (): void => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  return {
    path,
    write: values => appendCounted(bytesOf(values)),
    finish(labels, meta) {
      const rows = written
      appendCounted(bytesOf(labels))
      const text = Buffer.from(JSON.stringify(meta))
      append(text)
      orRefuse(() => {
        writeSync(file, encodeHeader(rows, labels.byteLength, text.length, checksum), 0, HEADER_BYTES, 0)
        fsyncSync(file)
      })
      close()
    },
    keep: name => orRefuse(() => renameSync(path, name)),
    remove() {
      close()
      discard(path)
    },
  }
}
