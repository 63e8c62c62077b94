import type { CorePrimitive, Graph } from '../autodiff/index.ts'
import { UnplannedError } from './cpu/emit.ts'
import { openOnce, openScan } from './cpu/engine.ts'
import { wasmEngine } from './cpu/wasm.ts'
import { isPrecise, type Program } from './program.ts'
import type { Runtime } from './runtime.ts'

const ONE_THREAD = { threads: 1 }

/**
 * The engine of a page: the one of our own in WebAssembly, and ONNX Runtime for what that does not run, which are graphs of 64
 * bits and ONNX files. It is loaded when it is first needed.
 *
 * @param load  called once, unless it fails
 */
export function pageRuntime(load: () => Promise<Runtime>): Runtime {
  const native = wasmEngine()
  let loading: Promise<Runtime> | undefined
  const onnx = (): Promise<Runtime> => {
    loading ??= load().catch((error: Error) => {
      loading = undefined
      throw error
    })
    return loading
  }
  const compiled = async (
    graph: Graph<CorePrimitive>,
    own: () => Program,
    other: (runtime: Runtime) => Promise<Program>,
  ): Promise<Program> => {
    if (isPrecise(graph)) return other(await onnx())
    try {
      return own()
    } catch (error) {
      if (!(error instanceof UnplannedError)) throw error
      return other(await onnx())
    }
  }
  return {
    compile: graph =>
      compiled(
        graph,
        () => openOnce(native, graph, ONE_THREAD),
        runtime => runtime.compile(graph),
      ),
    compileScan: (graph, carried) =>
      compiled(
        graph,
        () => openScan(native, graph, carried, ONE_THREAD),
        runtime => runtime.compileScan(graph, carried),
      ),
    openModel: async bytes => (await onnx()).openModel(bytes),
  }
}
