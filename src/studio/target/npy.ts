import { DataError } from '../../data/error.ts'
import type { NpyArray } from '../../data/npy.ts'

const MAGIC = '\x93NUMPY'
const TYPES = { '<f4': Float32Array, '<f8': Float64Array } as const

/** One field of the header, which is a Python dictionary. */
const field = (header: string, name: string, value: RegExp): string | undefined =>
  new RegExp(`'${name}':\\s*${value.source}`).exec(header)?.[1]

/**
 * Reads a `.npy` file of little-endian float32 or float64 numbers in C order, of any version of the format:
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @param file  the file's name in messages
 * @throws {DataError} when it is something else, or cut short
 */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const refuse = (message: string): never => {
    throw new DataError(`${file}: ${message}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = (from: number, to: number) =>
    Array.from(bytes.subarray(from, to), code => String.fromCharCode(code)).join('')
  if (bytes.length < 12 || text(0, 6) !== MAGIC) refuse('not an NPY file, or cut short')
  const first = bytes[6] === 1
  const prefix = first ? 10 : 12
  const start = prefix + (first ? view.getUint16(8, true) : view.getUint32(8, true))
  if (start > bytes.length) refuse('cut short within its header')
  const header = text(prefix, start)

  const descr = field(header, 'descr', /'([^']*)'/) ?? 'fields of several types'
  const order = field(header, 'fortran_order', /(True|False)/)
  const dims = field(header, 'shape', /\(([\d, ]*)\)/)
  if (!(descr in TYPES)) refuse(`expected numbers of float32 or float64 (<f4 or <f8), found ${descr}`)
  if (order === undefined || dims === undefined) refuse('not an NPY file: its header is damaged')
  if (order === 'True')
    refuse('expected row after row (C order), found Fortran order; save numpy.ascontiguousarray(...)')

  const Type = TYPES[descr as keyof typeof TYPES]
  const shape = dims!.split(',').flatMap(part => (part.trim() === '' ? [] : [Number(part)]))
  const size = shape.reduce((product, n) => product * n, 1) * Type.BYTES_PER_ELEMENT
  if (bytes.length - start !== size) {
    refuse(`expected ${size} bytes of numbers for [${shape.join(', ')}], found ${bytes.length - start}`)
  }
  // A copy, since numbers must be aligned; `slice` of a Node buffer would be none.
  return { shape, data: new Type(Uint8Array.from(bytes.subarray(start)).buffer) }
}
