import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Device } from '../device.ts'
import { type Buffer, RuntimeLoadError } from '../program.ts'

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

/** What float32 graphs run on. */
export interface EngineChoice {
  /** Absent where it is ONNX Runtime. */
  readonly native?: Native
  readonly why: string
}

/**
 * The compiled part where the user wants it in the place of ONNX Runtime: not by itself yet.
 *
 * @throws RuntimeLoadError when it is asked for and not built
 */
export function chosenEngine(device: Device): EngineChoice {
  const asked = process.env.OXBOW_ENGINE
  if (!asked) return { why: 'the default; OXBOW_ENGINE=native chooses the compiled engine' }
  if (asked !== 'native') return { why: `OXBOW_ENGINE is "${asked}"; only native chooses another` }
  if (device !== 'cpu') return { why: `OXBOW_ENGINE is native, which does not run on ${device}` }
  const native = findNative()
  if (native) return { native, why: 'OXBOW_ENGINE is native' }
  throw new RuntimeLoadError('OXBOW_ENGINE: native is not built here; npm run build:native builds it')
}
