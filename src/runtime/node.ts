import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { type CorePrimitive, type DType, DYNAMIC, type Graph, type Shape } from '../autodiff/index.ts'
import { knownSize, sizeOf } from '../autodiff/primitive.ts'
import { adaptive } from './adaptive.ts'
import { lower, lowerScan } from './onnx.ts'
import { readMetadata } from './protobuf.ts'

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

export interface CompileOptions {
  /** Threads for one operator; default 2, or `OXBOW_THREADS`. */
  readonly threads?: number
  /** `false` keeps every node as it is; default true for float32. */
  readonly optimize?: boolean
  /**
   * Threads wait for work in a loop: much faster between small operations on an idle machine, much slower where another
   * process wants the core; default false. `compileScan` chooses by itself.
   */
  readonly spinning?: boolean
}

interface Port {
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

/** `OXBOW_THREADS` where it is set, otherwise two: more did not pay for networks of this size. */
export function defaultThreads(): number {
  const given = Number(process.env.OXBOW_THREADS)
  return Number.isInteger(given) && given > 0 ? given : 2
}

/** Session settings that pay for small training graphs. No fusions for float64, whose fused kernels do not exist. */
function sessionOptions(
  precise: boolean,
  { threads = defaultThreads(), optimize = true, spinning = false }: CompileOptions,
): InferenceSession.SessionOptions {
  return {
    executionMode: 'sequential',
    graphOptimizationLevel: precise || !optimize ? 'disabled' : 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  }
}

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

async function open(
  model: Uint8Array,
  ports: readonly Port[],
  precise: boolean,
  options: CompileOptions,
): Promise<Program> {
  return programOf(await InferenceSession.create(model, sessionOptions(precise, options)), ports)
}

function programOf(session: InferenceSession, ports: readonly Port[]): Program {
  return {
    async run(inputs) {
      if (inputs.length !== ports.length) {
        throw new Error(`expected ${ports.length} inputs, found ${inputs.length}`)
      }
      const feeds: Record<string, OrtTensor> = {}
      ports.forEach((port, i) => {
        const data = inputs[i]
        if (!(data instanceof ARRAY[port.dtype])) {
          throw new Error(
            `input ${port.name}: expected ${ARRAY[port.dtype].name}, found ${data?.constructor.name}`,
          )
        }
        feeds[port.name] = new OrtTensor(port.dtype, data as never, fillShape(port, data.length))
      })
      const results = await session.run(feeds)
      return session.outputNames.map(name => results[name].data as Buffer)
    },
    close: () => session.release(),
  }
}

const isPrecise = (graph: Graph<CorePrimitive>): boolean =>
  [...graph.inputs, ...graph.nodes].some(node => node.dtype === 'float64')

const portsOf = (graph: Graph<CorePrimitive>, scannedFrom = Infinity): Port[] =>
  graph.inputs.map(({ params, shape, dtype }, i) => ({
    name: params.name || `input${params.index}`,
    shape: i < scannedFrom ? shape : [DYNAMIC, ...shape],
    dtype,
  }))

/** Compiles a simplified graph for ONNX Runtime. */
export function compile(graph: Graph<CorePrimitive>, options: CompileOptions = {}): Promise<Program> {
  return open(lower(graph), portsOf(graph), isPrecise(graph), options)
}

/**
 * Compiles a graph whose first `carried` inputs and outputs are a state; see `lowerScan`. With several threads there are
 * two sessions, one whose threads spin, and whichever is faster at the time is used; their results are equal bit for bit.
 */
export async function compileScan(
  graph: Graph<CorePrimitive>,
  carried: number,
  options: CompileOptions = {},
): Promise<Program> {
  const model = lowerScan(graph, carried)
  const ports = portsOf(graph, carried)
  const start = (spinning: boolean) => open(model, ports, isPrecise(graph), { ...options, spinning })
  const scanned = ports[carried]
  if ((options.threads ?? defaultThreads()) === 1 || !scanned) return start(false)
  const size = sizeOf(scanned.shape.slice(1))
  return adaptive(await start(true), await start(false), inputs => inputs[carried].length / size)
}

/** Opens an ONNX file's bytes whose inputs are float32 with at most one open axis each. */
export async function openModel(
  bytes: Uint8Array,
  options: CompileOptions = {},
): Promise<{ program: Program; inputs: readonly Port[]; metadata: Readonly<Record<string, string>> }> {
  const session = await InferenceSession.create(bytes, sessionOptions(false, options))
  const inputs = session.inputMetadata.map(meta => {
    if (!meta.isTensor) throw new Error(`input ${meta.name} is not a tensor`)
    return {
      name: meta.name,
      dtype: meta.type as DType,
      shape: meta.shape.map(n => (typeof n === 'number' ? n : DYNAMIC)),
    }
  })
  return { program: programOf(session, inputs), inputs, metadata: readMetadata(bytes) }
}
