import * as runtime from 'onnxruntime-web/wasm'
import { browserEngine } from './browser.ts'

/** Compiles graphs for WebAssembly. */
export const { compile, compileScan, openModel, setRuntimeFiles } = browserEngine(runtime, 'wasm')
