import { appendFileSync, existsSync } from 'node:fs'
import { withAbsolutePaths } from '../config/config-paths.ts'
import {
  type Config,
  ConfigError,
  findObjective,
  pointOf,
  resolveConfig,
  type UserConfig,
} from '../config/index.ts'
import { isPlain } from '../config/plain.ts'
import { teacherConfig, trainsTeacher } from '../config/teacher-config.ts'
import { remarksOn } from '../config/validate.ts'
import {
  checkDataset,
  checkFunction,
  checkOptions,
  checkPath,
  checkThreads,
  checkWord,
  refuseArgument,
} from '../data/arguments.ts'
import type { Dataset } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { VelocityField } from '../model/index.ts'
import { DEVICES, type Device } from '../runtime/device.ts'
import { openRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { defaultThreads } from '../runtime/threads.ts'
import { type Checkpoint, checkpointSteps, notFinite, writeCheckpoint } from '../serialization/checkpoint.ts'
import { withPath, writeFileAtomic } from '../serialization/files.ts'
import { type Lock, lockDirectory } from '../serialization/lock.ts'
import { type Logger, openLoggers } from '../serialization/loggers.ts'
import type { MetricsLine } from '../serialization/metrics-log.ts'
import { encodeModelFile, encodeOnnxModel, type Model } from '../serialization/model.ts'
import { dataRecord } from '../serialization/record.ts'
import {
  checkFree,
  isRun,
  paths,
  RunError,
  readMetrics,
  readRecord,
  writeRecord,
} from '../serialization/run.ts'
import { encodeSafetensors } from '../serialization/safetensors.ts'
import { checkCapacity } from './capacity.ts'
import { type Continued, openContinued, rewind } from './continuing.ts'
import { hasTrajectoryCache, openTrajectoryCache } from './coupling.ts'
import { openTrainingData } from './data.ts'
import { openInitial, withInitialNetwork } from './initial.ts'
import { openResumed, withMovedRuns } from './moved.ts'
import { MAP } from './networks.ts'
import { isTeacherFinished, teacherDirectory, withOwnTeacher } from './own-teacher.ts'
import { stateOfPlayers } from './players.ts'
import { resumedConfig } from './resume.ts'
import { checkReward, withSeenRewards } from './reward.ts'
import { buildStep, type Step, type Teachers } from './step.ts'
import { openCouplingTeacher, openTeachers } from './teacher.ts'
import { type Failure, Trainer } from './trainer.ts'
import { hasRunAway, remedies, residualOf, type Verdict, verdictOf } from './verdict.ts'

/** What a run reports while it trains. */
export interface Progress {
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** The plain residual: the sum over the terms of the mean squared residual, whatever the weights. */
  readonly residual: number
  /** The residual at the first step, where it has grown from there as it does in a training that diverges. */
  readonly grownFrom?: number
  readonly stepsPerSecond: number
  /** What these steps are of, where it is not the run itself but the teacher that it trains first. */
  readonly stage?: 'teacher'
}

export interface TrainOptions {
  /** The run directory; made when it is not there. */
  readonly directory: string
  /** Continue the run in `directory`. */
  readonly resume?: boolean
  /** The data, where it comes from a program and not from the configuration. */
  readonly data?: Dataset
  readonly threads?: number
  /** What the steps run on; default `cpu`. */
  readonly device?: Device
  /** What runs the graphs, in the place of ONNX Runtime on `device` with `threads`. */
  readonly runtime?: Runtime
  readonly onProgress?: (progress: Progress) => void
  /** Called when everything is checked and training begins, with what is odd about the data. */
  readonly onStart?: (warnings: readonly string[]) => void
  /** Asked between chunks of steps; `true` saves a checkpoint and ends the run. */
  readonly shouldStop?: () => boolean
}

export interface TrainResult {
  readonly run: string
  /** Steps done, of `config.steps`. */
  readonly steps: number
  /** Mean over the last line of the log; NaN before there is one. */
  readonly loss: number
  /** The plain residual over the last line; NaN before there is one. */
  readonly residual: number
  /** How the training went, by its residual; absent before there is a line. */
  readonly verdict?: Verdict
  /** Time of one step, data and logging included, over this call. */
  readonly msPerStep: number
  readonly finished: boolean
  /** What is odd about data and configuration, and that the training diverged where it did. */
  readonly warnings: readonly string[]
}

/** A loss or gradient that is not a finite number. The state before it and the batch are in the run directory. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError'
}

const VECTORS: Readonly<Record<string, string>> = {
  parameters: 'the parameters',
  first: "the optimiser's first moments",
  second: "the optimiser's second moments",
  average: 'the averaged parameters',
}

/** What a vector of the state is, in words. */
function vectorText(name: string): string {
  const [player, vector] = name.split('.')
  return `${VECTORS[vector] ?? vector}${player === MAP ? '' : ` of ${player}`}`
}

/** The first step has a line of its own: what an untrained network gives is what the others are compared with. */
const isLogged = (step: number, { logEvery, steps }: Config): boolean =>
  step === 1 || step % logEvery === 0 || step === steps

/** The residual of a run's first line, where it has one. */
function firstResidual(directory: string): number | undefined {
  const [line] = readMetrics(directory)
  return line && residualOf(line)
}

/** One run in progress: a training and its files. */
class Training {
  private lastLine: MetricsLine | undefined
  private saved: number
  private first: number | undefined
  private readonly loggers: readonly Logger[]

  constructor(
    private readonly trainer: Trainer,
    private readonly options: TrainOptions,
    private readonly lock: Lock,
  ) {
    this.loggers = openLoggers(trainer.config, options.directory, trainer.step)
    this.saved = trainer.step > 0 ? trainer.step : -1
  }

  async run(): Promise<Pick<TrainResult, 'steps' | 'loss' | 'residual' | 'verdict'>> {
    const { trainer, options } = this
    const { steps, logEvery, checkpointEvery } = trainer.config
    this.first = firstResidual(options.directory)
    while (trainer.step < steps && !options.shouldStop?.()) {
      const failure = await trainer.advance(logEvery, checkpointEvery)
      if (failure) this.diverged(failure)
      if (isLogged(trainer.step, trainer.config)) this.log()
      if (trainer.step % checkpointEvery === 0) this.save()
    }
    this.save()
    this.writeModel()
    const lines = readMetrics(options.directory)
    const last = this.lastLine ?? lines.at(-1)
    return {
      steps: trainer.step,
      loss: last?.loss ?? Number.NaN,
      residual: last ? residualOf(last) : Number.NaN,
      verdict: verdictOf(lines, trainer.config),
    }
  }

  private log(): void {
    const { trainer, options } = this
    const line = trainer.line()
    this.lastLine = line
    const { metrics } = paths(options.directory)
    withPath(metrics, () => appendFileSync(metrics, `${JSON.stringify(line)}\n`))
    for (const write of this.loggers) write(line)
    const { step, loss, stepsPerSecond } = line
    const residual = residualOf(line)
    this.first ??= residual
    // The first step alone says nothing of the pace.
    if (step === 1 && trainer.config.steps > 1) return
    const grown = hasRunAway(this.first, residual, trainer.config) && { grownFrom: this.first }
    options.onProgress?.({ step, steps: trainer.config.steps, loss, residual, ...grown, stepsPerSecond })
  }

  private save(): void {
    const { trainer } = this
    this.lock.check()
    if (this.saved === trainer.step) return
    const { config, dataset } = trainer
    this.checkFinite()
    writeCheckpoint(this.options.directory, {
      ...trainer.saved(),
      seeds: config.seeds,
      record: { config, data: dataRecord(dataset) },
    })
    this.saved = trainer.step
  }

  /** A loss tells of parameters one step later, and of averaged ones never. */
  private checkFinite(): void {
    const { trainer } = this
    const wrong = notFinite(Object.entries(trainer.state))
    if (wrong === undefined) return
    const last = checkpointSteps(this.options.directory).at(-1)
    const kept = last === undefined ? 'nothing was saved' : `the newest checkpoint is that of step ${last}`
    throw new DivergenceError(
      `step ${trainer.step}: ${vectorText(wrong)} are no longer finite numbers; ${kept}; train again into another --out with ${remedies(trainer.config).join(', or ')}`,
    )
  }

  private writeModel(): void {
    const { config, dataset } = this.trainer
    const { directory } = this.options
    const model: Model = {
      config,
      dimension: dataset.dimension,
      data: dataRecord(dataset),
      parameters: this.trainer.parameters(),
    }
    writeFileAtomic(directory, paths(directory).model, encodeModelFile(model))
    writeFileAtomic(directory, paths(directory).onnx, encodeOnnxModel(model))
  }

  private diverged({ step, metrics, inputs }: Failure): never {
    const { trainer, options } = this
    const { failedBatch } = paths(options.directory)
    this.save()
    writeFileAtomic(
      options.directory,
      failedBatch,
      encodeSafetensors({ tensors: inputs, metadata: { step: String(step) } }),
    )
    throw new DivergenceError(
      `step ${step}: ${metrics.join(', ')} not finite; saved the state of step ${trainer.step} and the batch (${failedBatch}); train again into another --out with ${remedies(trainer.config).join(', or ')}`,
    )
  }
}

interface Prepared {
  readonly config: Config
  readonly dataset: StandardizedDataset
  readonly checkpoint?: Checkpoint
  /** Absent for a new run. */
  readonly continued?: Continued
  /** Threads of an operator. */
  readonly threads: number
  readonly runtime: Runtime
  /** Absent while the teacher is still to be trained. */
  readonly sources?: Sources
  /** Lines on runs that were found elsewhere than they were recorded. */
  readonly moved?: readonly string[]
}

/** What a run takes from other runs or from closed forms. */
interface Sources {
  readonly teachers: Teachers
  readonly couplingTeacher?: VelocityField
  /** Parameters of another run, where training starts from them. */
  readonly initial?: Float32Array
}

/** @throws ConfigError when something is not there or does not fit */
function openSources(
  config: Config,
  dataset: StandardizedDataset,
  checkpoint: Checkpoint | undefined,
  directory: string,
): Sources {
  const named = withOwnTeacher(config, directory)
  return {
    teachers: openTeachers(named, dataset),
    // A run with a checkpoint no longer needs what it started from, one with pairs not whom they are from.
    couplingTeacher: hasTrajectoryCache(directory) ? undefined : openCouplingTeacher(named, dataset),
    initial: checkpoint ? undefined : openInitial(named, dataset),
  }
}

const runtimeOf = async ({ runtime, device }: TrainOptions, threads: number): Promise<Runtime> =>
  runtime ?? openRuntime({ device, threads })

/** Opens what is to be trained, and refuses everything that is wrong before any work. */
async function prepare(asked: UserConfig, options: TrainOptions): Promise<Prepared> {
  const { directory, resume, data: given } = options
  const user = given ? { ...asked, data: { given: given.name } } : asked
  if (!resume) {
    // Opened by the paths as they were written, so that messages name those.
    const whole = withInitialNetwork(user)
    const config = resolveConfig(whole)
    const dataset = await openTrainingData(config, given)
    checkReward(config, dataset)
    checkCapacity(config, pointOf(config, dataset))
    const own = trainsTeacher(config)
    if (own) checkCapacity(resolveConfig(teacherConfig(config)), pointOf(config, dataset))
    const sources = own ? undefined : openSources(config, dataset, undefined, directory)
    const threads = options.threads ?? defaultThreads()
    return {
      config: resolveConfig(withAbsolutePaths(whole)),
      dataset,
      threads,
      sources,
      runtime: await runtimeOf(options, threads),
    }
  }
  const record = readRecord(directory)
  const continued = openContinued(directory, record, options.threads)
  const { checkpoint, threads } = continued
  const { data: other, ...changes } = withAbsolutePaths(user)
  const opened = await openResumed(directory, record, given, other)
  const { recorded, asked: wanted, notes: moved } = withMovedRuns(record.config, changes, directory)
  const config = resumedConfig({ ...recorded, data: opened.spec }, wanted)
  const dataset = await openTrainingData(config, opened.dataset, record.data)
  checkCapacity(config, pointOf(config, dataset))
  if (checkpoint && checkpoint.step > config.steps) {
    throw new ConfigError(
      `steps: the run is already at step ${checkpoint.step}, more than the ${config.steps} asked for`,
    )
  }
  const waits = trainsTeacher(config) && !checkpoint
  const sources = waits ? undefined : openSources(config, dataset, checkpoint, directory)
  return {
    config,
    dataset,
    checkpoint,
    continued,
    threads,
    sources,
    moved,
    runtime: await runtimeOf(options, threads),
  }
}

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

/** What is odd about the data, and what the configuration should know. */
const warningsOf = ({
  config,
  dataset,
  continued,
  moved = [],
}: Pick<Prepared, 'config' | 'dataset' | 'continued' | 'moved'>): string[] => [
  ...(continued?.notes ?? []),
  ...moved,
  ...(dataset.warnings ?? []),
  ...remarksOn(config, findObjective(config.objective)),
]

function checkFits({ state }: Checkpoint, step: Step, directory: string): void {
  const split = stateOfPlayers(state, step.players)
  for (const { name: player, size } of step.players) {
    for (const name of step.state.filter(each => each.startsWith(`${player}.`))) {
      const found = split[name]?.length ?? 0
      if (found === size) continue
      throw new RunError(
        `${directory}: the checkpoint has ${found} numbers of ${name}, the network needs ${size}`,
      )
    }
  }
}

const KEYS = [
  'directory',
  'resume?',
  'data?',
  'threads?',
  'device?',
  'runtime?',
  'onProgress?',
  'onStart?',
  'shouldStop?',
]

/** @throws ArgumentError when an option is something else, or there is no such option */
function checkTrainOptions(options: TrainOptions): void {
  checkOptions('train: options', options, KEYS)
  const { directory, resume, data, threads, device, onProgress, onStart, shouldStop } = options
  if (device !== undefined) checkWord('train: device', device, DEVICES)
  checkPath('train: directory', directory)
  if (resume !== undefined && typeof resume !== 'boolean')
    refuseArgument('train: resume', 'true or false', resume)
  if (data !== undefined) checkDataset('train: data', data)
  checkThreads('train: threads', threads)
  for (const [name, value] of Object.entries({ onProgress, onStart, shouldStop })) {
    if (value !== undefined) checkFunction(`train: ${name}`, value)
  }
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
  whenDone?: () => void,
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
    options.onStart?.(warningsOf(prepared))
    const result = await afterTeacher(prepared, early, options, lock)
    whenDone?.()
    return result
  } finally {
    lock.release()
  }
}

/** Trains what a run learns from, where that is its own to train, and then the run. */
async function afterTeacher(
  prepared: Prepared,
  early: Step | undefined,
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
  prepared: Pick<Prepared, 'config' | 'dataset' | 'checkpoint'>,
): TrainResult => ({
  run: directory,
  steps: prepared.checkpoint?.step ?? 0,
  loss: Number.NaN,
  residual: Number.NaN,
  msPerStep: 0,
  finished: false,
  warnings: warningsOf(prepared),
})

/** The graph of a step, which a checkpoint must fit. */
function stepWith({ config, dataset, checkpoint }: Prepared, { teachers }: Sources, directory: string): Step {
  const step = buildStep(withSeenRewards(config, dataset), pointOf(config, dataset), teachers)
  if (checkpoint) checkFits(checkpoint, step, directory)
  return step
}

async function runSteps(
  prepared: Prepared & { readonly sources: Sources },
  step: Step,
  options: TrainOptions,
  lock: Lock,
): Promise<TrainResult> {
  const { config, dataset, checkpoint, runtime, sources } = prepared
  const { couplingTeacher, initial } = sources
  const { directory, shouldStop } = options
  const pool = await openTrajectoryCache(
    runtime,
    directory,
    config,
    dataset.dimension,
    couplingTeacher,
    shouldStop,
  )
  if (!pool && config.coupling.kind !== 'independent') return stopped(options, prepared)
  const program = await runtime.compileScan(step.graph, step.state.length)
  try {
    const trainer = new Trainer(config, dataset, step, program, { from: checkpoint, pool, initial })
    const from = trainer.step
    const start = performance.now()
    const { steps, loss, residual, verdict } = await new Training(trainer, options, lock).run()
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
