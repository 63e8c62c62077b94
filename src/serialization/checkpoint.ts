import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { allFinite } from '../metric/points.ts'
import { writeFileAtomic } from './files.ts'
import { readBytes } from './read-file.ts'
import { paths, RunError } from './run.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError, type StoredTensor } from './safetensors.ts'

/**
 * Flat vectors `[P]` that a step carries to the next, by player and vector: `map.parameters`, `map.first`, `map.average`, ... In
 * files of earlier versions all networks are in one: `parameters`, `first`, `second` and `ema`.
 */
export type State = Readonly<Record<string, Float32Array>>

/** Where a training stands. Random streams are addressed by seed and step, so the step stands for them. */
export interface Progressed {
  readonly step: number
  readonly state: State
  /** The open line of the metrics: their sums since the last line, and the number of steps in them at the end. */
  readonly window: Float64Array
}

/** Everything that training continues from. */
export interface Checkpoint extends Progressed {
  readonly seeds: { readonly data: number; readonly noise: number; readonly initialization: number }
  /** What `config.json` said when it was written; absent in files of version 0.1.0. */
  readonly record?: { readonly config: unknown; readonly data: unknown }
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
export function writeCheckpoint(directory: string, { step, state, window, seeds, record }: Checkpoint): void {
  const { checkpoints } = paths(directory)
  const tensors = Object.fromEntries(
    Object.entries({ ...state, window }).map(([name, data]) => [name, { shape: [data.length], data }]),
  )
  const metadata = {
    format: 'oxbow-checkpoint',
    step: String(step),
    seeds: JSON.stringify(seeds),
    ...(record && { config: JSON.stringify(record.config), data: JSON.stringify(record.data) }),
  }
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
  return step === undefined ? undefined : readStep(directory, step)
}

/** Where a run can continue from. */
export interface Intact {
  /** The newest checkpoint that is not damaged; nothing where there is no checkpoint at all. */
  readonly checkpoint?: Checkpoint
  /** Newer ones, which are damaged. */
  readonly damaged: readonly { readonly step: number; readonly reason: string }[]
}

/**
 * Finds the newest checkpoint that can be continued from.
 *
 * @throws RunError when there are checkpoints and all are damaged
 */
export function newestIntact(directory: string): Intact {
  const steps = checkpointSteps(directory).reverse()
  const damaged: { step: number; reason: string }[] = []
  for (const step of steps) {
    try {
      return { checkpoint: readStep(directory, step), damaged }
    } catch (error) {
      if (!(error instanceof RunError)) throw error
      damaged.push({ step, reason: error.message })
    }
  }
  if (damaged.length === 0) return { damaged }
  const all = damaged.length > 1 ? `; so are the ${damaged.length - 1} before it` : ''
  throw new RunError(`${damaged[0].reason}${all}; nothing is left to resume: train again into another --out`)
}

/** Takes a damaged checkpoint out of the way; the file is kept under another name. */
export function setAside(directory: string, step: number): void {
  const path = join(paths(directory).checkpoints, fileName(step))
  renameSync(path, `${path}.damaged`)
}

/** @throws RunError when it is damaged */
function readStep(directory: string, step: number): Checkpoint {
  const path = join(paths(directory).checkpoints, fileName(step))
  try {
    const { tensors, metadata } = decodeSafetensors(readBytes(path), path)
    if (metadata.format !== 'oxbow-checkpoint' || metadata.step !== String(step)) {
      throw new RunError(`${path}: not the checkpoint of step ${step}`)
    }
    const { window, ...rest } = tensors
    const { seeds, config, data } = metadata
    return {
      step,
      state: stateOf(rest, path),
      window: windowOf(window),
      seeds: JSON.parse(seeds),
      ...(config && data && { record: { config: JSON.parse(config), data: JSON.parse(data) } }),
    }
  } catch (error) {
    if (error instanceof RunError) throw error
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    throw new RunError(`${path}: not a checkpoint, or damaged`)
  }
}

/** What a memory keeps of samples; it has no parameters, and vectors of their own lengths. */
const REMEMBERED = 'samples'

/** The state's vectors, those of one player all of one length. */
function stateOf(tensors: Readonly<Record<string, StoredTensor>>, path: string): Checkpoint['state'] {
  const named = Object.entries(tensors)
  for (const [name, { data, shape }] of named) {
    const [player] = name.split('.')
    const parameters = name.includes('.') ? `${player}.parameters` : 'parameters'
    const isMemory = `${player}.${REMEMBERED}` in tensors
    const size = isMemory ? data.length : tensors[parameters]?.data.length
    if (data instanceof Float32Array && shape.length === 1 && data.length === size) continue
    throw new RunError(
      `${path}: tensor ${name}: expected F32 of [${size ?? parameters}], found [${shape.join(', ')}]`,
    )
  }
  if (named.length === 0) throw new RunError(`${path}: tensor map.parameters: expected F32, found nothing`)
  const wrong = notFinite(named.map(([name, { data }]) => [name, data]))
  if (wrong) throw new RunError(`${path}: tensor ${wrong}: holds values that are not finite numbers`)
  return Object.fromEntries(named.map(([name, { data }]) => [name, data as Float32Array]))
}

/** The name of the first of some vectors that holds a NaN or an infinity. */
export const notFinite = (
  vectors: readonly (readonly [name: string, values: Float32Array | Float64Array])[],
): string | undefined => vectors.find(([, values]) => !allFinite(values))?.[0]

const windowOf = (stored: StoredTensor | undefined): Float64Array =>
  stored?.data instanceof Float64Array ? stored.data : new Float64Array(0)
