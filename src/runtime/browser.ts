import type { CorePrimitive, Graph } from '../autodiff/index.ts'
import { type StepSession, stepByStep } from './device-state.ts'
import { lower, lowerScan, outputNamesOf } from './onnx.ts'
import {
  isPrecise,
  type MakeTensor,
  type OpenedModel,
  openedModel,
  type Port,
  type Program,
  portsOf,
  programOf,
  RuntimeLoadError,
  type Session,
} from './program.ts'

/** A build of ONNX Runtime for browsers. */
export interface BrowserRuntime {
  readonly env: {
    readonly wasm: { numThreads?: number; wasmPaths?: unknown; wasmBinary?: ArrayBufferLike | Uint8Array }
  }
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<unknown> }
  readonly Tensor: {
    new (dtype: never, data: never, shape: readonly number[]): unknown
    fromGpuBuffer(buffer: never, options: never): unknown
  }
}

export interface BrowserEngine {
  /**
   * Where the files of the runtime are, when not beside the script that uses them. To be called before anything is
   * compiled.
   *
   * @param files  addresses of the `.wasm` file and, if its script is not to be the bundled one, of the `.mjs` file
   * @param binary  the bytes of the first, where they are loaded already
   */
  setRuntimeFiles(files: { readonly wasm: string; readonly mjs?: string }, binary?: Uint8Array): void
  /** Compiles a simplified graph. */
  compile(graph: Graph<CorePrimitive>): Promise<Program>
  /** Compiles a graph whose first `carried` inputs and outputs are a state; see `lowerScan`. */
  compileScan(graph: Graph<CorePrimitive>, carried: number): Promise<Program>
  /** Opens an ONNX file's bytes whose inputs are float32 with at most one open axis each. */
  openModel(bytes: Uint8Array): Promise<OpenedModel>
}

/** How the runtime begins what it throws when a file of its own does not come, as against a model that it refuses. */
const NOT_LOADED = /^no available backend found\. ERR: (?:\[\w+\] )?/

function checkLoaded(error: Error, files: unknown): never {
  if (!NOT_LOADED.test(error.message)) throw error
  const [reason] = error.message.replace(NOT_LOADED, '').split('\n')
  const { wasm } = (files ?? {}) as { wasm?: string }
  throw new RuntimeLoadError(
    `ONNX Runtime cannot be loaded: its WebAssembly file is expected ${wasm ? `at ${wasm}` : 'beside the script'} (${reason})`,
  )
}

/** One thing after another: the runtime for WebGPU refuses to begin one while it waits in the middle of another. */
function queue(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return action => {
    const result = last.then(action)
    last = result.catch(() => {})
    return result
  }
}

/** @param provider  what runs a graph; numbers of 64 bits are for the processor alone */
export function browserEngine(
  { env, InferenceSession, Tensor }: BrowserRuntime,
  provider: 'wasm' | 'webgpu',
): BrowserEngine {
  // Two threads need a page that is isolated from others, and pay on an idle machine alone.
  env.wasm.numThreads = 1
  const makeTensor: MakeTensor = (dtype, data, shape) => new Tensor(dtype as never, data as never, shape)
  const inTurn = queue()
  const create = (model: Uint8Array, precise: boolean, locations?: Readonly<Record<string, string>>) =>
    inTurn(async (): Promise<Session> => {
      const session = (await InferenceSession.create(model, {
        preferredOutputLocation: locations,
        executionProviders: [precise ? 'wasm' : provider],
        executionMode: 'sequential',
        graphOptimizationLevel: precise ? 'disabled' : 'all',
        logSeverityLevel: 4,
      }).catch((error: Error) => checkLoaded(error, env.wasm.wasmPaths))) as Session
      return {
        outputNames: session.outputNames,
        inputMetadata: session.inputMetadata,
        outputMetadata: session.outputMetadata,
        run: (feeds, outputs) => inTurn(() => session.run(feeds, outputs)),
        release: () => inTurn(() => session.release()),
      }
    })
  const open = async (model: Uint8Array, ports: readonly Port[], precise: boolean): Promise<Program> =>
    programOf(await create(model, precise), ports, makeTensor)
  return {
    setRuntimeFiles(files, binary) {
      env.wasm.wasmPaths = files
      if (binary) env.wasm.wasmBinary = binary
    },
    compile: graph => open(lower(graph), portsOf(graph), isPrecise(graph)),
    async compileScan(graph, carried) {
      const precise = isPrecise(graph)
      if (provider === 'wasm' || precise)
        return open(lowerScan(graph, carried), portsOf(graph, carried), precise)
      // WebGPU has no scan: one would run on the processor, and copy at every step.
      const places = outputNamesOf(graph).map((name, i) => [name, i < carried ? 'gpu-buffer' : 'cpu'])
      const session = await create(lower(graph), false, Object.fromEntries(places))
      const names = portsOf(graph).map(({ name }) => name)
      const step: StepSession = {
        outputNames: session.outputNames,
        run: feeds => session.run(feeds, session.outputNames),
        release: session.release,
        onDevice: (buffer, dataType, dims) =>
          Tensor.fromGpuBuffer(buffer as never, { dataType, dims } as never),
      }
      return stepByStep(step, graph, carried, names, makeTensor)
    },
    openModel: async bytes => openedModel(await create(bytes, false), bytes, makeTensor),
  }
}
