import { appendFileSync } from 'node:fs'
import type { Config } from '../config/index.ts'
import { checkpointSteps, notFinite, writeCheckpoint } from '../serialization/checkpoint.ts'
import { withPath, writeFileAtomic } from '../serialization/files.ts'
import { syncFile, syncFolder } from '../serialization/folders.ts'
import type { Lock } from '../serialization/lock.ts'
import { type Logger, openLoggers } from '../serialization/loggers.ts'
import type { MetricsLine } from '../serialization/metrics-log.ts'
import { dataRecord } from '../serialization/record.ts'
import { paths, readMetrics } from '../serialization/run.ts'
import { encodeSafetensors } from '../serialization/safetensors.ts'
import { writeSnapshot } from '../serialization/snapshots.ts'
import { DivergenceError, type TrainOptions, type TrainResult } from './train-options.ts'
import type { Failure, Trainer } from './trainer.ts'
import { vectorText } from './vector-text.ts'
import { hasRunAway, remedies, residualOf, verdictOf } from './verdict.ts'
import { writeModel } from './write-model.ts'

/** A training is not silent for much longer. */
const SILENCE_MS = 5000

/** The first step has a line of its own: what an untrained network gives is what the others are compared with. */
export const isLogged = (step: number, { logEvery, steps }: Config): boolean =>
  step === 1 || step % logEvery === 0 || step === steps

/** The residual of a run's first line, where it has one. */
function firstResidual(directory: string): number | undefined {
  const [line] = readMetrics(directory)
  return line && residualOf(line)
}

/** One run in progress: a training and its files. */
export class RecordedTraining {
  private lastLine: MetricsLine | undefined
  private saved: number
  private first: number | undefined
  /** When progress was last told, and the step and time of the last line of the log. */
  private told: { at: number; readonly step: number; readonly since: number } | undefined
  private readonly loggers: readonly Logger[]

  constructor(
    private readonly trainer: Trainer,
    private readonly options: TrainOptions,
    private readonly lock: Lock,
    /** Parameters that an adapter changes. */
    private readonly base?: Float32Array,
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
      else this.tellPace()
      if (trainer.step % checkpointEvery === 0) this.save()
    }
    this.save()
    writeModel(options.directory, trainer.config, trainer.dataset, trainer.parameters(), this.base)
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
    this.told = { at: performance.now(), step, since: performance.now() }
    // The first step alone says nothing of the pace.
    if (step === 1 && trainer.config.steps > 1) return
    const grown = hasRunAway(this.first, residual, trainer.config) && { grownFrom: this.first }
    options.onProgress?.({ step, steps: trainer.config.steps, loss, residual, ...grown, stepsPerSecond })
  }

  /** Says where a training of slow steps is between two lines of the log, with the numbers of the last one. */
  private tellPace(): void {
    const { trainer, options, lastLine, told } = this
    const now = performance.now()
    if (!lastLine || !told || now - told.at < SILENCE_MS) return
    told.at = now
    const pace = (1000 * (trainer.step - told.step)) / (now - told.since)
    options.onProgress?.({
      step: trainer.step,
      steps: trainer.config.steps,
      loss: lastLine.loss,
      residual: residualOf(lastLine),
      stepsPerSecond: Math.round(100 * pace) / 100,
    })
  }

  private save(): void {
    const { trainer } = this
    this.lock.check()
    if (this.saved === trainer.step) return
    const { config, dataset } = trainer
    this.checkFinite()
    const { step, state } = trainer
    // Before the checkpoint, whose lines would be missing from the log of a run that goes on from it after a power cut.
    const { metrics } = paths(this.options.directory)
    withPath(metrics, () => {
      syncFile(metrics)
      syncFolder(this.options.directory)
    })
    // Before the checkpoint, so that a run which goes on from there has it; at the same steps whether it was stopped or not.
    if (config.powerAverages.length > 0 && step % config.checkpointEvery === 0) {
      writeSnapshot(this.options.directory, config, step, state)
    }
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
