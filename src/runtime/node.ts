import './telemetry.ts' // Before the native library.

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { CorePrimitive, Graph } from '../autodiff/index.ts'
import { sizeOf } from '../autodiff/primitive.ts'
import { adaptive } from './adaptive.ts'
import { lower, lowerScan } from './onnx.ts'
import {
  isPrecise,
  type MakeTensor,
  type OpenedModel,
  openedModel,
  type Port,
  type Program,
  portsOf,
  programOf,
} from './program.ts'
import { withoutTelemetry } from './telemetry.ts'

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

const makeTensor: MakeTensor = (dtype, data, shape) => new OrtTensor(dtype, data as never, shape)

/** `OXBOW_THREADS`, where it is set. */
export function askedThreads(): number | undefined {
  const given = Number(process.env.OXBOW_THREADS)
  return Number.isInteger(given) && given > 0 ? given : undefined
}

/** `OXBOW_THREADS` where it is set, otherwise two: more did not pay for networks of this size. */
export const defaultThreads = (): number => askedThreads() ?? 2

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
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  }
}

async function createSession(
  model: Uint8Array,
  precise: boolean,
  options: CompileOptions,
): Promise<InferenceSession> {
  await withoutTelemetry()
  return InferenceSession.create(model, sessionOptions(precise, options))
}

async function open(
  model: Uint8Array,
  ports: readonly Port[],
  precise: boolean,
  options: CompileOptions,
): Promise<Program> {
  const session = await createSession(model, precise, options)
  return programOf(session, ports, makeTensor)
}

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
export async function openModel(bytes: Uint8Array, options: CompileOptions = {}): Promise<OpenedModel> {
  const session = await createSession(bytes, false, options)
  return openedModel(session, bytes, makeTensor)
}
