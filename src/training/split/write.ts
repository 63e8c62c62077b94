import { relative, resolve } from 'node:path'
import { type Config, ConfigError, pointOf } from '../../config/index.ts'
import { trainsTeacher } from '../../config/teacher-config.ts'
import { lower } from '../../runtime/onnx.ts'
import type { State } from '../../serialization/checkpoint.ts'
import { writeFileAtomic } from '../../serialization/files.ts'
import { dataRecord } from '../../serialization/record.ts'
import { encodeRecord, RunError } from '../../serialization/run.ts'
import { encodeSafetensors, type StoredTensor } from '../../serialization/safetensors.ts'
import { isTeacherFinished } from '../own-teacher.ts'
import { stateOfPlayers } from '../players.ts'
import { featuresIn, openSources, type Prepared, prepare, type Sources } from '../prepare.ts'
import { withSeenRewards } from '../reward.ts'
import { freshState } from '../trainer.ts'
import { splitFiles } from './folder.ts'
import { signatureOf } from './ports.ts'
import { type SplitStep, splitStep } from './split-step.ts'

export interface SplitOptions {
  /** The folder to write to. */
  readonly folder: string
  /** That a batch is divided into; the number of processes divides it. */
  readonly parts: number
  /** Begins at step 0 in place of the newest checkpoint. */
  readonly fromStart?: boolean
  /** Steps of the whole training, where it is another number than the run's. */
  readonly steps?: number
}

export interface WrittenSplit {
  readonly step: number
  readonly steps: number
  readonly parts: number
  readonly parameters: number
}

/** What a run learns from, which has to be here. @param isFresh  whether it begins at step 0 */
function sourcesOf(
  { config, dataset, checkpoint, sources }: Prepared,
  directory: string,
  isFresh: boolean,
): Sources {
  if (sources && !(isFresh && checkpoint)) return sources
  if (!trainsTeacher(config) || isTeacherFinished(config, directory)) {
    return openSources(config, dataset, isFresh ? undefined : checkpoint, directory)
  }
  throw new RunError(
    `${directory}: its teacher is not trained yet; train it first with: oxbow train --resume --out ${directory}`,
  )
}

/** The step of an opened run in two graphs. */
function splitOf(prepared: Prepared, { teachers, base }: Sources, parts: number): SplitStep {
  const { config, dataset } = prepared
  const learned = { ...teachers, ...featuresIn(prepared) }
  return splitStep(withSeenRewards(config, dataset), pointOf(config, dataset), learned, base, parts)
}

const vector = (data: Float32Array | Float64Array): StoredTensor => ({ shape: [data.length], data })

/** The parameters with which the training goes on, and the open line of the log. */
function encodeStart(state: State, window: Float64Array, step: number): Uint8Array {
  const tensors = Object.fromEntries(
    Object.entries({ ...state, window }).map(([name, data]) => [name, vector(data)]),
  )
  return encodeSafetensors({ tensors, metadata: { format: 'oxbow-training', step: String(step) } })
}

/**
 * Writes the training of a run for other programs: its step in two graphs, their signature, and the state to begin with.
 *
 * @param directory  of the run
 * @throws ConfigError or RunError when it cannot be divided into parts, or there is nothing left to train
 */
export async function writeSplitTraining(
  directory: string,
  { folder, parts, fromStart = false, steps }: SplitOptions,
): Promise<WrittenSplit> {
  const prepared = await prepare(steps === undefined ? {} : { steps }, { directory, resume: true })
  const { config, dataset, threads } = prepared
  const checkpoint = fromStart ? undefined : prepared.checkpoint
  const step = checkpoint?.step ?? 0
  if (step === config.steps) {
    throw new ConfigError(
      `steps: the run is at its last step, ${step}; set a larger number with --train-to, or start again with --from-start`,
    )
  }
  const sources = sourcesOf(prepared, directory, fromStart)
  const split = splitOf(prepared, sources, parts)
  const all = checkpoint
    ? stateOfPlayers(checkpoint.state, split.players)
    : freshState(config, split.players, { starts: sources.starts })
  const state = Object.fromEntries(split.state.map(name => [name, all[name]]))
  const files = splitFiles(folder)
  const metadata = { format: 'oxbow-training', objective: config.objective, parts: String(parts) }
  const write = (path: string, content: string | Uint8Array) => writeFileAtomic(folder, path, content)
  write(files.gradients, lower(split.gradients, { metadata }))
  write(files.update, lower(split.update, { metadata }))
  write(files.start, encodeStart(state, checkpoint?.window ?? new Float64Array(0), step))
  const training = {
    format: 'oxbow-training',
    run: relative(resolve(folder), resolve(directory)),
    ...progressOf(config, step),
    parts,
    lines: split.lines,
    ...signatureOf(config, split),
  }
  // Last: a folder with a signature is whole.
  write(files.signature, encodeRecord({ config, data: dataRecord(dataset), threads }, { training }))
  const parameters = split.players.reduce((sum, { size }) => sum + size, 0)
  return { step, steps: config.steps, parts, parameters }
}

const progressOf = ({ steps, checkpointEvery, optimizer }: Config, step: number) => ({
  step,
  steps,
  batches: optimizer.accumulate,
  saveEvery: checkpointEvery,
})
