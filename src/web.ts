import { externalFiles, inlineExternalData, isPlainRelative } from './runtime/external-data.ts'
import { RuntimeLoadError } from './runtime/program.ts'
import { openModel as open } from './runtime/web.ts'
import type { LoadedMap } from './serialization/loaded-map.ts'
import { mapOfOnnx } from './serialization/onnx-map.ts'
import { RunError } from './serialization/record.ts'

export { ArgumentError } from './data/arguments.ts'
export { setRuntimeFiles } from './runtime/web.ts'
export { checkGrid, checkWholeGrid, GridError } from './sampler/grid.ts'
export { drawNoise, type Jump, uniformGrid, type Velocity } from './sampler/sampler.ts'
export { type MethodName, type SampleOptions, type SamplingMethod, sample } from './sampler/sampling.ts'
export { flowMapEulerGrid, flowMatchEulerGrid } from './sampler/schedulers.ts'
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

const { document, location } = globalThis as {
  readonly document?: { readonly baseURI: string }
  readonly location?: { readonly href: string }
}

/** The model at an address, with the weights that it keeps in files beside it. */
async function modelAt(address: string): Promise<Uint8Array> {
  const bytes = await bytesAt(address)
  const beside = async (name: string): Promise<[string, Uint8Array]> => {
    if (isPlainRelative(name)) {
      const folder = new URL(address, document?.baseURI ?? location?.href)
      return [name, await bytesAt(new URL(name, folder).href)]
    }
    throw new RunError(
      `${address}: its weights are in ${JSON.stringify(name)}, expected the name of a file in the same folder`,
    )
  }
  try {
    return inlineExternalData(bytes, new Map(await Promise.all(externalFiles(bytes).map(beside))))
  } catch (error) {
    if (error instanceof RunError) throw error
    throw new RunError(`${address}: not an ONNX model that can be run (${(error as Error).message})`)
  }
}

/** @throws RunError when the model's weights are in other files, which bytes alone do not lead to */
function whole(bytes: Uint8Array): Uint8Array {
  let files: string[] = []
  try {
    files = externalFiles(bytes)
  } catch {
    // What is no ONNX file is for the runtime to refuse.
  }
  if (files.length === 0) return bytes
  throw new RunError(
    `model: its weights are in ${JSON.stringify(files[0])}; load it by its address, not as bytes`,
  )
}

/**
 * Opens an exported flow map (`model.onnx`) in a browser, on WebAssembly. It is sampled by `sample`, or jump by jump.
 *
 * @param source  the file's address, or its bytes; of a model with its weights in files beside it, the address
 * @throws RunError when it cannot be had, is no ONNX file or no flow map; RuntimeLoadError when the files of ONNX Runtime
 *   cannot be loaded
 */
export async function load(source: string | URL | Uint8Array | ArrayBuffer): Promise<LoadedMap> {
  if (source instanceof Uint8Array) return mapOfOnnx('model', openModel, whole(source))
  if (source instanceof ArrayBuffer) return mapOfOnnx('model', openModel, whole(new Uint8Array(source)))
  return mapOfOnnx(String(source), openModel, await modelAt(String(source)))
}
