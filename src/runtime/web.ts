import * as runtime from 'onnxruntime-web/wasm'
import { browserEngine } from './browser.ts'

interface Page {
  readonly document?: { readonly currentScript?: { readonly src?: string } | null }
  readonly location?: { readonly href: string }
}

/** In a bundle that is a plain script, not a module, the runtime does not know where it is: its file is beside the script. */
const { document, location } = globalThis as Page
const script = document?.currentScript?.src || location?.href
if (!import.meta.url && script) {
  runtime.env.wasm.wasmPaths = { wasm: new URL('ort-wasm-simd-threaded.wasm', script).href }
}

/** Compiles graphs for WebAssembly. */
export const { compile, compileScan, openModel, setRuntimeFiles } = browserEngine(runtime, 'wasm')
