import * as runtime from 'onnxruntime-web/webgpu'
import { browserEngine } from './browser.ts'

/** Compiles graphs for WebGPU; what has to be exact to 64 bits runs on the processor. */
export const { compile, compileScan, openModel, setRuntimeFiles } = browserEngine(runtime, 'webgpu')
