import { ifPlanned, openOnce, openScan } from './cpu/engine.ts'
import { wasmEngine } from './cpu/wasm.ts'
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
  return {
    compile: async graph =>
      ifPlanned(graph, () => openOnce(native, graph, ONE_THREAD)) ?? (await onnx()).compile(graph),
    compileScan: async (graph, carried) =>
      ifPlanned(graph, () => openScan(native, graph, carried, ONE_THREAD)) ??
      (await onnx()).compileScan(graph, carried),
    openModel: async bytes => (await onnx()).openModel(bytes),
  }
}
