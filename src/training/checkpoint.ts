import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from './files.ts'
import { paths, RunError } from './run.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError, type StoredTensor } from './safetensors.ts'
import type { Progressed } from './trainer.ts'

/** Everything that training continues from. */
export interface Checkpoint extends Progressed {
  readonly seeds: { readonly data: number; readonly noise: number; readonly initialization: number }
}

/** Checkpoints kept beside the newest. */
const KEPT = 2

const fileName = (step: number): string => `step-${String(step).padStart(6, '0')}.safetensors`

/** Steps of the checkpoints of a run, oldest first. */
export function checkpointSteps(directory: string): number[] {
  const { checkpoints } = paths(directory)
  if (!existsSync(checkpoints)) return []
  return readdirSync(checkpoints)
    .flatMap(name => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Whether a run has raw weights; one from the hub has none. */
export const hasCheckpoint = (directory: string): boolean => checkpointSteps(directory).length > 0

/** Steps that a run's model is trained for; those of its configuration where it has no checkpoints, as one from the hub. */
export const trainedSteps = (directory: string, { steps }: { readonly steps: number }): number =>
  checkpointSteps(directory).at(-1) ?? steps

/** Writes a checkpoint, then drops old ones: at no moment is there less than one whole file. */
export function writeCheckpoint(directory: string, { step, state, window, seeds }: Checkpoint): void {
  const { checkpoints } = paths(directory)
  const tensors = Object.fromEntries(
    Object.entries({ ...state, window }).map(([name, data]) => [name, { shape: [data.length], data }]),
  )
  const metadata = { format: 'oxbow-checkpoint', step: String(step), seeds: JSON.stringify(seeds) }
  writeFileAtomic(directory, join(checkpoints, fileName(step)), encodeSafetensors({ tensors, metadata }))
  for (const old of checkpointSteps(directory).slice(0, -1 - KEPT)) rmSync(join(checkpoints, fileName(old)))
}

/**
 * Reads the newest checkpoint.
 *
 * @throws RunError when it is damaged
 */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const step = checkpointSteps(directory).at(-1)
  if (step === undefined) return undefined
  const path = join(paths(directory).checkpoints, fileName(step))
  try {
    const { tensors, metadata } = decodeSafetensors(readFileSync(path), path)
    if (metadata.format !== 'oxbow-checkpoint' || metadata.step !== String(step)) {
      throw new RunError(`${path}: not the checkpoint of step ${step}`)
    }
    const { window, ...rest } = tensors
    return { step, state: stateOf(rest, path), window: windowOf(window), seeds: JSON.parse(metadata.seeds) }
  } catch (error) {
    if (error instanceof RunError) throw error
    if (error instanceof SafetensorsError) throw new RunError(`${error.message}; ${advice(directory, step)}`)
    throw new RunError(`${path}: not a checkpoint (${(error as Error).message})`)
  }
}

const advice = (directory: string, step: number): string => {
  const before = checkpointSteps(directory).at(-2)
  return before === undefined ? 'train anew' : `remove ${fileName(step)} to continue from step ${before}`
}

/** The state's vectors, all of one length. */
function stateOf(tensors: Readonly<Record<string, StoredTensor>>, path: string): Checkpoint['state'] {
  const size = tensors.parameters?.data.length
  for (const name of ['parameters', 'first', 'second', ...(tensors.ema ? ['ema'] : [])]) {
    const found = tensors[name]
    if (found?.data instanceof Float32Array && found.shape.length === 1 && found.data.length === size)
      continue
    const what = found ? `[${found.shape.join(', ')}]` : 'nothing'
    throw new RunError(`${path}: tensor ${name}: expected F32 of [${size ?? 'parameters'}], found ${what}`)
  }
  return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]))
}

const windowOf = (stored: StoredTensor | undefined): Float64Array =>
  stored?.data instanceof Float64Array ? stored.data : new Float64Array(0)
