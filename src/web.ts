import { RuntimeLoadError } from './runtime/program.ts'
import { openModel as open } from './runtime/web.ts'
import type { LoadedMap } from './training/load.ts'
import { mapOfOnnx } from './training/onnx-map.ts'
import { RunError } from './training/record.ts'

export { setRuntimeFiles } from './runtime/web.ts'
export { checkGrid, checkWholeGrid, GridError } from './sampler/grid.ts'
export { drawNoise, type Jump, uniformGrid, type Velocity } from './sampler/sampler.ts'
export { flowMapEulerGrid, flowMatchEulerGrid } from './sampler/schedulers.ts'
export { type MethodName, type SampleOptions, type SamplingMethod, sample } from './training/sampling.ts'
export { type LoadedMap, RunError, RuntimeLoadError }

const openModel: typeof open = bytes =>
  open(bytes).catch((error: Error) => {
    if (!(error instanceof RuntimeLoadError)) throw error
    throw new RuntimeLoadError(
      `${error.message}; copy ort-wasm-simd-threaded.wasm there from onnxruntime-web/dist, or give its address to setRuntimeFiles`,
    )
  })

async function bytesAt(address: string): Promise<Uint8Array> {
  const response = await fetch(address).catch((error: Error) => {
    throw new RunError(`${address}: cannot be reached (${error.message})`)
  })
  if (!response.ok) throw new RunError(`${address}: the server answers ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/**
 * Opens an exported flow map (`model.onnx`) in a browser, on WebAssembly. It is sampled by `sample`, or jump by jump.
 *
 * @param source  the file's address, or its bytes
 * @throws RunError when it cannot be had, is no ONNX file or no flow map; RuntimeLoadError when the files of ONNX Runtime
 *   cannot be loaded
 */
export async function load(source: string | URL | Uint8Array | ArrayBuffer): Promise<LoadedMap> {
  if (source instanceof Uint8Array) return mapOfOnnx('model', openModel, source)
  if (source instanceof ArrayBuffer) return mapOfOnnx('model', openModel, new Uint8Array(source))
  return mapOfOnnx(String(source), openModel, await bytesAt(String(source)))
}
