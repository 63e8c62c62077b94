import { BinaryReader } from '@bufbuild/protobuf/wire'

/** Numbers that a small file may make of a few bytes: 64 MiB of float32, or 200 bytes for each of the file's, as other readers. */
const MOST_NUMBERS = { least: 2 ** 24, perByte: 50 }

/** Operations that make a tensor of a size that another input names, by the place of that input. */
const SIZED: Readonly<Record<string, number>> = { ConstantOfShape: 0, Expand: 1, Tile: 1 }

const BYTES = 2
/** Numbers of fields in onnx.proto3. */
const MODEL_GRAPH = 7
const GRAPH = { node: 1, initializer: 5 }
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 }
const ATTRIBUTE_TENSOR = 5
const TENSOR = { dims: 1, dataType: 2, int64s: 7, name: 8, raw: 9, location: 14 }
const INT64 = 7
/** Longer lists are no shape. */
const MOST_AXES = 64

type Each = (field: number, reader: BinaryReader, wire: number) => boolean

/** Hands each field of a message to `each`, and skips those that it does not read. */
export function walk(bytes: Uint8Array, each: Each): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (!each(field, reader, wire)) reader.skip(wire, field)
  }
}

interface FoundTensor {
  readonly name: string
  /** Numbers that its shape stands for. */
  readonly size: number
  /** What it holds, where it may be a shape. */
  readonly values: readonly number[]
  /** Bytes of what it holds, however that is stored. */
  readonly stored: number
  readonly external: boolean
}

/** A list of whole numbers, packed or one by one. */
export function readInts(reader: BinaryReader, wire: number): number[] {
  if (wire !== BYTES) return [Number(reader.int64())]
  const end = reader.uint32() + reader.pos
  const ints: number[] = []
  while (reader.pos < end) ints.push(Number(reader.int64()))
  return ints
}

function readTensor(bytes: Uint8Array): FoundTensor {
  let [name, type, external] = ['', 0, false]
  const dims: number[] = []
  const values: number[] = []
  walk(bytes, (field, reader, wire) => {
    if (field === TENSOR.dims) dims.push(...readInts(reader, wire))
    else if (field === TENSOR.dataType) type = reader.int32()
    else if (field === TENSOR.name) name = reader.string()
    else if (field === TENSOR.location) external = reader.int32() !== 0
    else if (field === TENSOR.int64s && bytes.length < 4096) values.push(...readInts(reader, wire))
    else if (field === TENSOR.raw && type === INT64) {
      const raw = reader.bytes()
      const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
      const axes = Math.min(MOST_AXES, Math.floor(raw.length / 8))
      for (let i = 0; i < axes; i++) values.push(Number(view.getBigInt64(8 * i, true)))
    } else return false
    return true
  })
  return { name, size: product(dims), values, stored: bytes.length, external }
}

const product = (values: readonly number[]): number =>
  values.reduce((total, value) => total * Math.abs(value || 1), 1)

interface FoundNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly constant?: FoundTensor
}

function readNode(bytes: Uint8Array): FoundNode {
  const node = {
    op: '',
    inputs: [] as string[],
    outputs: [] as string[],
    constant: undefined as FoundTensor | undefined,
  }
  walk(bytes, (field, reader) => {
    if (field === NODE.input) node.inputs.push(reader.string())
    else if (field === NODE.output) node.outputs.push(reader.string())
    else if (field === NODE.opType) node.op = reader.string()
    else if (field === NODE.attribute) {
      walk(reader.bytes(), (inner, attribute) => {
        if (inner !== ATTRIBUTE_TENSOR) return false
        node.constant = readTensor(attribute.bytes())
        return true
      })
    } else return false
    return true
  })
  return node
}

/**
 * What an ONNX file of some bytes would make far larger than itself, or says to hold and does not; nothing where it is sound.
 *
 * @throws Error when the bytes are no protocol buffer
 */
export function oversizedIn(bytes: Uint8Array): string | undefined {
  const most = Math.max(MOST_NUMBERS.least, MOST_NUMBERS.perByte * bytes.length)
  const shapes = new Map<string, readonly number[]>()
  const nodes: FoundNode[] = []
  let problem: string | undefined
  const keep = (tensor: FoundTensor, name: string): void => {
    shapes.set(name, tensor.values)
    // A number takes at least half a byte.
    if (!tensor.external && tensor.size > 2 * tensor.stored) {
      problem ??= `a tensor says that it holds ${tensor.size} numbers, in ${tensor.stored} bytes`
    }
  }
  walk(bytes, (field, reader) => {
    if (field !== MODEL_GRAPH) return false
    walk(reader.bytes(), (inner, graph) => {
      if (inner === GRAPH.initializer) {
        const tensor = readTensor(graph.bytes())
        keep(tensor, tensor.name)
      } else if (inner === GRAPH.node) nodes.push(readNode(graph.bytes()))
      else return false
      return true
    })
    return true
  })
  for (const { op, outputs, constant } of nodes) {
    if (op === 'Constant' && constant) keep(constant, outputs[0])
  }
  for (const { op, inputs } of nodes) {
    const size = product(shapes.get(inputs[SIZED[op]] ?? '') ?? [])
    if (size > most)
      problem ??= `a step of it (${op}) makes ${size} numbers of a file of ${bytes.length} bytes`
  }
  return problem
}
