import { DataError } from './error.ts'
import type { NpyArray } from './npy.ts'
import { npyHeaderPlace, parseNpyHeader } from './npy-header.ts'

/**
 * Reads the bytes of a `.npy` file of floats, integers or truth values in C order, of any version of the format:
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @param file  the file's name in messages
 * @returns numbers of 32 bits for the types `f4`, `f2` and integers of at most 16 bits, otherwise of 64; and the type
 * @throws {DataError} when it is something else, or cut short
 */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray & { readonly typeName: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { from, to } = npyHeaderPlace(buffer.subarray(0, 12), file)
  if (to > bytes.length) throw new DataError(`${file}: cut short within its header`)
  const { shape, type, typeName, fortran, size } = parseNpyHeader(buffer.toString('latin1', from, to), file)
  if (fortran) throw new DataError(fortranOrder(file))
  if (bytes.length - to !== size) throw new DataError(wrongSize(file, shape, size, bytes.length - to))
  // A copy, since numbers must be aligned.
  const numbers = type.decode(Buffer.from(Uint8Array.from(bytes.subarray(to)).buffer))
  const narrow = typeName === 'f4' || typeName === 'f2' || /^[biu][12]$/.test(typeName)
  return { shape, typeName, data: narrow ? Float32Array.from(numbers) : Float64Array.from(numbers) }
}

export const fortranOrder = (file: string): string =>
  `${file}: expected row after row (C order), found Fortran order; save numpy.ascontiguousarray(...)`

export const wrongSize = (file: string, shape: readonly number[], expected: number, found: number): string =>
  `${file}: expected ${expected} bytes of numbers for [${shape.join(', ')}], found ${found}`
