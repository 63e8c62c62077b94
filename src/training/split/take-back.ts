import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Config, pointOf } from '../../config/index.ts'
import { newestIntact, type State, writeCheckpoint } from '../../serialization/checkpoint.ts'
import { writeFileAtomic } from '../../serialization/files.ts'
import { lockDirectory } from '../../serialization/lock.ts'
import { logUntil, type MetricsLine } from '../../serialization/metrics-log.ts'
import { readBytes, readText } from '../../serialization/read-file.ts'
import { dataRecord } from '../../serialization/record.ts'
import { paths, RunError, readRecord, writeRecord } from '../../serialization/run.ts'
import { decodeSafetensors, SafetensorsError } from '../../serialization/safetensors.ts'
import { MetricWindow } from '../metric-window.ts'
import { GRADIENT, mapParameters, playersOf, type TrainedPlayer, vectorName } from '../players.ts'
import { prepare } from '../prepare.ts'
import { isLogged } from '../recorded-training.ts'
import { resumedConfig } from '../resume.ts'
import { writeModel } from '../write-model.ts'
import { readSplitTraining, type SplitTraining, splitFiles } from './folder.ts'

/** A training that came back. */
export interface TakenBack {
  readonly run: string
  readonly step: number
  readonly steps: number
}

/** Tensors of a file by their names. @throws RunError when it is not there or damaged */
function tensorsOf(file: string) {
  if (!existsSync(file)) throw new RunError(`${file}: no such file; the launcher writes it when it saves`)
  try {
    return decodeSafetensors(readBytes(file), file)
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    throw error
  }
}

/** The state that the launcher left. */
function readResult(folder: string, training: SplitTraining): { step: number; state: State } {
  const { result } = splitFiles(folder)
  const { tensors, metadata } = tensorsOf(result)
  const step = Number(metadata.step)
  if (!Number.isSafeInteger(step) || step <= training.step || step > training.steps) {
    throw new RunError(
      `${result}: expected the state of a step from ${training.step + 1} to ${training.steps}, found step ${metadata.step}`,
    )
  }
  const wanted = training.update.inputs.filter(({ from }) => from === 'state')
  const state = wanted.map(({ name: port, shape: [size] }) => {
    const name = port.slice('state.'.length)
    const data = tensors[name]?.data
    if (!(data instanceof Float32Array) || data.length !== size) {
      throw new RunError(
        `${result}: tensor ${name}: expected F32 of [${size}], found ${data?.length ?? 'none'}`,
      )
    }
    if (!data.every(Number.isFinite)) {
      throw new RunError(`${result}: tensor ${name}: holds values that are not finite numbers`)
    }
    return [name, data] as const
  })
  return { step, state: Object.fromEntries(state) }
}

/** One step in the launcher's log: norms of the networks' gradients, and `lines`. */
interface Logged {
  readonly step: number
  readonly norms: readonly number[]
  readonly lines: readonly number[]
  /** Since the launcher began. */
  readonly seconds: number
}

/** The last line of each step, in their order: a launcher that went on wrote some of them twice. */
function readLog(folder: string, from: number, to: number): Logged[] {
  const { log } = splitFiles(folder)
  const bySteps = new Map<number, Logged>()
  for (const text of existsSync(log) ? readText(log).split('\n') : []) {
    try {
      const line = JSON.parse(text) as Logged
      bySteps.set(line.step, line)
    } catch {
      // The last one may be cut short.
    }
  }
  const steps = Array.from({ length: to - from }, (_, i) => bySteps.get(from + 1 + i))
  const missing = steps.findIndex(line => !line)
  if (missing >= 0) throw new RunError(`${log}: has no line of step ${from + 1 + missing}`)
  return steps as Logged[]
}

/** Lines of the run's log for the steps that were made elsewhere, and the open one. */
function linesOf(
  config: Config,
  { lines: names }: SplitTraining,
  before: Float64Array | undefined,
  logged: readonly Logged[],
): { lines: MetricsLine[]; window: Float64Array } {
  const [loss, ...others] = names
  const window = new MetricWindow([loss, 'gradientNorm', ...others], before)
  const lines: MetricsLine[] = []
  let since: Pick<Logged, 'step' | 'seconds'> | undefined
  for (const { step, norms, lines: values, seconds } of logged) {
    window.add(Float32Array.of(values[0], norms[0], ...values.slice(1)))
    if (isLogged(step, config)) {
      const pace = since ? (step - since.step) / (seconds - since.seconds) : 1 / seconds
      lines.push({ ...window.close(step, config), stepsPerSecond: Math.round(100 * pace) / 100 })
      since = { step, seconds }
    }
  }
  return { lines, window: window.saved() }
}

/** Gathered gradients begin anew after each update. */
const withGradients = (state: State, config: Config, players: readonly TrainedPlayer[]): State =>
  config.optimizer.accumulate === 1
    ? state
    : {
        ...state,
        ...Object.fromEntries(
          players.map(({ name, size }) => [vectorName(name, GRADIENT), new Float32Array(size)]),
        ),
      }

/**
 * Makes what a launcher trained a part of its run again: checkpoint, log and model, so that the run can be sampled and goes on from
 * there as if it had been trained here.
 *
 * @param folder  the exported training, with what its launcher wrote
 * @param to  the run; default the one that it was exported from
 * @throws RunError or ConfigError when something is missing or damaged, or the run is another or further already
 */
export async function takeBack(folder: string, to?: string): Promise<TakenBack> {
  const { record, training } = readSplitTraining(folder)
  const directory = to ?? join(resolve(folder), training.run)
  const { step, state } = readResult(folder, training)
  const start = tensorsOf(splitFiles(folder).start).tensors.window?.data as Float64Array | undefined
  const lock = lockDirectory(directory)
  try {
    const own = readRecord(directory)
    const { data: _, ...asked } = record.config
    resumedConfig(own.config, asked)
    if (own.data.fingerprint.sha256 !== record.data.fingerprint.sha256) {
      throw new RunError(`${directory}: is a run on other data than ${folder}; name its own run with --out`)
    }
    const reached = newestIntact(directory).checkpoint?.step ?? 0
    if (reached >= step) {
      throw new RunError(
        `${directory}: is already at step ${reached}, and ${folder} brings step ${step}; name another run of this configuration with --out`,
      )
    }
    const { steps } = record.config
    const prepared = await prepare({ steps }, { directory, resume: true })
    const { config, dataset, threads, sources } = prepared
    const { lines, window } = linesOf(config, training, start, readLog(folder, training.step, step))
    const { metrics } = paths(directory)
    const text = lines.map(line => `${JSON.stringify(line)}\n`).join('')
    writeFileAtomic(directory, metrics, logUntil(metrics, training.step) + text)
    const content = { config, data: dataRecord(dataset) }
    writeRecord(directory, { ...content, threads })
    const players = playersOf(config, pointOf(config, dataset), sources?.base)
    writeCheckpoint(directory, {
      step,
      state: withGradients(state, config, players),
      window,
      seeds: config.seeds,
      record: content,
    })
    writeModel(directory, config, dataset, mapParameters(state, 'ema'), sources?.base)
    return { run: directory, step, steps }
  } finally {
    lock.release()
  }
}
