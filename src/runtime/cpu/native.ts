import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Buffer } from '../program.ts'

/** The part of the engine that is compiled: it runs encoded programs. */
export interface Native {
  /** @throws Error when the words are no program, or one that reaches outside of its memory */
  open(
    words: Int32Array,
    constants: Float32Array,
    arena: number,
    scratch: number,
    parts: number,
    threads: number,
  ): unknown
  /**
   * Runs so many steps, one run at a time for each program. Inputs and outputs after the first `carried` have those of all steps.
   *
   * @returns which of the outputs have the last state: 0 for `outputs`, 1 for `others`
   * @throws Error when the program would touch what is not given, is running, or has been closed
   */
  run(
    program: unknown,
    steps: number,
    carried: number,
    rows: number,
    inputs: readonly Buffer[],
    outputs: readonly Float32Array[],
    others: readonly Float32Array[],
  ): Promise<number>
  /** Gives a program's memory and threads back, after the run that it is in. */
  close(program: unknown): void
  /** What the processor has of them: `avx512`, `avx2`, `sse2` or `neon`. */
  instructions(): string
}

/** Where `npm run build:native` puts it. */
const BUILT = fileURLToPath(new URL('../../../native/build/oxbow.node', import.meta.url))

let found: Native | null | undefined

/** The compiled part, where it has been built on this machine; see `native/README.md`. */
export function findNative(): Native | undefined {
  found ??= existsSync(BUILT) ? (createRequire(import.meta.url)(BUILT) as Native) : null
  return found ?? undefined
}

/** Whether the user wants it in the place of ONNX Runtime: not by itself yet. */
export const isAsked = (): boolean => process.env.OXBOW_ENGINE === 'native'
