import { fileURLToPath } from 'node:url'
import { findNative, hasOnnxRuntime } from '../../runtime/cpu/native.ts'
import { note } from '../terminal.ts'
import type { First } from './own.ts'
import { Worker } from './worker.ts'
import type { Workload } from './workload.ts'

/** Who is measured: our engines, and frameworks as a competent user would write the same step in them. */
export const CONTENDERS = {
  oxbow: { label: 'oxbow', engine: 'native' },
  onnx: { label: 'on ONNX Runtime', engine: 'onnx' },
  wasm: { label: 'in WebAssembly', engine: 'wasm' },
  torch: { label: 'PyTorch', script: 'torch_step.py', compile: false },
  torchCompiled: { label: 'PyTorch, compiled', script: 'torch_step.py', compile: true },
  jax: { label: 'JAX', script: 'jax_step.py', compile: false },
} as const
export type ContenderName = keyof typeof CONTENDERS
export const NAMES = Object.keys(CONTENDERS) as ContenderName[]

export const THREADS = [1, 2] as const

/** One of them at one number of threads, in a process of its own. */
export interface Contender {
  readonly name: ContenderName
  readonly threads: number
  readonly worker: Worker
  /** Milliseconds in each round. */
  readonly times: number[]
  peakBytes?: number
}

/** Who is not here, and has been said to be so. */
export type Missing = Set<ContenderName>

/** Starts a process for each that is here and each number of threads. */
export async function startContenders(python: string, missing: Missing): Promise<Contender[]> {
  const found: Contender[] = []
  const own = fileURLToPath(new URL('./own-worker.js', import.meta.url))
  // WebAssembly is for a machine that has neither of the others.
  const isAlone = !findNative() && !hasOnnxRuntime()
  for (const name of NAMES.filter(each => each !== 'wasm' || isAlone)) {
    const contender = CONTENDERS[name]
    for (const threads of THREADS) {
      if (missing.has(name)) break
      const worker =
        'engine' in contender
          ? await Worker.start([process.execPath, own], {
              OXBOW_ENGINE: contender.engine,
              OXBOW_THREADS: `${threads}`,
            })
          : await Worker.start([
              python,
              fileURLToPath(new URL(`../../../bench/python/${contender.script}`, import.meta.url)),
            ])
      if (typeof worker === 'string') {
        missing.add(name)
        note(`${contender.label}: not measured (${worker})`)
      } else found.push({ name, threads, worker, times: [] })
    }
  }
  return found
}

/** Optimiser, batch and network, in the words of the Python workers. */
function optionsOf(workload: Workload, arrays: string): object {
  const { picture, sequence } = workload
  const transformer = picture ?? sequence
  const common = {
    diagonal: sequence ? 0.5 : 0.3,
    lr: 1e-3,
    ema: 0.995,
    arrays,
    ...(transformer ? { ...transformer, warmup: 1 } : { freqs: 8 }),
  }
  if (workload.kind === 'sample')
    return { ...common, objective: 'sample', jumps: workload.jumps, batch: workload.count, warmup: 1 }
  return { ...common, objective: workload.objective, batch: workload.batch }
}

/** A relative difference that two programs of float32 may have. */
const TOLERANCE = 1e-3

/**
 * Readies all for a workload.
 *
 * @param arrays  the file of what it begins with
 * @returns those that can run it, and how many operations its matrix products take
 * @throws Error when one computes something else
 */
export async function readyAll(
  contenders: readonly Contender[],
  workload: Workload,
  arrays: string,
): Promise<{ able: Contender[]; operations: number }> {
  const able: Contender[] = []
  let first: First | undefined
  let operations = 0
  for (const contender of contenders) {
    const { name, threads, worker } = contender
    const { label } = CONTENDERS[name]
    const { compile } = { compile: false, ...CONTENDERS[name] }
    const question =
      'engine' in CONTENDERS[name]
        ? { name: workload.name }
        : { ...optionsOf(workload, arrays), threads, compile }
    try {
      const found = await worker.get({ cmd: 'setup', ...question }, 'loss')
      operations ||= found.operations ?? 0
      first ??= found
      checkSame(`${workload.name}: ${label}`, first, found)
      able.push(contender)
    } catch (error) {
      if (error instanceof DifferentError) throw error
      note(`${workload.name}, ${label}: not measured (${(error as Error).message})`)
    }
  }
  return { able, operations }
}

/** Of one that computes something else, whose time says nothing. */
class DifferentError extends Error {}

/** @throws DifferentError */
function checkSame(what: string, ours: First, theirs: First): void {
  for (const key of ['loss', 'gradientNorm'] as const) {
    const [one, other] = [ours[key], theirs[key]]
    if (one === undefined) continue
    if (Math.abs(one - (other ?? Number.NaN)) <= TOLERANCE * Math.abs(one)) continue
    throw new DifferentError(`${what} does something else: its first ${key} is ${other}, ours ${one}`)
  }
}
