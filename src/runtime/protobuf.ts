import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { DAMAGED, DIGITS, isDamaged, withChecksum, writeChecksum } from './checksum.ts'
import { oversizedIn } from './onnx-sizes.ts'

/**
 * The part of the ONNX schema (onnx.proto3, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3) that a lowered
 * graph needs, as data: field name, number and kind.
 */
type Kind =
  | 'int64'
  | 'int32'
  | 'float'
  | 'string'
  | 'bytes'
  | 'int64s'
  | { readonly message: keyof typeof schema }

const schema = {
  Model: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    producerVersion: [3, 'string'],
    docString: [6, 'string'],
    graph: [7, { message: 'Graph' }],
    opsetImport: [8, { message: 'OperatorSet' }],
    metadataProps: [14, { message: 'Entry' }],
  },
  OperatorSet: { domain: [1, 'string'], version: [2, 'int64'] },
  Entry: { key: [1, 'string'], value: [2, 'string'] },
  Graph: {
    node: [1, { message: 'Node' }],
    name: [2, 'string'],
    initializer: [5, { message: 'TensorData' }],
    input: [11, { message: 'ValueInfo' }],
    output: [12, { message: 'ValueInfo' }],
  },
  Node: {
    input: [1, 'string'],
    output: [2, 'string'],
    name: [3, 'string'],
    opType: [4, 'string'],
    attribute: [5, { message: 'Attribute' }],
  },
  Attribute: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'string'],
    g: [6, { message: 'Graph' }],
    ints: [8, 'int64s'],
    type: [20, 'int32'],
  },
  TensorData: { dims: [1, 'int64s'], dataType: [2, 'int32'], name: [8, 'string'], rawData: [9, 'bytes'] },
  ValueInfo: { name: [1, 'string'], type: [2, { message: 'Type' }] },
  Type: { tensorType: [1, { message: 'TensorType' }] },
  TensorType: { elemType: [1, 'int32'], shape: [2, { message: 'TensorShape' }] },
  TensorShape: { dim: [1, { message: 'Dimension' }] },
  Dimension: { dimValue: [1, 'int64'], dimParam: [2, 'string'] },
} as const

export interface OnnxAttribute {
  name: string
  f?: number
  i?: number
  s?: string
  g?: OnnxGraph
  ints?: readonly number[]
  type: number
}

export interface OnnxNode {
  input: readonly string[]
  output: readonly string[]
  name?: string
  opType: string
  attribute?: readonly OnnxAttribute[]
}

export interface OnnxTensor {
  name: string
  dims: readonly number[]
  dataType: number
  rawData: Uint8Array
}

export interface OnnxValueInfo {
  name: string
  type: {
    tensorType: { elemType: number; shape: { dim: readonly ({ dimValue: number } | { dimParam: string })[] } }
  }
}

export interface OnnxGraph {
  name: string
  node: readonly OnnxNode[]
  initializer: readonly OnnxTensor[]
  input: readonly OnnxValueInfo[]
  output: readonly OnnxValueInfo[]
}

export interface OnnxModel {
  irVersion: number
  producerName: string
  producerVersion?: string
  docString?: string
  graph: OnnxGraph
  opsetImport: readonly { domain: string; version: number }[]
  metadataProps?: readonly { key: string; value: string }[]
}

const WIRE_VARINT = 0
const WIRE_LENGTH_DELIMITED = 2
const WIRE_FIXED32 = 5

function writeField(writer: BinaryWriter, number: number, kind: Kind, value: unknown): void {
  if (typeof kind === 'object') {
    writer.tag(number, WIRE_LENGTH_DELIMITED).fork()
    writeMessage(writer, kind.message, value as object)
    writer.join()
  } else if (kind === 'int64s') {
    writer.tag(number, WIRE_LENGTH_DELIMITED).fork()
    for (const n of value as readonly number[]) writer.int64(n)
    writer.join()
  } else if (kind === 'string') writer.tag(number, WIRE_LENGTH_DELIMITED).string(value as string)
  else if (kind === 'bytes') writer.tag(number, WIRE_LENGTH_DELIMITED).bytes(value as Uint8Array)
  else if (kind === 'float') writer.tag(number, WIRE_FIXED32).float(value as number)
  else if (kind === 'int64') writer.tag(number, WIRE_VARINT).int64(value as number)
  else writer.tag(number, WIRE_VARINT).int32(value as number)
}

function writeMessage(writer: BinaryWriter, message: keyof typeof schema, value: object): void {
  const fields = schema[message] as Record<string, readonly [number, Kind]>
  for (const [name, content] of Object.entries(value)) {
    if (content === undefined) continue
    const [number, kind] = fields[name]
    const repeated = Array.isArray(content) && kind !== 'int64s'
    for (const item of repeated ? content : [content]) writeField(writer, number, kind, item)
  }
}

/** The bytes of an ONNX file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter()
  writeMessage(writer, 'Model', model)
  return writer.finish()
}

interface Entry {
  key: string
  value: string
  /** Where the value's bytes begin, from the entry's first. */
  at: number
}

/** The strings of one entry of the metadata. */
function readEntry(bytes: Uint8Array): Entry {
  const reader = new BinaryReader(bytes)
  const entry = { key: '', value: '', at: 0 }
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === schema.Entry.key[0]) entry.key = reader.string()
    else if (number === schema.Entry.value[0]) {
      const value = reader.bytes()
      entry.value = new TextDecoder().decode(value)
      entry.at = reader.pos - value.length
    } else reader.skip(wire, number)
  }
  return entry
}

function readEntries(bytes: Uint8Array): Entry[] {
  const reader = new BinaryReader(bytes)
  const entries: Entry[] = []
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === schema.Model.metadataProps[0]) {
      const inner = reader.bytes()
      const entry = readEntry(inner)
      entries.push({ ...entry, at: reader.pos - inner.length + entry.at })
    } else reader.skip(wire, number)
  }
  return entries
}

const asRecord = (entries: readonly Entry[]): Record<string, string> =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]))

/** The metadata of an ONNX file, whoever wrote it. @throws Error when the bytes are no protocol buffer */
export const readMetadata = (bytes: Uint8Array): Record<string, string> => asRecord(readEntries(bytes))

const placeOfDigits = (entries: readonly Entry[]): number =>
  entries.find(({ key }) => key === DIGITS)?.at ?? -1

/** The bytes of an ONNX file with a checksum of them all in its metadata. */
export function encodeChecked(model: OnnxModel & { metadata: Readonly<Record<string, string>> }): Uint8Array {
  const { metadata, ...rest } = model
  const metadataProps = Object.entries(withChecksum(metadata)).map(([key, value]) => ({ key, value }))
  // The weights come last, so that the metadata is near the beginning.
  const { graph, ...head } = rest
  const bytes = encodeModel({ ...head, metadataProps, graph })
  writeChecksum(bytes, placeOfDigits(readEntries(bytes)))
  return bytes
}

/**
 * What is wrong with the bytes of an ONNX file as a whole: no such file, cut short, asking for far more memory than it is
 * large, or, where it was written here, other than it was.
 */
export function onnxProblem(bytes: Uint8Array): string | undefined {
  try {
    const entries = readEntries(bytes)
    if (isDamaged(bytes, asRecord(entries), placeOfDigits(entries))) return DAMAGED
    const oversized = oversizedIn(bytes)
    return oversized && `not an ONNX model that can be run (${oversized})`
  } catch {
    return 'not an ONNX model that can be run (something else, or cut short)'
  }
}

/** Bytes of a number, and whether the ones at a place are no number, by ONNX's type of a tensor. */
const FLOATS: Readonly<
  Record<number, readonly [size: number, isBad: (view: DataView, at: number) => boolean]>
> = {
  1: [4, (view, at) => Number.isNaN(view.getFloat32(at, true))],
  10: [2, (view, at) => (view.getUint16(at, true) & 0x7fff) > 0x7c00],
  11: [8, (view, at) => Number.isNaN(view.getFloat64(at, true))],
  16: [2, (view, at) => (view.getUint16(at, true) & 0x7fff) > 0x7f80],
}
/** Fields of numbers that are not raw, which only other programs write, with the type of each. */
const NUMBERS: Readonly<Record<number, number>> = { 4: 1, 10: 11 }

/** The name of a tensor, and whether it holds a NaN. */
function readTensor(bytes: Uint8Array): { name: string; hasNaN: boolean } {
  const reader = new BinaryReader(bytes)
  const { name, dataType, rawData } = schema.TensorData
  const parts: [bytes: Uint8Array, type: number | undefined][] = []
  let [called, type] = ['', 0]
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === name[0]) called = reader.string()
    else if (number === dataType[0]) type = reader.int32()
    else if (wire === WIRE_LENGTH_DELIMITED && (number === rawData[0] || NUMBERS[number]))
      parts.push([reader.bytes(), NUMBERS[number]])
    else reader.skip(wire, number)
  }
  const hasNaN = parts.some(([part, of]) => {
    const [size, isBad] = FLOATS[of ?? type] ?? [Infinity]
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
    for (let at = 0; at + size <= part.length; at += size) if (isBad!(view, at)) return true
    return false
  })
  return { name: called, hasNaN }
}

/** The name of the first weight of an ONNX file that holds a NaN. @throws Error when the bytes are no protocol buffer */
export function tensorWithNaN(bytes: Uint8Array): string | undefined {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number !== schema.Model.graph[0]) {
      reader.skip(wire, number)
      continue
    }
    const graph = new BinaryReader(reader.bytes())
    while (graph.pos < graph.len) {
      const [field, kind] = graph.tag()
      if (field !== schema.Graph.initializer[0]) {
        graph.skip(kind, field)
        continue
      }
      const { name, hasNaN } = readTensor(graph.bytes())
      if (hasNaN) return name
    }
  }
}
