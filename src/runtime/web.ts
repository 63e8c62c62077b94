import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/wasm'
import type { CorePrimitive, Graph } from '../autodiff/index.ts'
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

const makeTensor: MakeTensor = (dtype, data, shape) => new OrtTensor(dtype, data as never, shape)

/** One thread: two need a page that is isolated from others, and pay on an idle machine alone. */
env.wasm.numThreads = 1

/**
 * Where the two files of the WebAssembly runtime are, when not beside the script that uses them. To be called before
 * anything is compiled.
 *
 * @param binary  the bytes of the first, where they are loaded already
 */
export function setRuntimeFiles(
  files: { readonly wasm: string; readonly mjs: string },
  binary?: Uint8Array,
): void {
  env.wasm.wasmPaths = files
  if (binary) env.wasm.wasmBinary = binary
}

const sessionOptions = (precise: boolean): InferenceSession.SessionOptions => ({
  executionMode: 'sequential',
  graphOptimizationLevel: precise ? 'disabled' : 'all',
  logSeverityLevel: 4,
})

async function open(model: Uint8Array, ports: readonly Port[], precise: boolean): Promise<Program> {
  const session = await InferenceSession.create(model, sessionOptions(precise))
  return programOf(session, ports, makeTensor)
}

/** Compiles a simplified graph for WebAssembly. */
export const compile = (graph: Graph<CorePrimitive>): Promise<Program> =>
  open(lower(graph), portsOf(graph), isPrecise(graph))

/** Compiles a graph whose first `carried` inputs and outputs are a state; see `lowerScan`. */
export const compileScan = (graph: Graph<CorePrimitive>, carried: number): Promise<Program> =>
  open(lowerScan(graph, carried), portsOf(graph, carried), isPrecise(graph))

/** Opens an ONNX file's bytes whose inputs are float32 with at most one open axis each. */
export async function openModel(bytes: Uint8Array): Promise<OpenedModel> {
  const session = await InferenceSession.create(bytes, sessionOptions(false))
  return openedModel(session, bytes, makeTensor)
}
