import type { CorePrimitive, DType, Graph, Shape } from '../autodiff/index.ts'
import { DYNAMIC, knownSize } from '../autodiff/primitive.ts'
import { readMetadata } from './protobuf.ts'

/** ONNX Runtime itself cannot be loaded: nothing is said of a graph or a file. */
export class RuntimeLoadError extends Error {
  override readonly name = 'RuntimeLoadError'
}

/** Row-major data of one tensor: float32, float64, int64 or bool (0 and 1). */
export type Buffer = Float32Array | Float64Array | BigInt64Array | Uint8Array

/** A compiled graph. */
export interface Program {
  /**
   * Runs the graph.
   *
   * @param inputs  one array per graph input, in order; a dynamic axis is inferred from the length
   * @returns one array per output; a program may be run again at once, results are not reused
   * @throws Error when an input's length or type does not fit
   */
  run(inputs: readonly Buffer[]): Promise<Buffer[]>
  close(): Promise<void>
}

/** An input of a program. */
export interface Port {
  readonly name: string
  readonly shape: Shape
  readonly dtype: DType
}

const ARRAY: Record<DType, { new (length: number): Buffer; name: string }> = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  bool: Uint8Array,
}

/** An input or output of a session. */
type ValueMetadata =
  | {
      readonly isTensor: true
      readonly name: string
      readonly type: string
      readonly shape: readonly (number | string)[]
    }
  | { readonly isTensor: false; readonly name: string }

/** What ONNX Runtime's sessions have in common, wherever they run. */
export interface Session {
  readonly outputNames: readonly string[]
  readonly inputMetadata: readonly ValueMetadata[]
  readonly outputMetadata: readonly ValueMetadata[]
  // biome-ignore lint/suspicious/noExplicitAny: each package has a tensor class of its own
  run(feeds: any, outputs: readonly string[]): Promise<any>
  release(): Promise<void>
}

/** Makes a tensor of the package that a session is of. */
export type MakeTensor = (dtype: DType, data: Buffer, shape: Shape) => unknown

/** Fills in the one open axis of a shape from the number of elements. */
function fillShape(port: Port, length: number): Shape {
  const open = length / knownSize(port.shape)
  if (port.shape.includes(DYNAMIC) ? !Number.isInteger(open) : open !== 1) {
    throw new Error(
      `input ${port.name}: ${length} elements do not fill [${port.shape.map(n => (n === DYNAMIC ? 'batch' : n)).join(', ')}]`,
    )
  }
  return port.shape.map(n => (n === DYNAMIC ? open : n))
}

/**
 * The shapes of inputs, open axes filled in.
 *
 * @throws Error when there are more or fewer than ports, or one has another type or length
 */
export function shapesOf(ports: readonly Port[], inputs: readonly Buffer[]): Shape[] {
  if (inputs.length !== ports.length) {
    throw new Error(`expected ${ports.length} inputs, found ${inputs.length}`)
  }
  return ports.map((port, i) => {
    const data = inputs[i]
    if (!(data instanceof ARRAY[port.dtype])) {
      throw new Error(
        `input ${port.name}: expected ${ARRAY[port.dtype].name}, found ${data?.constructor.name}`,
      )
    }
    return fillShape(port, data.length)
  })
}

/** A program of an open session. @param outputs  the names of those that are wanted, in order; default all */
export function programOf(
  session: Session,
  ports: readonly Port[],
  tensor: MakeTensor,
  outputs: readonly string[] = session.outputNames,
): Program {
  return {
    async run(inputs) {
      const feeds: Record<string, unknown> = {}
      shapesOf(ports, inputs).forEach((shape, i) => {
        feeds[ports[i].name] = tensor(ports[i].dtype, inputs[i], shape)
      })
      const results = await session.run(feeds, outputs)
      return outputs.map(name => results[name].data)
    },
    close: () => session.release(),
  }
}

export const isPrecise = (graph: Graph<CorePrimitive>): boolean =>
  [...graph.inputs, ...graph.nodes].some(node => node.dtype === 'float64')

export const portsOf = (graph: Graph<CorePrimitive>, scannedFrom = Infinity): Port[] =>
  graph.inputs.map(({ params, shape, dtype }, i) => ({
    name: params.name || `input${params.index}`,
    shape: i < scannedFrom ? shape : [DYNAMIC, ...shape],
    dtype,
  }))

/** An output of an ONNX file. */
export interface Output {
  readonly name: string
  /** Of its numbers, such as `float16`; `no tensor` for lists and tables. */
  readonly dtype: string
  /** Empty for lists and tables; what is not known is `DYNAMIC`. */
  readonly shape: Shape
}

/** An opened ONNX file. */
export interface OpenedModel {
  readonly program: Program
  readonly inputs: readonly Port[]
  /** The first one. */
  readonly output: Output
  /** What its program gives: the first output, then all others that are tensors. */
  readonly outputs: readonly Output[]
  readonly metadata: Readonly<Record<string, string>>
}

const NO_TENSOR = 'no tensor'

/** The program of an ONNX file's session, whose inputs have at most one open axis each. */
export function openedModel(session: Session, bytes: Uint8Array, tensor: MakeTensor): OpenedModel {
  const shapeOf = (shape: readonly (number | string)[]): Shape =>
    shape.map(n => (typeof n === 'number' ? n : DYNAMIC))
  const inputs = session.inputMetadata.map(meta => {
    if (!meta.isTensor) throw new Error(`input ${meta.name} is not a tensor`)
    return { name: meta.name, dtype: meta.type as DType, shape: shapeOf(meta.shape) }
  })
  const [output = { name: '(none)', dtype: NO_TENSOR, shape: [] }, ...others] = session.outputMetadata.map(
    (meta): Output => ({
      name: meta.name,
      dtype: meta.isTensor ? meta.type : NO_TENSOR,
      shape: meta.isTensor ? shapeOf(meta.shape) : [],
    }),
  )
  const outputs = [output, ...others.filter(({ dtype }) => dtype !== NO_TENSOR)]
  const names = outputs.map(({ name }) => name)
  const program = programOf(session, inputs, tensor, names)
  return { program, inputs, output, outputs, metadata: readMetadata(bytes) }
}
