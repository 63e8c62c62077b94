import { half } from '../data/half.ts'
import {
  DAMAGED,
  DIGITS,
  isDamaged,
  withChecksum,
  withoutChecksum,
  writeChecksum,
} from '../runtime/checksum.ts'

/**
 * The safetensors container (https://github.com/huggingface/safetensors#format): eight bytes of header length, a JSON
 * header, raw little-endian data. Written are float32 and float64; read are all floats of 16 bits or more. What is written
 * here carries a checksum of the whole file in its metadata.
 */

export interface StoredTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array
}

/** A tensor that is not read: of whole numbers, truth values or a type of fewer than 16 bits. */
export interface OtherTensor {
  readonly shape: readonly number[]
  readonly dtype: string
}

export interface Container {
  readonly tensors: Readonly<Record<string, StoredTensor>>
  /** What a file of another program holds besides. */
  readonly others?: Readonly<Record<string, OtherTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

/** A file that is not a whole, valid container. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError'
}

const LENGTH_BYTES = 8
const LARGEST_HEADER = 100_000_000

const bits = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.buffer)

/** Numbers from bytes of their own. */
const FLOATS: Readonly<Record<string, (bytes: Uint8Array) => StoredTensor['data']>> = {
  F64: bytes => new Float64Array(bytes.buffer),
  F32: bytes => new Float32Array(bytes.buffer),
  F16: bytes => Float32Array.from(bits(bytes), half),
  // The first half of a float32.
  BF16: bytes => new Float32Array(Uint32Array.from(bits(bytes), upper => upper << 16).buffer),
}

/** Bytes of a number; those of other types are as many as a file says. */
const BYTES: Readonly<Record<string, number>> = {
  ...{
    F64: 8,
    F32: 4,
    F16: 2,
    BF16: 2,
    I64: 8,
    I32: 4,
    I16: 2,
    I8: 1,
    U64: 8,
    U32: 4,
    U16: 2,
    U8: 1,
    BOOL: 1,
  },
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>

export function encodeSafetensors({ tensors, metadata }: Container): Uint8Array {
  let offset = 0
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    const dtype = data instanceof Float32Array ? 'F32' : 'F64'
    return [name, { dtype, shape, data_offsets: [offset, (offset += data.byteLength)] }]
  })
  // Spaces at the end of the header align the data to eight bytes.
  const json = JSON.stringify(Object.fromEntries([['__metadata__', withChecksum(metadata)], ...entries]))
  const written = new TextEncoder().encode(json)
  const text = new Uint8Array(8 * Math.ceil(written.length / 8)).fill(0x20)
  text.set(written)
  const bytes = new Uint8Array(LENGTH_BYTES + text.length + offset)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, LENGTH_BYTES)
  let at = LENGTH_BYTES + text.length
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  writeChecksum(bytes, placeOfDigits(bytes, LENGTH_BYTES + text.length))
  return bytes
}

/** Quotes within texts are escaped, so that nothing else looks like this. */
const DIGITS_KEY = new TextEncoder().encode(`"${DIGITS}":"`)

/** Where the digits of the checksum stand in the header, which ends at `end`; -1 where there are none. */
function placeOfDigits(bytes: Uint8Array, end: number): number {
  for (let at = LENGTH_BYTES; at + DIGITS_KEY.length < end; at++) {
    if (DIGITS_KEY.every((byte, i) => bytes[at + i] === byte)) return at + DIGITS_KEY.length
  }
  return -1
}

function parseHeader(bytes: Uint8Array, file: string): { header: Record<string, unknown>; start: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw new SafetensorsError(`${file}: ${bytes.length} bytes are too few for a safetensors file`)
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > BigInt(LARGEST_HEADER) || Number(length) > bytes.length - LENGTH_BYTES) {
    throw new SafetensorsError(
      `${file}: not a safetensors file, or cut short: a header of ${length} bytes in a file of ${bytes.length}`,
    )
  }
  const start = LENGTH_BYTES + Number(length)
  try {
    const header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start)),
    )
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return { header, start }
  } catch {
    // Falls through to the one message for a header that cannot be read.
  }
  throw new SafetensorsError(`${file}: the safetensors header is not a JSON object`)
}

function isEntry(entry: unknown): entry is Header[string] {
  const { dtype, shape, data_offsets: range } = (entry ?? {}) as Partial<Header[string]>
  const naturals = (list: unknown) =>
    Array.isArray(list) && list.every(n => Number.isSafeInteger(n) && n >= 0)
  return typeof dtype === 'string' && naturals(shape) && naturals(range) && range!.length === 2
}

const isMetadata = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(text => typeof text === 'string')

/**
 * Reads a container.
 *
 * @param file  its name, for messages
 * @throws SafetensorsError when the bytes are damaged, cut short, overlap or leave gaps
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): Container {
  const { header, start } = parseHeader(bytes, file)
  const { __metadata__: metadata = {}, ...rest } = header
  if (!isMetadata(metadata)) throw new SafetensorsError(`${file}: __metadata__: expected texts by name`)
  const entries = Object.entries(rest).map(([name, entry]) => {
    if (isEntry(entry)) return [name, entry] as const
    throw new SafetensorsError(`${file}: tensor ${name}: expected dtype, shape and data_offsets`)
  })
  entries.sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1])
  const tensors: [string, StoredTensor][] = []
  const others: [string, OtherTensor][] = []
  let expected = 0
  for (const [name, entry] of entries) {
    const [from, to] = entry.data_offsets
    const { dtype, shape } = entry
    const known = Object.hasOwn(BYTES, dtype)
    const size = known ? shape.reduce((a, b) => a * b, 1) * BYTES[dtype] : Math.max(0, to - from)
    if (from !== expected || to - from !== size || start + to > bytes.length) {
      throw new SafetensorsError(
        `${file}: tensor ${name}: bytes ${from}..${to} do not hold [${entry.shape.join(', ')}] of ${entry.dtype}, or the file is cut short`,
      )
    }
    expected = to
    if (Object.hasOwn(FLOATS, dtype)) {
      const data = FLOATS[dtype](Uint8Array.from(bytes.subarray(start + from, start + to)))
      tensors.push([name, { shape, data }])
    } else others.push([name, { shape, dtype: dtype.slice(0, 12) }])
  }
  if (start + expected !== bytes.length) {
    throw new SafetensorsError(`${file}: ${bytes.length - start - expected} bytes after the last tensor`)
  }
  // Last, since the other reasons say more.
  if (isDamaged(bytes, metadata, placeOfDigits(bytes, start))) {
    throw new SafetensorsError(`${file}: ${DAMAGED}`)
  }
  return {
    tensors: Object.fromEntries(tensors),
    ...(others.length > 0 && { others: Object.fromEntries(others) }),
    metadata: withoutChecksum(metadata),
  }
}
