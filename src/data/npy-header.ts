import { DataError } from './error.ts'
import { NUMBER_TYPES, numberType } from './number-types.ts'
import { printable } from './show.ts'
import type { NumberType } from './source.ts'

const MAGIC = '\x93NUMPY'
/** The bytes before a header of version 1; later versions have 2 more for its length. */
const NPY_PREFIX = 10
const LONGEST = 1 << 20

/** What an array is, and where its numbers begin. */
export interface NpyHeader {
  readonly shape: readonly number[]
  /** NumPy's letter and size, e.g. `f4`. */
  readonly typeName: string
  readonly type: NumberType
  readonly fortran: boolean
  /** Bytes of all numbers. */
  readonly size: number
}

/**
 * How long the header is that begins like this.
 *
 * @param prefix  12 bytes
 * @param file  the file's name in messages
 * @returns where its text begins, and where the numbers do
 * @throws {DataError} when it is no such file
 */
export function npyHeaderPlace(prefix: Buffer, file: string): { readonly from: number; readonly to: number } {
  if (prefix.length < 12 || prefix.toString('latin1', 0, 6) !== MAGIC) {
    throw new DataError(`${file}: not an NPY file, or cut short`)
  }
  const from = prefix[6] === 1 ? NPY_PREFIX : NPY_PREFIX + 2
  const length = prefix[6] === 1 ? prefix.readUInt16LE(8) : prefix.readUInt32LE(8)
  if (length > LONGEST) throw new DataError(`${file}: not an NPY file: its header is damaged`)
  return { from, to: from + length }
}

/** One field of the header, which is a Python dictionary. */
const field = (header: string, name: string, value: RegExp): string | undefined =>
  new RegExp(`'${name}':\\s*${value.source}`).exec(header)?.[1]

/**
 * Reads the text of a header.
 *
 * @throws {DataError} when it is damaged, or its numbers are of a type or a count that cannot be read
 */
export function parseNpyHeader(header: string, file: string): NpyHeader {
  const refuse = (message: string): never => {
    throw new DataError(`${file}: ${message}`)
  }
  const order = field(header, 'fortran_order', /(True|False)/)
  const dims = field(header, 'shape', /\(([\d, ]*)\)/)
  if (!/'descr'/.test(header) || order === undefined || dims === undefined) {
    refuse('not an NPY file: its header is damaged')
  }
  const descr = field(header, 'descr', /'([^']*)'/) ?? 'fields of several types'
  const type = /^[<>|=]/.test(descr) ? numberType(descr.slice(1), descr.startsWith('>')) : undefined
  if (!type)
    return refuse(`expected numbers (${NUMBER_TYPES.join(', ')}), found ${printable(descr.slice(0, 60))}`)
  const shape = dims!.split(',').flatMap(part => (part.trim() === '' ? [] : [Number(part)]))
  const size = shape.reduce((product, n) => product * n, type.bytes)
  if (!Number.isSafeInteger(size)) refuse(`cannot have the shape [${shape.join(', ').slice(0, 60)}]`)
  return { shape, typeName: descr.slice(1), type, fortran: order === 'True', size }
}
