import { wasmEngine } from '../../../src/runtime/cpu/wasm.ts'
import { programTarget } from '../read-program.ts'

export const target = programTarget(20_000, wasmEngine)
