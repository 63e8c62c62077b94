import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
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
   * @throws Error when the program would touch what is not given, is running, or has been closed; when an index is outside of
   *   its table
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

/** That of Node. */
export interface Addon extends Native {
  /** Operations a second that one thread does at most; it is busy for so many seconds. */
  peak(seconds: number): number
}

/** Where `npm run build:native` puts it. */
const BUILT = fileURLToPath(new URL('../../../native/build/oxbow.node', import.meta.url))

/** The package that has it built for a platform: an optional dependency of what is published. */
const packageFor = (platform: string, arch: string): string => `oxbow-engine-${platform}-${arch}`

let found: Addon | null | undefined

/** The compiled part, where it has been built on this machine or is installed as a package; see `native/README.md`. */
export function findNative(): Addon | undefined {
  found ??= load() ?? null
  return found ?? undefined
}

function load(): Addon | undefined {
  const require = createRequire(import.meta.url)
  if (existsSync(BUILT)) return require(BUILT)
  const name = packageFor(process.platform, process.arch)
  try {
    require.resolve(name)
  } catch {
    return undefined
  }
  return require(name)
}

/** Whether it is not here, not declined, and its source is. */
export const couldBuildEngine = (): boolean =>
  !findNative() && process.env.OXBOW_ENGINE !== 'onnx' && existsSync(join(dirname(BUILT), '..', 'build.mjs'))

/** What float32 graphs run on. */
export interface EngineChoice {
  /** Absent where it is ONNX Runtime. */
  readonly native?: Native
  readonly why: string
}

/**
 * The compiled part on the processor, where there is one and `OXBOW_ENGINE` does not choose ONNX Runtime.
 *
 * @throws RuntimeLoadError when it is asked for and not there
 */
export function chosenEngine(device: Device): EngineChoice {
  const asked = process.env.OXBOW_ENGINE
  if (asked === 'onnx') return { why: 'OXBOW_ENGINE is onnx' }
  if (device !== 'cpu') return { why: `the compiled engine does not run on ${device}` }
  const native = findNative()
  if (asked === 'native') {
    if (native) return { native, why: 'OXBOW_ENGINE is native' }
    throw new RuntimeLoadError('OXBOW_ENGINE: native is not built here; npm run build:native builds it')
  }
  const ignored = asked ? `; OXBOW_ENGINE is "${asked}", neither native nor onnx` : ''
  if (native) return { native, why: `the default${ignored || '; OXBOW_ENGINE=onnx chooses ONNX Runtime'}` }
  return { why: `the compiled engine is not here${ignored}` }
}
