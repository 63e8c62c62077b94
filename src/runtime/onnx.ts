import type { CorePrimitive } from '../autodiff/index.ts'
import { type DType, DYNAMIC, type Graph, type Shape, type Tensor } from '../autodiff/index.ts'
import { sizeOf } from '../autodiff/primitive.ts'
import { type Attributes, ELEMENT_TYPE, type Emit, type LoweringRule, loweringRules } from './lowering.ts'
import {
  encodeChecked,
  encodeModel,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './protobuf.ts'

/** Float64 kernels of ONNX Runtime need this operator set; every rule below is written for it. */
const OPSET = 18
const IR_VERSION = 8
function attribute(name: string, value: Attributes[string]): OnnxAttribute {
  if (typeof value === 'number') return { name, i: value, type: 2 }
  if (typeof value === 'string') return { name, s: value, type: 3 }
  if (Array.isArray(value)) return { name, ints: value, type: 7 }
  return { name, g: value as OnnxGraph, type: 5 }
}

function bytesOf(values: readonly number[] | Float64Array, dtype: DType): Uint8Array {
  const array = {
    float32: () => Float32Array.from(values),
    float64: () => Float64Array.from(values),
    int64: () => BigInt64Array.from(Array.from(values, v => BigInt(v))),
    bool: () => Uint8Array.from(values),
  }[dtype]()
  return new Uint8Array(array.buffer)
}

/** Collects nodes and initializers under unique names, which begin with a slash: those of a trace do not. */
class Body {
  readonly nodes: OnnxNode[] = []
  readonly initializers: OnnxTensor[] = []
  private readonly names = new Map<Tensor, string>()
  private readonly shared = new Map<string, string>()

  name(node: Tensor): string {
    return this.names.get(node)!
  }

  bind(node: Tensor, name: string): void {
    this.names.set(node, name)
  }

  readonly emit: Emit = (opType, inputs, attributes = {}, output = `/n${this.nodes.length}_${opType}`) => {
    const attributeList = Object.entries(attributes).map(([name, value]) => attribute(name, value))
    this.nodes.push({ input: inputs, output: [output], opType, attribute: attributeList })
    return output
  }

  initializer(values: readonly number[] | Float64Array, shape: Shape, dtype: DType, key?: string): string {
    const known = key && this.shared.get(key)
    if (known) return known
    const name = `/c${this.initializers.length}`
    this.initializers.push({
      name,
      dims: shape,
      dataType: ELEMENT_TYPE[dtype],
      rawData: bytesOf(values, dtype),
    })
    if (key) this.shared.set(key, name)
    return name
  }

  readonly ints = (values: readonly number[]): string =>
    this.initializer(values, [values.length], 'int64', `ints ${values}`)
  readonly int = (value: number): string => this.initializer([value], [], 'int64', `int ${value}`)
  readonly fill = (value: number, shape: Shape, dtype: DType): string =>
    shape.includes(DYNAMIC)
      ? this.emit('Expand', [this.fill(value, [], dtype), this.runningShape(shape)])
      : this.initializer(
          new Float64Array(sizeOf(shape)).fill(value),
          shape,
          dtype,
          `fill ${value} ${shape} ${dtype}`,
        )

  /** A shape whose open axis is as long as that of an input. */
  private runningShape(shape: Shape): string {
    const [input] = [...this.names.keys()].filter(node => node.op === 'input' && node.shape.includes(DYNAMIC))
    const axis = input.shape.indexOf(DYNAMIC)
    const batch = this.emit('Shape', [this.name(input)], { start: axis, end: axis + 1 })
    const parts = shape.map(n => (n === DYNAMIC ? batch : this.ints([n])))
    return this.emit('Concat', parts, { axis: 0 })
  }

  lower(node: Tensor, output: string): void {
    if (node.op === 'constant') {
      const { value } = (node as Tensor<'constant'>).params
      const name =
        typeof value === 'number'
          ? this.fill(value, node.shape, node.dtype)
          : this.initializer(value, node.shape, node.dtype)
      this.bind(node, name)
      return
    }
    const rule = loweringRules[node.op as keyof typeof loweringRules] as LoweringRule<never> | undefined
    if (!rule) throw new Error(`${node.op} has no ONNX form: simplify the graph before lowering it`)
    rule(
      node.inputs.map(input => this.name(input)),
      node as never,
      { emit: this.emit, ints: this.ints, int: this.int, fill: this.fill, output },
    )
    this.bind(node, output)
  }
}

function valueInfo(name: string, shape: Shape, dtype: DType, leading: readonly string[] = []): OnnxValueInfo {
  const dim = [
    ...leading.map(dimParam => ({ dimParam })),
    ...shape.map(n => (n === DYNAMIC ? { dimParam: 'batch' } : { dimValue: n })),
  ]
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[dtype], shape: { dim } } } }
}

/** Names that ONNX tools accept: letters, digits, dot and underscore. */
const inputName = (input: Tensor<'input'>): string => input.params.name || `input${input.params.index}`

/** Names of the outputs, different from each other and from the inputs'. */
export function outputNamesOf(graph: Graph): string[] {
  const taken = new Set(graph.inputs.map(inputName))
  return graph.outputs.map((_, i) => {
    let name = graph.outputNames[i] || `output${i}`
    while (taken.has(name)) name += '_out'
    taken.add(name)
    return name
  })
}

function lowerNodes(graph: Graph<CorePrimitive>, prefix = ''): { body: Body; outputs: string[] } {
  const body = new Body()
  for (const input of graph.inputs) body.bind(input, prefix + inputName(input))
  graph.nodes.forEach((node, i) => {
    body.lower(node, `/v${i}_${node.op}`)
  })
  // A graph output needs a name of its own, also where it is an input, a constant or given twice.
  const names = outputNamesOf(graph)
  const outputs = graph.outputs.map((output, i) => {
    const name = prefix + names[i]
    const made = body.nodes.findLast(node => node.output[0] === body.name(output))
    const used = graph.outputs.indexOf(output) !== i
    if (!made || used) return body.emit('Identity', [body.name(output)], {}, name)
    rename(body.nodes, body.name(output), name)
    body.bind(output, name)
    return name
  })
  return { body, outputs }
}

function rename(nodes: OnnxNode[], from: string, to: string): void {
  nodes.forEach((node, i) => {
    if (!node.input.includes(from) && node.output[0] !== from) return
    const swap = (name: string) => (name === from ? to : name)
    nodes[i] = { ...node, input: node.input.map(swap), output: node.output.map(swap) }
  })
}

export interface LowerOptions {
  /** Kept in the file's metadata, with a checksum of the file. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly description?: string
}

/** A graph that is a file, with metadata, carries a checksum. */
function encode(graph: OnnxGraph, { metadata, description }: LowerOptions): Uint8Array {
  const model = {
    irVersion: IR_VERSION,
    producerName: 'oxbow',
    docString: description,
    opsetImport: [{ domain: '', version: OPSET }],
    graph,
  }
  return metadata ? encodeChecked({ ...model, metadata }) : encodeModel(model)
}

/** The bytes of an ONNX model that computes a simplified graph. A dynamic axis is named `batch`. */
export function lower(graph: Graph<CorePrimitive>, options: LowerOptions = {}): Uint8Array {
  const { body, outputs } = lowerNodes(graph)
  const onnx: OnnxGraph = {
    name: 'oxbow',
    node: body.nodes,
    initializer: body.initializers,
    input: graph.inputs.map(input => valueInfo(inputName(input), input.shape, input.dtype)),
    output: graph.outputs.map((output, i) => valueInfo(outputs[i], output.shape, output.dtype)),
  }
  return encode(onnx, options)
}

/**
 * The bytes of an ONNX model that applies a graph to a sequence: the first `carried` inputs and outputs are a state
 * handed from step to step; the other inputs are taken row by row from arrays with a leading `steps` axis, and the
 * other outputs are stacked along one. One `run` then does any number of steps.
 */
export function lowerScan(
  graph: Graph<CorePrimitive>,
  carried: number,
  options: LowerOptions = {},
): Uint8Array {
  const { body, outputs } = lowerNodes(graph, 'step/')
  const inner: OnnxGraph = {
    name: 'step',
    node: body.nodes,
    initializer: [],
    input: graph.inputs.map(input => valueInfo(`step/${inputName(input)}`, input.shape, input.dtype)),
    output: graph.outputs.map((output, i) => valueInfo(outputs[i], output.shape, output.dtype)),
  }
  const outer = outputNamesOf(graph)
  const lead = (i: number) => (i < carried ? [] : ['steps'])
  const scan: OnnxNode = {
    opType: 'Scan',
    input: graph.inputs.map(inputName),
    output: outer,
    attribute: [attribute('body', inner), attribute('num_scan_inputs', graph.inputs.length - carried)],
  }
  const onnx: OnnxGraph = {
    name: 'oxbow',
    node: [scan],
    initializer: body.initializers,
    input: graph.inputs.map((input, i) => valueInfo(inputName(input), input.shape, input.dtype, lead(i))),
    output: graph.outputs.map((output, i) => valueInfo(outer[i], output.shape, output.dtype, lead(i))),
  }
  return encode(onnx, options)
}
