import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

// Weights that an ONNX file keeps in other files beside it (TensorProto.external_data), as PyTorch writes them by default.

/** The messages on the way to a tensor, by field number: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const INSIDE = {
  Model: { 7: 'Graph', 20: 'Training', 25: 'Function' },
  Training: { 1: 'Graph', 2: 'Graph' },
  Function: { 7: 'Node', 11: 'Attribute' },
  Graph: { 1: 'Node', 5: 'Tensor', 15: 'Sparse' },
  Node: { 5: 'Attribute' },
  Attribute: { 5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph', 22: 'Sparse', 23: 'Sparse' },
  Sparse: { 1: 'Tensor', 2: 'Tensor' },
} as const satisfies Record<string, Record<number, string>>

type Message = keyof typeof INSIDE | 'Tensor'

const [DIMS, DATA_TYPE, NAME, RAW_DATA, EXTERNAL_DATA, DATA_LOCATION] = [1, 2, 8, 9, 13, 14]
const EXTERNAL = 1
/** As deep as other readers of protocol buffers go. */
const DEEPEST = 100
/** Bytes of an encoded file. */
const LARGEST = 2 ** 31 - 1

/** Bits of a number, by ONNX's type of a tensor. */
const BITS: Readonly<Record<number, number>> = {
  ...{ 1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128 },
  ...{ 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2 },
}

/** Weights that are not where a file says, or are not to be read from there. */
export class ExternalDataError extends Error {
  override readonly name = 'ExternalDataError'
}

/** One tensor's place in another file. */
interface Extent {
  readonly name: string
  readonly location: string
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

function readEntry(bytes: Uint8Array): [string, string] {
  const reader = new BinaryReader(bytes)
  let [key, value] = ['', '']
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === 1) key = reader.string()
    else if (number === 2) value = reader.string()
    else reader.skip(wire, number)
  }
  return [key, value]
}

function readDims(reader: BinaryReader, wire: WireType): number[] {
  if (wire !== WireType.LengthDelimited) return [Number(reader.int64())]
  const packed = new BinaryReader(reader.bytes())
  const dims: number[] = []
  while (packed.pos < packed.len) dims.push(Number(packed.int64()))
  return dims
}

/** Where a tensor's numbers are; nothing when they are in the tensor itself. @throws ExternalDataError */
function extentOf(bytes: Uint8Array): Extent | undefined {
  const reader = new BinaryReader(bytes)
  const entries = new Map<string, string>()
  const dims: number[] = []
  let [name, type, external] = ['', 0, false]
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === DIMS) dims.push(...readDims(reader, wire))
    else if (number === DATA_TYPE) type = reader.int32()
    else if (number === NAME) name = reader.string()
    else if (number === EXTERNAL_DATA) entries.set(...readEntry(reader.bytes()))
    else if (number === DATA_LOCATION) external = reader.int32() === EXTERNAL
    else reader.skip(wire, number)
  }
  if (!external) return undefined
  const refuse = (what: string): never => {
    throw new ExternalDataError(`tensor ${name}: ${what}`)
  }
  const count = dims.reduce((product, n) => product * n, 1)
  const expected = Math.ceil((count * (BITS[type] ?? Number.NaN)) / 8)
  if (!Number.isSafeInteger(expected) || dims.some(n => n < 0))
    return refuse('its size in bytes is not known')
  const whole = (key: string, otherwise: number): number => {
    const text = entries.get(key)
    return text === undefined || /^\d{1,15}$/.test(text)
      ? Number(text ?? otherwise)
      : refuse(`${key}: expected a whole number, found "${text}"`)
  }
  const place = { offset: whole('offset', 0), length: whole('length', expected) }
  if (place.length !== expected) return refuse(`${place.length} bytes, expected ${expected} for [${dims}]`)
  return { name, location: entries.get('location') ?? refuse('no name of a file'), ...place }
}

/** A tensor with its numbers inside. */
function withNumbers(bytes: Uint8Array, numbers: Uint8Array): Uint8Array {
  const reader = new BinaryReader(bytes)
  const writer = new BinaryWriter()
  while (reader.pos < reader.len) {
    const from = reader.pos
    const [number, wire] = reader.tag()
    reader.skip(wire, number)
    if (number !== EXTERNAL_DATA && number !== DATA_LOCATION) writer.raw(bytes.subarray(from, reader.pos))
  }
  return writer.tag(RAW_DATA, WireType.LengthDelimited).bytes(numbers).finish()
}

/** Rewrites the tensors of a message. @returns nothing where none was changed */
function rewritten(
  bytes: Uint8Array,
  message: Message,
  change: (tensor: Uint8Array) => Uint8Array | undefined,
  depth = 0,
): Uint8Array | undefined {
  if (message === 'Tensor') return change(bytes)
  if (depth > DEEPEST) throw new Error('its graphs are nested too deeply')
  const inside = INSIDE[message] as Readonly<Record<number, Message>>
  const reader = new BinaryReader(bytes)
  const writer = new BinaryWriter()
  let kept = 0
  while (reader.pos < reader.len) {
    const from = reader.pos
    const [number, wire] = reader.tag()
    if (wire !== WireType.LengthDelimited || !inside[number]) {
      reader.skip(wire, number)
      continue
    }
    const changed = rewritten(reader.bytes(), inside[number], change, depth + 1)
    if (!changed) continue
    writer.raw(bytes.subarray(kept, from)).tag(number, wire).bytes(changed)
    kept = reader.pos
  }
  return kept === 0 ? undefined : writer.raw(bytes.subarray(kept)).finish()
}

/**
 * The names of the other files that an ONNX file's weights are in, as it says; mostly none.
 *
 * @throws ExternalDataError when a tensor's place cannot be told, or all are too large; Error when the bytes are no
 *   protocol buffer
 */
export function externalFiles(bytes: Uint8Array): string[] {
  const found = new Set<string>()
  let total = bytes.length
  rewritten(bytes, 'Model', tensor => {
    const place = extentOf(tensor)
    if (place) found.add(place.location)
    total += place?.length ?? 0
    return undefined
  })
  if (total > LARGEST) throw new ExternalDataError('its weights are more than 2 GB, the most that is read')
  return [...found]
}

/**
 * An ONNX file with all of its weights inside.
 *
 * @param files  the bytes of each file that `externalFiles` names
 * @throws ExternalDataError when a tensor is not wholly in its file
 */
export function inlineExternalData(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const inlined = rewritten(bytes, 'Model', tensor => {
    const place = extentOf(tensor)
    if (!place) return undefined
    const { name, location, offset, length } = place
    const file = files.get(location)!
    if (offset + length > file.length) {
      throw new ExternalDataError(
        `tensor ${name}: bytes ${offset} to ${offset + length} of ${location}, which has ${file.length}`,
      )
    }
    return withNumbers(tensor, file.subarray(offset, offset + length))
  })
  return inlined ?? bytes
}

/** Whether a name is that of a file in the same folder or in one below it. */
export const isPlainRelative = (location: string): boolean =>
  location !== '' &&
  !/[\\:\0]/.test(location) &&
  location.split('/').every(part => part !== '' && part !== '.' && part !== '..')
