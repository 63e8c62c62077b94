import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { withAbsolutePaths as dataWithAbsolutePaths } from '../data/catalogue.ts'
import type { Dataset } from '../data/dataset.ts'
import type { SeenDataset } from '../data/standardized.ts'
import type { VelocityField } from '../model/index.ts'
import { compileScan } from '../runtime/node.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { type Config, ConfigError, findObjective, resolveConfig, type UserConfig } from './config.ts'
import { hasPool, openPool } from './coupling.ts'
import { openTrainingData } from './data.ts'
import { clearPending, writeFileAtomic } from './files.ts'
import { openInitial, withInitialNetwork } from './initial.ts'
import { lockDirectory } from './lock.ts'
import { type Logger, openLoggers } from './loggers.ts'
import { encodeModelFile, encodeOnnxModel, type Model, ownParameters } from './model.ts'
import { dataRecord } from './record.ts'
import { resumedConfig } from './resume.ts'
import { checkReward, withSeenRewards } from './reward.ts'
import { createRun, isRun, paths, RunError, readMetrics, readRecord, writeRecord } from './run.ts'
import { encodeSafetensors } from './safetensors.ts'
import { remarksOn } from './sense.ts'
import { buildStep, type Step, type Teachers } from './step.ts'
import { openCouplingTeacher, openTeachers } from './teacher.ts'
import { type Failure, Trainer } from './trainer.ts'
import { hasRunAway, remedies, residualOf, type Verdict, verdictOf } from './verdict.ts'
import type { MetricsLine } from './window.ts'

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
}

export interface TrainOptions {
  /** The run directory; made when it is not there. */
  readonly directory: string
  /** Continue the run in `directory`. */
  readonly resume?: boolean
  /** The data, where it comes from a program and not from the configuration. */
  readonly data?: Dataset
  readonly threads?: number
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
    appendFileSync(paths(options.directory).metrics, `${JSON.stringify(line)}\n`)
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
    if (this.saved === trainer.step) return
    writeCheckpoint(this.options.directory, { ...trainer.saved(), seeds: trainer.config.seeds })
    this.saved = trainer.step
  }

  private writeModel(): void {
    const { config, dataset, parameters } = this.trainer
    const { directory } = this.options
    const model: Model = {
      config,
      dimension: dataset.dimension,
      data: dataRecord(dataset),
      parameters: ownParameters(config, dataset.dimension, parameters),
    }
    writeFileAtomic(directory, paths(directory).model, encodeModelFile(model))
    writeFileAtomic(directory, paths(directory).onnx, encodeOnnxModel(model))
  }

  private diverged({ step, metrics, inputs }: Failure): never {
    const { trainer, options } = this
    const { config } = trainer
    const { failedBatch } = paths(options.directory)
    this.save()
    writeFileAtomic(
      options.directory,
      failedBatch,
      encodeSafetensors({ tensors: inputs, metadata: { step: String(step) } }),
    )
    throw new DivergenceError(
      `step ${step}: ${metrics.join(', ')} not finite; saved the state of step ${trainer.step} and the batch (${failedBatch}); train anew in another --out with ${remedies(config).join(', or ')}`,
    )
  }
}

interface Prepared {
  readonly config: Config
  readonly dataset: SeenDataset
  readonly teachers: Teachers
  readonly couplingTeacher?: VelocityField
  readonly checkpoint?: Checkpoint
  /** Parameters of another run, where training starts from them. */
  readonly initial?: Float32Array
}

/** Paths in a configuration are kept absolute, so that a run can be resumed and measured from anywhere. */
function withAbsolutePaths(user: UserConfig): UserConfig {
  const { data, teacher, coupling, initFrom } = user
  const changes: UserConfig = {}
  if (data !== undefined) changes.data = dataWithAbsolutePaths(data)
  if (isRunName(teacher)) changes.teacher = resolve(teacher)
  if (isRunName(coupling?.teacher)) changes.coupling = { ...coupling, teacher: resolve(coupling.teacher) }
  if (typeof initFrom === 'string') changes.initFrom = resolve(initFrom)
  return { ...user, ...changes }
}

const isRunName = (teacher: unknown): teacher is string => typeof teacher === 'string' && teacher !== 'exact'

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
    const teachers = openTeachers(config, dataset)
    const couplingTeacher = openCouplingTeacher(config, dataset)
    const initial = openInitial(config, dataset)
    return { config: resolveConfig(withAbsolutePaths(whole)), dataset, teachers, couplingTeacher, initial }
  }
  const record = readRecord(directory)
  const config = resumedConfig(record.config, withAbsolutePaths(user))
  const dataset = await openTrainingData(config, given, record.data)
  if (dataset.fingerprint.sha256 !== record.data.fingerprint.sha256) {
    throw new RunError(`${directory}: the data has changed since the run began (its fingerprint differs)`)
  }
  const checkpoint = readCheckpoint(directory)
  if (checkpoint && checkpoint.step > config.steps) {
    throw new ConfigError(
      `steps: the run is already at step ${checkpoint.step}, more than the ${config.steps} asked for`,
    )
  }
  const teachers = openTeachers(config, dataset)
  // A run with a checkpoint no longer needs what it started from, one with pairs not whom they are from.
  const couplingTeacher = hasPool(directory) ? undefined : openCouplingTeacher(config, dataset)
  const initial = checkpoint ? undefined : openInitial(config, dataset)
  return { config, dataset, teachers, couplingTeacher, checkpoint, initial }
}

/** What is odd about the data, and what the configuration should know. */
const warningsOf = ({ config, dataset }: Pick<Prepared, 'config' | 'dataset'>): string[] => [
  ...(dataset.warnings ?? []),
  ...remarksOn(config, findObjective(config.objective)),
]

function checkFits({ state }: Checkpoint, step: Step, directory: string): void {
  for (const name of step.state) {
    const found = state[name]?.length ?? 0
    if (found === step.parameterCount) continue
    throw new RunError(
      `${directory}: the checkpoint has ${found} numbers of ${name}, the network needs ${step.parameterCount}`,
    )
  }
}

/** Brings the files of a continued run back to its newest checkpoint. */
function rewind(directory: string, checkpoint: Checkpoint | undefined): void {
  clearPending(directory)
  const kept = readMetrics(directory, checkpoint?.step ?? 0)
  const lines = kept.map(line => `${JSON.stringify(line)}\n`).join('')
  writeFileAtomic(directory, paths(directory).metrics, lines)
}

/**
 * Trains a flow map.
 *
 * @param user  any part of a configuration; see `resolveConfig`. With `resume` only `steps`, `logEvery`,
 *   `checkpointEvery`, `chunk` and `log` may differ from the run's own
 * @throws ConfigError, DataError or RunError before any work when something is wrong; DivergenceError when a loss or
 *   gradient is not finite
 */
export async function train(user: UserConfig, options: TrainOptions): Promise<TrainResult> {
  const { directory, resume } = options
  if (resume && !isRun(directory)) throw new RunError(`${directory}: no run to resume`)
  let release = resume ? lockDirectory(directory) : undefined
  try {
    const prepared = await prepare(user, options)
    const { config, dataset, teachers, checkpoint } = prepared
    const step = buildStep(withSeenRewards(config, dataset), dataset.dimension, teachers)
    if (checkpoint) checkFits(checkpoint, step, directory)
    const record = { config, data: dataRecord(dataset) }
    if (resume) {
      rewind(directory, checkpoint)
      writeRecord(directory, record)
    } else {
      createRun(directory, record)
      release = lockDirectory(directory)
    }
    options.onStart?.(warningsOf(prepared))
    return await runSteps(prepared, step, options)
  } finally {
    release?.()
  }
}

async function runSteps(
  { config, dataset, checkpoint, couplingTeacher, initial }: Prepared,
  step: Step,
  options: TrainOptions,
): Promise<TrainResult> {
  const pool = await openPool(options.directory, config, dataset.dimension, couplingTeacher)
  const program = await compileScan(step.graph, step.state.length, options)
  try {
    const trainer = new Trainer(config, dataset, step, program, { from: checkpoint, pool, initial })
    const from = trainer.step
    const start = performance.now()
    const { steps, loss, residual, verdict } = await new Training(trainer, options).run()
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
        ...warningsOf({ config, dataset }),
        ...(verdict?.diverged ? [`step ${steps}: ${verdict.text}`] : []),
      ],
    }
  } finally {
    await program.close()
  }
}
