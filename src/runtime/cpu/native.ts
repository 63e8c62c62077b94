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
  !findNative() &&
  !['onnx', 'wasm'].includes(process.env.OXBOW_ENGINE ?? '') &&
  existsSync(join(dirname(BUILT), '..', 'build.mjs'))

/** Whether ONNX Runtime is installed, which is an optional package. */
export function hasOnnxRuntime(): boolean {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node')
    return true
  } catch {
    return false
  }
}

/** What float32 graphs run on. */
export interface EngineChoice {
  readonly name: 'compiled' | 'onnxruntime' | 'wasm'
  /** Of the compiled engine. */
  readonly native?: Native
  readonly why: string
}

const NAMES = ['native', 'onnx', 'wasm']
const INSTALL = 'npm install onnxruntime-node'

/** @throws RuntimeLoadError when ONNX Runtime is not installed, with what needs it and how to install it */
export function needOnnxRuntime(what: string): void {
  if (!hasOnnxRuntime()) {
    throw new RuntimeLoadError(`${what} needs ONNX Runtime, which is not installed; run "${INSTALL}"`)
  }
}

/** @throws RuntimeLoadError when what `OXBOW_ENGINE` asks for is not here */
function askedEngine(asked: string): EngineChoice {
  const why = `OXBOW_ENGINE is ${asked}`
  if (asked === 'wasm') return { name: 'wasm', why }
  if (asked === 'onnx') {
    needOnnxRuntime('OXBOW_ENGINE=onnx')
    return { name: 'onnxruntime', why }
  }
  const native = findNative()
  if (native) return { name: 'compiled', native, why }
  throw new RuntimeLoadError('OXBOW_ENGINE: native is not built here; npm run build:native builds it')
}

/**
 * On the processor: the compiled engine, else ONNX Runtime, else the engine in WebAssembly, whichever is here first, unless
 * `OXBOW_ENGINE` names one. Other devices are ONNX Runtime's.
 *
 * @throws RuntimeLoadError when the one that is asked for is not here
 */
export function chosenEngine(device: Device): EngineChoice {
  const asked = process.env.OXBOW_ENGINE
  if (device !== 'cpu') {
    needOnnxRuntime(`device ${device}`)
    return { name: 'onnxruntime', why: `the only engine that runs on ${device}` }
  }
  if (asked && NAMES.includes(asked)) return askedEngine(asked)
  const ignored = asked ? `; OXBOW_ENGINE is "${asked}", expected native, onnx or wasm` : ''
  const native = findNative()
  if (native) {
    const other = hasOnnxRuntime() ? '; OXBOW_ENGINE=onnx chooses ONNX Runtime' : ''
    return { name: 'compiled', native, why: `the default${ignored || other}` }
  }
  if (hasOnnxRuntime()) return { name: 'onnxruntime', why: `the compiled engine is not here${ignored}` }
  return { name: 'wasm', why: `neither the compiled engine nor ONNX Runtime is here${ignored}` }
}
