import gpuMjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import gpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { RuntimeFiles } from './load-runtime.ts'
import { chosenRuntime, type RuntimeName } from './runtime-choice.ts'
import { hasSimd, SIMD_MISSING } from './simd.ts'

/** The first message of the page to a worker: where the files of runtimes are and which is wanted, or why none can run here. */
export type Start =
  | {
      readonly type: 'start'
      readonly files: Readonly<Record<RuntimeName, RuntimeFiles>>
      readonly wanted: RuntimeName
    }
  | { readonly type: 'start'; readonly refusal: string }

const absolute = (url: string): string => new URL(url, location.href).href

export const startMessage = (wanted: RuntimeName = chosenRuntime()): Start =>
  hasSimd()
    ? {
        type: 'start',
        wanted,
        files: {
          wasm: { wasm: absolute(wasm), mjs: absolute(mjs) },
          webgpu: { wasm: absolute(gpuWasm), mjs: absolute(gpuMjs) },
        },
      }
    : { type: 'start', refusal: SIMD_MISSING }
