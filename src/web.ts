/**
 * Load and sample flow maps in a browser.
 *
 * @module oxbow/web
 */
import type { BrowserEngine } from './runtime/browser.ts'
import { externalFiles, inlineExternalData, isPlainRelative } from './runtime/external-data.ts'
import { pageRuntime } from './runtime/in-page.ts'
import { RuntimeLoadError } from './runtime/program.ts'
import type { Runtime } from './runtime/runtime.ts'
import type { LoadedMap } from './serialization/loaded-map.ts'
import { decodeModelFile } from './serialization/model.ts'
import { mapOfModel } from './serialization/model-map.ts'
import { mapOfOnnx } from './serialization/onnx-map.ts'
import { RunError } from './serialization/run-error.ts'

export { ArgumentError } from './data/arguments.ts'
export { checkGrid, checkWholeGrid, GridError } from './sampler/grid.ts'
export type { MethodName, SamplingMethod } from './sampler/names.ts'
export { drawNoise, type Jump, uniformGrid, type Velocity } from './sampler/sampler.ts'
export { type SampleOptions, sample } from './sampler/sampling.ts'
export { flowMapEulerGrid, flowMatchEulerGrid } from './sampler/schedulers.ts'
export { decodeText, sampleTexts, type TextOptions, type Texts } from './serialization/texts.ts'
export { type LoadedMap, RunError, RuntimeLoadError }

interface Page {
  readonly document?: { readonly baseURI: string; readonly currentScript?: { readonly src?: string } | null }
  readonly location?: { readonly href: string }
}
const { document, location } = globalThis as Page

type Files = Parameters<BrowserEngine['setRuntimeFiles']>
/** In a bundle that is a plain script, not a module, ONNX Runtime does not know where it is: its file is beside the script. */
const script = document?.currentScript?.src || location?.href
let files: Files | undefined =
  !import.meta.url && script ? [{ wasm: new URL('ort-wasm-simd-threaded.wasm', script).href }] : undefined

/**
 * Where the files of ONNX Runtime are, which opens `.onnx` files, when not beside the script that uses them. To be called before
 * the first is opened.
 *
 * @param given  addresses of the `.wasm` file and, if its script is not to be the bundled one, of the `.mjs` file; and the bytes
 *   of the first, where they are loaded already
 */
export function setRuntimeFiles(...given: Files): void {
  files = given
}

let opened: Runtime | undefined

/** ONNX Runtime is loaded when there is a file for it. */
function engine(): Runtime {
  opened ??= pageRuntime(async () => {
    const runtime = await import('./runtime/web.ts')
    if (files) runtime.setRuntimeFiles(...files)
    return runtime
  })
  return opened
}

const openModel: Runtime['openModel'] = bytes =>
  engine()
    .openModel(bytes)
    .catch((error: Error) => {
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

/** Whether a file begins as safetensors do: with the length of a JSON object, then the object. */
const isSafetensors = (bytes: Uint8Array): boolean =>
  bytes[8] === 0x7b && bytes[5] + bytes[6] + bytes[7] === 0

/** An ONNX model at an address, with the weights that it keeps in files beside it. */
async function withFilesBeside(address: string, bytes: Uint8Array): Promise<Uint8Array> {
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
 * Opens a flow map in a browser, on WebAssembly. It is sampled by `sample`, or jump by jump.
 *
 * A `.safetensors` model of Oxbow runs on an engine that comes with this module. An `.onnx` file, which may be of another
 * program, needs ONNX Runtime, whose script and `.wasm` file are loaded then.
 *
 * @param source  the file's address, or its bytes; of an ONNX model with its weights in files beside it, the address
 * @throws RunError when it cannot be had, is neither kind of file, or no flow map; RuntimeLoadError when the files of ONNX
 *   Runtime cannot be loaded
 */
export async function load(source: string | URL | Uint8Array | ArrayBuffer): Promise<LoadedMap> {
  const isGiven = source instanceof Uint8Array || source instanceof ArrayBuffer
  const name = isGiven ? 'model' : String(source)
  const bytes = isGiven ? new Uint8Array(source) : await bytesAt(name)
  if (isSafetensors(bytes)) return mapOfModel(name, decodeModelFile(bytes, name), engine())
  return mapOfOnnx(name, openModel, isGiven ? whole(bytes) : await withFilesBeside(name, bytes))
}
