import { findNative } from '../../../src/runtime/cpu/native.ts'
import { wasmEngine } from '../../../src/runtime/cpu/wasm.ts'
import { programTarget } from '../read-program.ts'

/** Compiled, where it has been built. */
export const target = programTarget(40_000, () => findNative() ?? wasmEngine())
