import { ifPlanned, openOnce, openScan } from './cpu/engine.ts'
import type { Native } from './cpu/native.ts'
import { type Team, wasmEngine, wasmTeamEngine } from './cpu/wasm.ts'
import type { Runtime } from './runtime.ts'

/** What a promise is of, made when it is first asked for and again where that failed. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: Error) => {
      made = undefined
      throw error
    })
    return made
  }
}

/**
 * The engine of a page: the one of our own in WebAssembly, and ONNX Runtime for what that does not run, which are graphs of 64
 * bits and ONNX files. It is loaded when it is first needed.
 *
 * @param load  called once, unless it fails
 * @param team  threads; without, there is one
 */
export function pageRuntime(load: () => Promise<Runtime>, team?: Team): Runtime {
  const onnx = lazily(load)
  const own = lazily(async (): Promise<Native> => (team ? wasmTeamEngine(team) : wasmEngine()))
  const options = { threads: team?.threads ?? 1 }
  return {
    async compile(graph) {
      const native = await own()
      return ifPlanned(graph, () => openOnce(native, graph, options)) ?? (await onnx()).compile(graph)
    },
    async compileScan(graph, carried) {
      const native = await own()
      return (
        ifPlanned(graph, () => openScan(native, graph, carried, options)) ??
        (await onnx()).compileScan(graph, carried)
      )
    },
    openModel: async bytes => (await onnx()).openModel(bytes),
  }
}
