import { half } from './half.ts'
import type { NumberType } from './source.ts'

type View = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayLike<number | bigint>

/** Bytes as numbers of a typed array; a buffer that is not aligned is copied. */
const viewed =
  (Type: View, bytes: number) =>
  (buffer: Buffer): ArrayLike<number> => {
    const aligned = buffer.byteOffset % bytes === 0 ? buffer : Buffer.from(new Uint8Array(buffer).buffer)
    const { buffer: memory, byteOffset } = aligned
    return new Type(memory as ArrayBuffer, byteOffset, buffer.length / bytes) as ArrayLike<number>
  }

const wide = (Type: View) => {
  const decode = viewed(Type, 8)
  return (buffer: Buffer): ArrayLike<number> =>
    Float64Array.from(decode(buffer) as unknown as ArrayLike<bigint>, Number)
}

const halves = viewed(Uint16Array as View, 2)

/** Little-endian numbers by NumPy's letter and size. */
const TYPES: Readonly<Record<string, NumberType>> = {
  b1: { bytes: 1, decode: viewed(Uint8Array as View, 1) },
  u1: { bytes: 1, decode: viewed(Uint8Array as View, 1) },
  i1: { bytes: 1, decode: viewed(Int8Array as View, 1) },
  u2: { bytes: 2, decode: viewed(Uint16Array as View, 2) },
  i2: { bytes: 2, decode: viewed(Int16Array as View, 2) },
  u4: { bytes: 4, decode: viewed(Uint32Array as View, 4) },
  i4: { bytes: 4, decode: viewed(Int32Array as View, 4) },
  u8: { bytes: 8, decode: wide(BigUint64Array) },
  i8: { bytes: 8, decode: wide(BigInt64Array) },
  f2: { bytes: 2, decode: buffer => Float64Array.from(halves(buffer), half) },
  f4: { bytes: 4, decode: viewed(Float32Array as View, 4) },
  f8: { bytes: 8, decode: viewed(Float64Array as View, 8) },
}

/** Names of the types of numbers. */
export const NUMBER_TYPES = Object.keys(TYPES)

function swapped({ bytes, decode }: NumberType): NumberType {
  if (bytes === 1) return { bytes, decode }
  const swap = { 2: 'swap16', 4: 'swap32', 8: 'swap64' } as const
  return { bytes, decode: buffer => decode(buffer[swap[bytes as 2 | 4 | 8]]()) }
}

/**
 * A type of numbers.
 *
 * @param name  NumPy's letter and size, e.g. `f4`
 * @returns `undefined` for an unknown name
 */
export function numberType(name: string, bigEndian = false): NumberType | undefined {
  if (!Object.hasOwn(TYPES, name)) return undefined
  return bigEndian ? swapped(TYPES[name]) : TYPES[name]
}
