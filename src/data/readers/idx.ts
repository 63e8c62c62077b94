import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { type ByteReader, fileSize, openContent, withBytes } from '../file.ts'
import { joinHashes } from '../hash.ts'
import { numberType } from '../number-types.ts'
import { kindOf, named } from '../sniff.ts'
import type { NumberType, Sink, Source } from '../source.ts'
import { pushNumbers } from './cells.ts'

export const idxSchema = z.strictObject({
  path: z.string().min(1),
  labels: z.string().min(1).optional(),
})

/** Types of numbers by their code; numbers are big-endian. http://yann.lecun.com/exdb/mnist */
const TYPES: Readonly<Record<number, string>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' }
const PIECE = 1 << 20

/** The labels that lie beside MNIST's pictures. */
function labelsBeside(path: string): string | undefined {
  const beside = join(dirname(path), basename(path).replace('images', 'labels').replace('idx3', 'idx1'))
  return beside !== path && existsSync(beside) ? beside : undefined
}

/** An array in MNIST's format, compressed by gzip or not, with another as its labels. */
export function idxSource({ path, labels = labelsBeside(path) }: z.output<typeof idxSchema>): Source {
  const files = labels === undefined ? [path] : [path, labels]
  return {
    file: path,
    name: basename(path),
    files,
    options: { idx: {} },
    async read(sink) {
      const classes = labels === undefined ? undefined : await readLabels(labels)
      const content = openContent(path)
      await withBytes(content.bytes, reader => readArray(reader, path, sink, classes?.values, labels))
      const hashes = [{ name: basename(path), sha256: content.sha256() }]
      if (classes) hashes.push({ name: basename(labels!), sha256: classes.sha256 })
      return joinHashes(hashes)
    },
  }
}

async function readArray(
  reader: ByteReader,
  path: string,
  sink: Sink,
  classes?: readonly string[],
  labels?: string,
): Promise<void> {
  const { shape, type, typeName, direct, rows } = await openArray(reader, path)
  const [count, height, width = 1] = shape
  if (shape.length < 2 || shape.length > 3 || shape.includes(0)) {
    throw new DataError(`${path}: expected points or pictures, found an array [${shape.join(', ')}]`)
  }
  if (classes && classes.length !== count) {
    throw new DataError(`${labels}: expected ${count} labels as ${path} has rows, found ${classes.length}`)
  }
  const dimension = height * width
  const isPicture = shape.length === 3 && typeName === 'u1'
  sink.begin({
    dimension,
    ...(isPicture && { shape: [height, width, 1], bytes: true }),
    ...(direct && { direct: { ...direct, rows: count, type } }),
    labelled: classes !== undefined,
  })
  for await (const { values, row } of rows(dimension)) {
    const some = classes?.slice(row, row + values.length / dimension)
    if (isPicture) sink.push(values as Uint8Array, some, row + 1)
    else pushNumbers(sink, values, dimension, row + 1, some)
  }
}

interface IdxArray {
  readonly shape: readonly number[]
  readonly typeName: string
  readonly type: NumberType
  /** Where the numbers stand, unless they are compressed. */
  readonly direct?: { readonly path: string; readonly offset: number }
  rows(dimension: number): AsyncGenerator<{ readonly values: ArrayLike<number>; readonly row: number }>
}

async function openArray(reader: ByteReader, path: string): Promise<IdxArray> {
  const start = await reader.take(4)
  const sizes = await reader.take(4 * (start[3] ?? 0))
  const typeName = TYPES[start[2]]
  if (kindOf(Buffer.concat([start, sizes])) !== 'idx' || !typeName || sizes.length < 4 * start[3]) {
    const what = start[0] === 0 && start[1] === 0 ? 'found a damaged header' : `found ${named(start)}`
    throw new DataError(`${path}: expected an IDX array, ${what}`)
  }
  const type = numberType(typeName, true)!
  const shape = Array.from({ length: start[3] }, (_, i) => sizes.readUInt32BE(4 * i))
  const size = shape.reduce((product, n) => product * n, type.bytes)
  const wrong = (found: string): DataError =>
    new DataError(`${path}: expected ${size} bytes of numbers for [${shape.join(', ')}], found ${found}`)
  const compressed = /\.gz$/i.test(path)
  const offset = 4 + sizes.length
  if (!compressed && fileSize(path) - offset !== size) throw wrong(String(fileSize(path) - offset))
  return {
    shape,
    typeName,
    type,
    ...(!compressed && { direct: { path, offset } }),
    async *rows(dimension) {
      const rowBytes = dimension * type.bytes
      const perPiece = Math.max(1, Math.floor(PIECE / rowBytes))
      for (let row = 0; row < shape[0]; row += perPiece) {
        const count = Math.min(perPiece, shape[0] - row)
        const piece = await reader.take(count * rowBytes)
        if (piece.length < count * rowBytes) throw wrong(String(row * rowBytes + piece.length))
        yield { values: type.decode(piece), row }
      }
      if ((await reader.take(1)).length > 0) throw wrong('more')
    },
  }
}

async function readLabels(path: string): Promise<{ values: string[]; sha256: string }> {
  const content = openContent(path)
  const labels = await withBytes(content.bytes, async reader => {
    const { shape, rows } = await openArray(reader, path)
    if (shape.length !== 1) {
      throw new DataError(`${path}: expected labels [n], found an array [${shape.join(', ')}]`)
    }
    const labels: string[] = []
    for await (const { values } of rows(1))
      for (let i = 0; i < values.length; i++) labels.push(String(values[i]))
    return labels
  })
  return { values: labels, sha256: content.sha256() }
}
