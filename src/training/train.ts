import { existsSync } from 'node:fs'
import { isSolved } from '../config/coupling.ts'
import { type Config, resolveConfig, type UserConfig } from '../config/index.ts'
import { isPlain } from '../config/plain.ts'
import { teacherConfig, trainsTeacher } from '../config/teacher-config.ts'
import type { State } from '../serialization/checkpoint.ts'
import { type Lock, lockDirectory } from '../serialization/lock.ts'
import { saveBase } from '../serialization/model-files.ts'
import { dataRecord } from '../serialization/record.ts'
import { checkFree, isRun, RunError, readMetrics, writeRecord } from '../serialization/run.ts'
import { rewind } from './continuing.ts'
import { openTrajectoryCache } from './coupling.ts'
import type { Starts } from './initial-parameters.ts'
import { absentIn } from './memories.ts'
import { filledMemories } from './memory-start.ts'
import { isTeacherFinished, teacherDirectory } from './own-teacher.ts'
import { savePerceptual } from './perceptual-network.ts'
import { parametersOf, stateOfPlayers } from './players.ts'
import { openSources, type Prepared, prepare, type Sources, stepWith, warningsOf } from './prepare.ts'
import { RecordedTraining } from './recorded-training.ts'
import type { StepGraph } from './step.ts'
import { checkTrainOptions, type Progress, type TrainOptions, type TrainResult } from './train-options.ts'
import { Trainer } from './trainer.ts'
import { verdictOf } from './verdict.ts'

/**
 * Trains the teacher of a run to its end, or goes on with it.
 *
 * @returns whether it is finished, and not stopped on the way
 */
async function trainTeacher(config: Config, options: TrainOptions): Promise<boolean> {
  const { onProgress, onStart: _, ...rest } = options
  if (isTeacherFinished(config, options.directory)) return true
  const directory = teacherDirectory(options.directory)
  const resume = isRun(directory)
  const tell = onProgress && ((progress: Progress) => onProgress({ ...progress, stage: 'teacher' }))
  const result = await train(teacherConfig(config), { ...rest, directory, resume, onProgress: tell })
  return result.finished
}

/** That the teacher which a run trained first diverged, if so. */
function teacherWarnings(config: Config, directory: string): string[] {
  if (!trainsTeacher(config)) return []
  const lines = readMetrics(teacherDirectory(directory))
  const verdict = verdictOf(lines, resolveConfig(teacherConfig(config)))
  return verdict?.diverged ? [`teacher: ${verdict.text}`] : []
}

/**
 * Trains a flow map.
 *
 * @param user  any part of a configuration; see `resolveConfig`. With `resume` only `steps`, `logEvery`,
 *   `checkpointEvery`, `chunk` and `log` may differ from the run's own, and `data` where its content is the same
 * @param whenDone  what belongs to the run and is written before its directory is given free
 * @throws ConfigError, DataError, RunError or ArgumentError before any work when something is wrong; DivergenceError when a
 *   loss or gradient is not finite
 */
export async function train(
  user: UserConfig,
  options: TrainOptions,
  whenDone?: () => Promise<void>,
): Promise<TrainResult> {
  checkTrainOptions(options)
  if (!isPlain(user)) resolveConfig(user)
  const { directory, resume } = options
  if (resume && !existsSync(directory)) throw new RunError(`${directory}: no run to resume`)
  // Before anything there is looked at: what another training has begun to write is not to be judged.
  const lock = lockDirectory(directory)
  try {
    if (!resume) checkFree(directory)
    else if (!isRun(directory)) throw new RunError(`${directory}: no run to resume`)
    const prepared = await prepare(user, options)
    const { config, dataset } = prepared
    const early = prepared.sources && stepWith(prepared, prepared.sources, directory)
    lock.check()
    if (prepared.continued) rewind(directory, prepared.continued)
    writeRecord(directory, { config, data: dataRecord(dataset), threads: prepared.threads })
    if (prepared.perceptual) savePerceptual(directory, prepared.perceptual)
    if (prepared.compared) savePerceptual(directory, prepared.compared, 'compared')
    options.onStart?.(warningsOf(prepared))
    const result = await afterTeacher(prepared, early, options, lock)
    await whenDone?.()
    return result
  } finally {
    lock.release()
  }
}

/** Trains what a run learns from, where that is its own to train, and then the run. */
async function afterTeacher(
  prepared: Prepared,
  early: StepGraph | undefined,
  options: TrainOptions,
  lock: Lock,
): Promise<TrainResult> {
  const { config, dataset, checkpoint } = prepared
  const { directory } = options
  if (!early && !(await trainTeacher(config, options))) return stopped(options, prepared)
  const sources = prepared.sources ?? openSources(config, dataset, checkpoint, directory)
  const step = early ?? stepWith(prepared, sources, directory)
  return runSteps({ ...prepared, sources }, step, options, lock)
}

/** The result of a run that was stopped before its own first step. */
const stopped = (
  { directory }: TrainOptions,
  prepared: Pick<Prepared, 'config' | 'dataset' | 'checkpoint' | 'proposed'>,
): TrainResult => ({
  run: directory,
  steps: prepared.checkpoint?.step ?? 0,
  loss: Number.NaN,
  residual: Number.NaN,
  msPerStep: 0,
  finished: false,
  warnings: warningsOf(prepared),
})

/** What the memories of a run begin with, those that its checkpoint has left out. */
function memoriesFor(
  { checkpoint, config, dataset, runtime }: Prepared,
  { players, memories }: StepGraph,
  starts: Starts | undefined,
): Promise<State> {
  if (!checkpoint) return filledMemories(runtime, config, dataset, { players, memories }, starts)
  const now = parametersOf(stateOfPlayers(checkpoint.state, players), players, 'raw')
  const absent = absentIn(checkpoint.state, memories)
  return filledMemories(runtime, config, dataset, { players, memories: absent }, now)
}

async function runSteps(
  prepared: Prepared & { readonly sources: Sources },
  step: StepGraph,
  options: TrainOptions,
  lock: Lock,
): Promise<TrainResult> {
  const { config, dataset, checkpoint, runtime, sources } = prepared
  const { couplingTeacher, starts } = sources
  const { directory, shouldStop } = options
  const pool = await openTrajectoryCache(runtime, directory, config, dataset, couplingTeacher, shouldStop)
  if (!pool && isSolved(config.coupling)) return stopped(options, prepared)
  if (sources.base) saveBase(directory, { config, data: dataRecord(dataset), parameters: sources.base })
  const program = await runtime.compileScan(step.graph, step.state.length)
  try {
    const memories = await memoriesFor(prepared, step, starts)
    const trainer = new Trainer(config, dataset, step, program, { from: checkpoint, pool, starts, memories })
    const from = trainer.step
    const start = performance.now()
    const { steps, loss, residual, verdict } = await new RecordedTraining(
      trainer,
      options,
      lock,
      sources.base,
    ).run()
    const msPerStep = steps > from ? (performance.now() - start) / (steps - from) : 0
    const finished = steps === config.steps
    return {
      run: options.directory,
      steps,
      loss,
      residual,
      ...(verdict && { verdict }),
      msPerStep,
      finished,
      warnings: [
        ...warningsOf(prepared),
        ...teacherWarnings(config, directory),
        ...(verdict?.diverged ? [`step ${steps}: ${verdict.text}`] : []),
      ],
    }
  } finally {
    await program.close()
  }
}
