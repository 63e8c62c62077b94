import { basename } from 'node:path'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { type ByteReader, fileSize, openContent, withBytes } from '../file.ts'
import { spaceKeys } from '../manifold/in-space.ts'
import { type NpyHeader, npyHeaderPlace, parseNpyHeader } from '../npy-header.ts'
import { fortranOrder, wrongSize } from '../npy-reader.ts'
import { kindOf, named } from '../sniff.ts'
import type { Head, Sink, Source } from '../source.ts'
import { pushNumbers } from './cells.ts'

export const npySchema = z.strictObject({ path: z.string().min(1), ...spaceKeys })

/** Bytes that are read at once. */
const PIECE = 1 << 20
/** An array in Fortran order is turned in memory. */
const LARGEST_TURNED = 2 ** 28

/** An array of points or pictures, compressed by gzip or not. */
export function npySource({ path }: z.output<typeof npySchema>): Source {
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { npy: {} },
    async read(sink) {
      const plain = /\.gz$/i.test(path) ? {} : { path, size: fileSize(path) }
      const content = openContent(path)
      await withBytes(content.bytes, reader => readNpy(reader, path, sink, plain))
      return content.sha256()
    },
  }
}

/** What is known of an array before it is read. */
interface Known {
  /** Bytes of the whole, header included. */
  readonly size?: number
  /** The file that is the array and nothing else, where rows may be read from it again. */
  readonly path?: string
  /** The class of each row. */
  readonly labels?: readonly string[]
  /** Rows that have a vector. */
  readonly vectors?: number
}

/**
 * Reads an array.
 *
 * @param file  the file's name in messages
 * @throws {DataError} when it is something else, or cut short
 */
export async function readNpy(reader: ByteReader, file: string, sink: Sink, known: Known): Promise<void> {
  const { header: found, start } = await readHeader(reader, file)
  const { path, size, labels, vectors = found.shape[0] } = known
  // `[n]` stands for n rows of one number.
  const header = found.shape.length === 1 ? { ...found, shape: [found.shape[0], 1] } : found
  if (size !== undefined && size - start !== header.size) {
    throw new DataError(wrongSize(file, header.shape, header.size, size - start))
  }
  const head = headOf(header, file)
  const { type, fortran, shape } = header
  const [rows] = shape
  if (labels && labels.length !== rows) {
    throw new DataError(`${file}: expected a label for each of ${rows} rows, found ${labels.length} labels`)
  }
  if (vectors !== rows) {
    throw new DataError(`${file}: expected a vector for each of ${rows} rows, found ${vectors} vectors`)
  }
  const direct = path !== undefined && !fortran ? { path, offset: start, rows, type } : undefined
  sink.begin({ ...head, direct, labelled: labels !== undefined })
  if (fortran) await readTurned(reader, header, file, sink, labels)
  else await readRows(reader, header, file, head, sink, labels)
  const more = await reader.take(1)
  if (more.length > 0) throw new DataError(`${file}: holds more bytes than [${shape.join(', ')}] needs`)
}

async function readHeader(reader: ByteReader, file: string) {
  const prefix = await reader.take(12)
  const kind = kindOf(prefix)
  if (prefix.length > 0 && kind !== 'npy') {
    throw new DataError(`${file}: not an NPY file: it is ${named(prefix)}`)
  }
  const { from, to } = npyHeaderPlace(prefix, file)
  const rest = await reader.take(to - 12)
  if (rest.length < to - 12) throw new DataError(`${file}: cut short within its header`)
  const text = Buffer.concat([prefix, rest]).toString('latin1', from)
  return { header: parseNpyHeader(text, file), start: to }
}

/** What the rows of an array are: points of two axes, pictures of three or four. */
function headOf({ shape, typeName }: NpyHeader, file: string): Head {
  const [rows, height, width, channels = 1] = shape
  const refuse = (message: string): never => {
    throw new DataError(`${file}: ${message}`)
  }
  if (rows === 0 || shape.slice(1).includes(0) || shape.length < 2 || shape.length > 4) {
    refuse(`expected points [n, D], found an array [${shape.join(', ')}]`)
  }
  if (shape.length === 2) return { dimension: height }
  if (typeName !== 'u1') {
    refuse(
      `expected points [n, D], or pictures [n, H, W] or [n, H, W, C] of uint8; found ${typeName} [${shape.join(', ')}]`,
    )
  }
  if (channels !== 1 && channels !== 3) {
    refuse(`expected pictures [n, H, W, C] of 1 or 3 channels, found [${shape.join(', ')}]`)
  }
  return { dimension: height * width * channels, shape: [height, width, channels], bytes: true }
}

async function readRows(
  reader: ByteReader,
  { shape, type, size }: NpyHeader,
  file: string,
  { dimension, bytes }: Head,
  sink: Sink,
  labels?: readonly string[],
): Promise<void> {
  const [rows] = shape
  const rowBytes = dimension * type.bytes
  const perPiece = Math.max(1, Math.floor(PIECE / rowBytes))
  for (let row = 0; row < rows; row += perPiece) {
    const count = Math.min(perPiece, rows - row)
    const piece = await reader.take(count * rowBytes)
    if (piece.length < count * rowBytes) {
      throw new DataError(wrongSize(file, shape, size, row * rowBytes + piece.length))
    }
    const values = type.decode(piece)
    const some = labels?.slice(row, row + count)
    if (bytes) sink.push(values as Uint8Array, some, row + 1)
    else pushNumbers(sink, values, dimension, row + 1, some)
  }
}

async function readTurned(
  reader: ByteReader,
  { shape, type, size }: NpyHeader,
  file: string,
  sink: Sink,
  labels?: readonly string[],
): Promise<void> {
  const [rows, dimension] = shape
  if (shape.length > 2 || size > LARGEST_TURNED) throw new DataError(fortranOrder(file))
  const piece = await reader.take(size)
  if (piece.length < size) throw new DataError(wrongSize(file, shape, size, piece.length))
  const columns = type.decode(piece)
  const values = new Float64Array(rows * dimension)
  for (let i = 0; i < values.length; i++)
    values[i] = columns[(i % dimension) * rows + Math.floor(i / dimension)]
  pushNumbers(sink, values, dimension, 1, labels)
}
