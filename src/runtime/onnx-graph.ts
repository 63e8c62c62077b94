import { readInts, walk } from './onnx-sizes.ts'

/** Numbers of fields in onnx.proto3, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const MODEL_GRAPH = 7
const GRAPH = { node: 1, initializer: 5, input: 11 }
const NODE = { input: 1, opType: 4 }
const TENSOR = { dataType: 2, name: 8, raw: 9 }
/** The way from a graph's input to the sizes of its axes: its type, that of a tensor, its shape, an axis, a size. */
const INPUT_SIZE = [2, 1, 2, 1, 1]
const FLOAT32 = 1

/** What a graph that was written here holds, as far as its weights are found by it. */
export interface OnnxWeights {
  /** Sizes of the first input's axes that have one. */
  readonly input: readonly number[]
  readonly nodes: readonly { readonly op: string; readonly inputs: readonly string[] }[]
  /** Weights of float32 by their names. */
  readonly weights: ReadonlyMap<string, Float32Array>
}

function readNode(bytes: Uint8Array): OnnxWeights['nodes'][number] {
  const inputs: string[] = []
  let op = ''
  walk(bytes, (field, reader) => {
    if (field === NODE.input) inputs.push(reader.string())
    else if (field === NODE.opType) op = reader.string()
    else return false
    return true
  })
  return { op, inputs }
}

/** A tensor's name and its numbers; nothing where it is of another type. */
function readFloats(bytes: Uint8Array): readonly [string, Float32Array] | undefined {
  let [name, type] = ['', 0]
  let raw = new Uint8Array()
  walk(bytes, (field, reader) => {
    if (field === TENSOR.name) name = reader.string()
    else if (field === TENSOR.dataType) type = reader.int32()
    else if (field === TENSOR.raw) raw = Uint8Array.from(reader.bytes())
    else return false
    return true
  })
  return type === FLOAT32 ? [name, new Float32Array(raw.buffer)] : undefined
}

/** The numbers at the end of a way through messages. */
function sizesAt(bytes: Uint8Array, [next, ...rest]: readonly number[]): number[] {
  const found: number[] = []
  walk(bytes, (field, reader, wire) => {
    if (field !== next) return false
    found.push(...(rest.length === 0 ? readInts(reader, wire) : sizesAt(reader.bytes(), rest)))
    return true
  })
  return found
}

/** Reads the weights of an ONNX file that was written here. @throws Error when the bytes are no protocol buffer */
export function readOnnxWeights(bytes: Uint8Array): OnnxWeights {
  const inputs: number[][] = []
  const nodes: OnnxWeights['nodes'][number][] = []
  const weights = new Map<string, Float32Array>()
  walk(bytes, (field, model) => {
    if (field !== MODEL_GRAPH) return false
    walk(model.bytes(), (inner, graph) => {
      if (inner === GRAPH.node) nodes.push(readNode(graph.bytes()))
      else if (inner === GRAPH.input) inputs.push(sizesAt(graph.bytes(), INPUT_SIZE))
      else if (inner === GRAPH.initializer) {
        const found = readFloats(graph.bytes())
        if (found) weights.set(...found)
      } else return false
      return true
    })
    return true
  })
  return { input: inputs[0] ?? [], nodes, weights }
}
