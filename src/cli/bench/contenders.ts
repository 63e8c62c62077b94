import { note } from '../terminal.ts'
import type { First } from './own.ts'
import { Reference } from './reference.ts'
import type { Workload } from './workload.ts'

/** What is measured beside us: a framework, eager or compiled, each with its own worker for each number of threads. */
export const FRAMEWORKS = {
  torch: { script: 'torch_step.py', label: 'PyTorch', compile: false, threads: [1, 2] },
  torchCompiled: { script: 'torch_step.py', label: 'PyTorch, compiled', compile: true, threads: [2] },
  jax: { script: 'jax_step.py', label: 'JAX', compile: false, threads: [2] },
} as const
export type Framework = keyof typeof FRAMEWORKS

/** A framework at one thread count, which keeps its own process. */
export interface Contender {
  readonly framework: Framework
  readonly threads: number
  readonly reference: Reference
  readonly times: number[]
  peakBytes?: number
}

/** Why a framework is not measured, so that it is said once. */
export type Missing = Map<Framework, string>

/** Starts a worker for each framework that there is. */
export async function startContenders(python: string, missing: Missing): Promise<Contender[]> {
  const found: Contender[] = []
  for (const [name, { script, label, threads }] of Object.entries(FRAMEWORKS)) {
    const framework = name as Framework
    for (const count of threads) {
      if (missing.has(framework)) break
      const reference = await Reference.start(python, script)
      if (typeof reference === 'string') {
        missing.set(framework, reference)
        note(`${label}: not measured (${reference})`)
      } else found.push({ framework, threads: count, reference, times: [] })
    }
  }
  return found
}

/** A relative difference that two programs of float32 may have. */
const TOLERANCE = 1e-3

/**
 * Readies a contender for a workload.
 *
 * @param first  what its first step must give, of a transformer
 * @returns why it cannot run it
 * @throws Error when it computes something else
 */
async function ready(
  { framework, threads, reference }: Contender,
  workload: Workload,
  first: First | undefined,
): Promise<string | undefined> {
  const { compile, label } = FRAMEWORKS[framework]
  let found: Awaited<ReturnType<Reference['setup']>>
  try {
    found = await reference.setup(workload, { threads, compile, ...(first && { arrays: first.path }) })
  } catch (error) {
    return (error as Error).message
  }
  for (const key of first ? (['loss', 'gradientNorm'] as const) : []) {
    const [ours, theirs] = [first![key], found[key] ?? Number.NaN]
    if (Math.abs(ours - theirs) <= TOLERANCE * Math.abs(ours)) continue
    throw new Error(
      `${workload.name}: ${label} does something else: its first ${key} is ${theirs}, ours ${ours}`,
    )
  }
  return undefined
}

/** Readies all for a workload. @returns those that can run it */
export async function readyAll(
  contenders: readonly Contender[],
  workload: Workload,
  first: First | undefined,
): Promise<Contender[]> {
  const able: Contender[] = []
  for (const contender of contenders) {
    contender.times.length = 0
    const problem = await ready(contender, workload, first)
    if (problem === undefined) able.push(contender)
    else note(`${workload.name}, ${FRAMEWORKS[contender.framework].label}: not measured (${problem})`)
  }
  return able
}
