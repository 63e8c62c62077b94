import { closeSync, openSync, readSync } from 'node:fs'
import type { Values } from './dataset.ts'
import { DataError } from './error.ts'
import type { DirectRows } from './source.ts'

/** Rows that can be had in any order. */
export interface Store {
  readonly rows: number
  /** Writes row `row` to `out` from `at` on. */
  read(row: number, out: Values, at: number): void
}

/** Numbers in one piece of memory: large enough that pieces are few, small enough that little is left unused. */
const PIECE = 1 << 18

/** Rows in memory, in pieces, so that they are never copied when more come. */
export interface MemoryRows extends Store {
  readonly bytes: number
  readonly pieces: readonly (Float32Array | Uint8Array)[]
  push(values: Float32Array | Uint8Array): void
}

/** No rows yet. */
export function memoryRows(dimension: number, asBytes: boolean): MemoryRows {
  const Type = asBytes ? Uint8Array : Float32Array
  const perPiece = Math.max(1, Math.floor(PIECE / dimension))
  const size = perPiece * dimension
  const pieces: (Float32Array | Uint8Array)[] = []
  let length = 0
  return {
    get rows() {
      return length / dimension
    },
    get bytes() {
      return length * Type.BYTES_PER_ELEMENT
    },
    get pieces() {
      return pieces.map((piece, i) => piece.subarray(0, Math.min(size, length - i * size)))
    },
    push(values) {
      for (let from = 0; from < values.length; ) {
        const used = length % size
        if (used === 0) pieces.push(new Type(size))
        const count = Math.min(size - used, values.length - from)
        pieces.at(-1)!.set(values.subarray(from, from + count), used)
        length += count
        from += count
      }
    },
    read(row, out, at) {
      const piece = pieces[Math.floor(row / perPiece)]
      const from = (row % perPiece) * dimension
      for (let i = 0; i < dimension; i++) out[at + i] = piece[from + i]
    },
  }
}

const PIECE_BYTES = 1 << 20

/**
 * All rows of a file, some at a time, in a buffer that is used again.
 *
 * @param name  of the file in messages
 * @throws {DataError} when it ends before its last row
 */
export function* rowPieces(
  { path, offset, rows, type }: DirectRows,
  dimension: number,
  name = path,
): Generator<Buffer> {
  const rowBytes = dimension * type.bytes
  const perPiece = Math.max(1, Math.floor(PIECE_BYTES / rowBytes))
  const buffer = Buffer.from(new ArrayBuffer(perPiece * rowBytes))
  const file = openSync(path, 'r')
  try {
    for (let row = 0; row < rows; row += perPiece) {
      const bytes = Math.min(perPiece, rows - row) * rowBytes
      if (readSync(file, buffer, 0, bytes, offset + row * rowBytes) < bytes) throw shorter(name)
      yield buffer.subarray(0, bytes)
    }
  } finally {
    closeSync(file)
  }
}

const shorter = (name: string): DataError => new DataError(`${name}: has become shorter while it was in use`)

/** Files are closed when their rows are no longer reachable. */
const opened = new FinalizationRegistry<number>(file => closeSync(file))

/**
 * Rows that stay in their file and are read at their place: memory is one row, whatever the file's size.
 *
 * @param name  of the file in messages
 */
export function fileRows({ path, offset, rows, type }: DirectRows, dimension: number, name = path): Store {
  const file = openSync(path, 'r')
  const bytes = dimension * type.bytes
  const buffer = Buffer.from(new ArrayBuffer(bytes))
  const store: Store = {
    rows,
    read(row, out, at) {
      if (readSync(file, buffer, 0, bytes, offset + row * bytes) < bytes) {
        throw shorter(name)
      }
      const values = type.decode(buffer)
      for (let i = 0; i < dimension; i++) out[at + i] = values[i]
    },
  }
  opened.register(store, file)
  return store
}
