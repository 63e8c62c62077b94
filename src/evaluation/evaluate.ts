import { existsSync } from 'node:fs'
import { guidanceRecord } from '../config/guidance.ts'
import { type Config, ConfigError, findObjective } from '../config/index.ts'
import { sourceName } from '../config/source-checks.ts'
import type { Weights } from '../config/weights-name.ts'
import { checkDataset, checkPath } from '../data/arguments.ts'
import { inOrderOf } from '../data/column-order.ts'
import type { Dataset } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import { standardizedBy } from '../data/standardized.ts'
import { whyOtherSymbols } from '../data/text/other-symbols.ts'
import { decodeText } from '../data/utf8.ts'
import { countNotFinite } from '../metric/points.ts'
import { prepareMetricsBy } from '../metric/prepare.ts'
import { MANY_COORDINATES } from '../metric/products.ts'
import { readyStrayRule } from '../metric/strays.ts'
import { type Energy, mixtureEnergy, standardized } from '../model/index.ts'
import { whyNoTrajectories } from '../objective/index.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { SamplingMethod } from '../sampler/names.ts'
import { takeThrough } from '../sampler/sampling.ts'
import { seededNoise } from '../sampler/through.ts'
import { hasCheckpoint, trainedSteps } from '../serialization/checkpoint.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import type { GuidanceChoice } from '../serialization/guidance.ts'
import { load } from '../serialization/load.ts'
import { readModel } from '../serialization/model-files.ts'
import { LARGEST_TEXT, readBytes } from '../serialization/read-file.ts'
import { dataRecord } from '../serialization/record.ts'
import { type DataRecord, paths, RunError, type RunRecord, readRecord } from '../serialization/run.ts'
import { openRecordedData } from '../training/moved.ts'
import { startOf } from '../training/source.ts'
import type { ClassRow } from './asked-rows.ts'
import { type ConditionMeasure, conditionMeasure } from './condition-measure.ts'
import { checkRequest } from './evaluation-request.ts'
import { evaluationSchema } from './evaluation-schema.ts'
import { featuresFor } from './features/shipped.ts'
import { headMeasure } from './head-measures.ts'
import { measureMap } from './map-measures.ts'
import {
  followNoise,
  openSampleMeasure,
  type SampleMeasure,
  type SampleSetting,
  trajectoryValues,
} from './measure-rows.ts'
import { chooseMetrics, type MetricChoice, ofHead, withoutFeatures } from './metric-choice.ts'
import type { MetricValue } from './metric-value.ts'
import { type PlannedSample, planSamples, type SamplingRequest, sampledBy } from './planned-samples.ts'
import { runtimeProducts } from './products.ts'
import { chooseSolvers, type SolverRequest } from './solver-choice.ts'
import { compareSolvers, type SolverComparison } from './solver-comparison.ts'

export type { MetricValue } from './metric-value.ts'
export { exactVelocity } from './trajectories.ts'

/** What is measured. */
export interface EvaluationRequest extends SamplingRequest {
  /** Points of a measurement; fewer are measured where there are too few rows. */
  readonly count: number
  /** Of the noise, also that added on the way, and of the reference data. */
  readonly seed: number
  /** Of both, the averaged alone where the run has no checkpoint, as one from the hub. */
  readonly weights: readonly Weights[]
  /** Names of metrics, or `all`; what is quick by default. */
  readonly metrics?: MetricChoice
  /** Path of the ONNX network that metrics of features look through; that of the package by default, where it has one. */
  readonly features?: string
  /** At which scale samples are guided; default as the map was trained, and 1 where it was not. */
  readonly guidance?: GuidanceChoice
  /** Whether samples of a map that is told conditions are told none: the map of the data as a whole. */
  readonly without?: boolean
  /** Solvers to compare by their evaluations; none by default. */
  readonly solvers?: SolverRequest
}

export interface EvaluationRow {
  /** Number of jumps. */
  readonly steps: number
  /** The times, where they were asked for; otherwise they are equally spaced. */
  readonly grid?: readonly number[]
  /** What was used, also where `auto` was asked for. */
  readonly method: SamplingMethod
  readonly weights: Weights
  /** Samples that are not finite numbers, where there are any. */
  readonly notFinite?: number
  readonly metrics: Readonly<Record<string, MetricValue>>
  /** By class, of a map that is told classes. */
  readonly classes?: readonly ClassRow[]
}

/** What is the same for any number of steps. */
export interface MapRow {
  readonly weights: Weights
  readonly metrics: Readonly<Record<string, MetricValue>>
}

export interface Evaluation {
  /** Training steps of the run when it was measured. */
  readonly trainedSteps: number
  readonly request: EvaluationRequest & { readonly data: string; readonly fingerprint: string }
  /** What was measured against: its hash, rows and ranges. */
  readonly data: DataRecord
  /** Samples of each measurement, at most the `count` of the request; absent in a file of an earlier version. */
  readonly count?: number
  readonly rows: readonly EvaluationRow[]
  /** Metrics of the map itself; empty where none was asked for. */
  readonly maps: readonly MapRow[]
  /** Solvers beside the flow of the run's own velocity, where they were asked for. */
  readonly solvers?: SolverComparison
  /** What was left out or done otherwise than asked, and why. */
  readonly notes: readonly string[]
}

/** How far an evaluation is: what is measured next, and network evaluations of each sample, done and in all. */
export interface EvaluationProgress {
  /** Steps of the samples that are measured next, or `data`, `map` and `solvers` for what is measured before and after them. */
  readonly next: number | 'data' | 'map' | 'solvers'
  readonly weights: Weights
  readonly done: number
  readonly total: number
}

type OnProgress = (progress: EvaluationProgress) => void

/** The run's own data, or the other that it is measured against. */
async function openData(directory: string, record: RunRecord, other?: Dataset): Promise<Dataset> {
  if (!other && record.data.fingerprint.sha256 === '') {
    throw new RunError(`${directory}: its data is not known; name the data to measure against with --data`)
  }
  const dataset = other ?? (await openRecordedData(directory, record)).dataset
  const otherSymbols = whyOtherSymbols(dataset, record.data)
  if (otherSymbols) throw new ConfigError(`data: ${otherSymbols}`)
  if (dataset.dimension !== record.data.dimension) {
    throw new ConfigError(
      `data: ${dataset.name} has ${dataset.dimension} coordinates, the run ${record.data.dimension}`,
    )
  }
  const [space, known] = [dataset, record.data].map(({ space = 'flat' }) => space)
  if (space !== known) {
    throw new ConfigError(`data: ${dataset.name} has points of the space ${space}, the run of ${known}`)
  }
  return inOrderOf(dataset, { name: 'the run', columns: record.data.columns })
}

/** @throws ConfigError when samples are to be told nothing, and the map does not know the data as a whole beside conditions */
function checkWithout(
  directory: string,
  { config: { condition } }: RunRecord,
  { without }: EvaluationRequest,
): void {
  if (!without) return
  if (condition.kind === 'none') throw new ConfigError(`${directory}: was trained without conditions`)
  if (condition.drop === 0) {
    throw new ConfigError(`${directory}: is not unconditional: train with --condition.drop above 0`)
  }
}

/** Whether samples follow a guided velocity, and jumps are not led with it. */
const jumpsUnguided = ({ config }: RunRecord, { guidance }: EvaluationRequest): boolean =>
  guidance !== undefined &&
  guidance.scale !== 1 &&
  !guidance.onJumps &&
  guidanceRecord(config).applied === 'none'

/** What a run is measured by. Close it when done. */
interface Setting extends SampleSetting {
  /** What the map is told, of a run that is told something. */
  readonly told?: ConditionMeasure
  close(): Promise<void>
}

/** Whether the map of a run tells likelihoods by a head: it must jump to the noise, too. */
const hasHead = ({ network, objective }: Config): boolean =>
  Boolean(network.divergenceHead) && findObjective(objective).jumps === 'both-ways'

/** The law of data in their own units, where it is known. */
const energyOf = ({ name, mixture, energy }: Dataset): Energy | undefined =>
  energy ?? (mixture && mixtureEnergy(name, mixture, undefined))

/** Readies what samples are measured by. */
async function settingOf(
  record: RunRecord,
  dataset: Dataset,
  request: EvaluationRequest,
  own: boolean,
): Promise<Setting> {
  const { config, data } = record
  const { standardization } = data
  const { count, seed, metrics } = request
  const seen = standardizedBy(standardization, dataset)
  // Its graphs are of float64, which the processor alone has.
  const runtime = nodeRuntime()
  const features = await featuresFor(runtime, dataset, request.features)
  const products = runtimeProducts(runtime)
  const close = async (): Promise<void> => {
    await features?.close()
    await products.close()
  }
  try {
    const { kind, drop } = config.condition
    const isTold = kind !== 'none' && kind !== 'state' && !request.without
    const chosen = chooseMetrics(metrics, {
      dataset: seen,
      exact:
        own &&
        (seen.mixture ?? seen.language) !== undefined &&
        config.coupling.kind !== 'ot' &&
        config.source === null,
      ...(config.source !== null && { source: sourceName(config) }),
      jumps: findObjective(config.objective).jumps,
      noTrajectories: whyNoTrajectories(config.objective),
      energy: energyOf(dataset) !== undefined,
      features,
      map: true,
      head: hasHead(config),
      ...(kind !== 'none' && { condition: { kind, none: drop > 0, told: isTold } }),
    })
    const measures = await prepareMetricsBy(products, seen, { count, seed, names: chosen.samples })
    // Samples of each class are asked whether they stray.
    if (isTold && kind === 'class' && seen.dimension >= MANY_COORDINATES) await readyStrayRule(seen, products)
    const told = isTold ? conditionMeasure(record, seen, measures.count, seed) : undefined
    const asked = told?.kind === 'class' ? told.asked : undefined
    return {
      dataset,
      seen,
      standardization,
      measures,
      chosen,
      features,
      runtime,
      products,
      seed,
      told,
      asked,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Of both kinds of weights, those that are there; averaged ones that are the raw ones are shown once. */
function distinctWeights(
  directory: string,
  { ema }: Config,
  asked: readonly Weights[],
): [Weights[], string[]] {
  if (asked.length < 2) return [[...asked], []]
  if (ema === 0) {
    return [['ema'], ['without averaging (ema: 0) the averaged weights are the raw ones: shown once']]
  }
  return hasCheckpoint(directory)
    ? [[...asked], []]
    : [['ema'], ['the run has no checkpoint with raw weights: only the averaged weights are evaluated']]
}

/**
 * Measures a run against its data. What the run was not trained for is left out and noted.
 *
 * @param data  other data to measure against
 * @param onProgress  hears of what is measured next
 * @throws ConfigError or RunError when the run and the data do not fit, a metric cannot be measured, or nothing is left;
 *   GridError when a grid does not fall from 1 to 0; ArgumentError when the request is out of range
 */
export async function evaluateRun(
  directory: string,
  request: EvaluationRequest,
  data?: Dataset,
  onProgress: OnProgress = () => {},
): Promise<Evaluation> {
  checkPath('evaluateRun: directory', directory)
  checkRequest('evaluateRun', request)
  if (data !== undefined) checkDataset('evaluateRun: data', data)
  const record = readRecord(directory)
  checkWithout(directory, record, request)
  const dataset = await openData(directory, record, data)
  const { samples, notes } = planSamples(sampledBy(record.config, record.data), request)
  if (samples.length === 0) throw new ConfigError(`${directory}: nothing to evaluate; ${notes.join('; ')}`)
  const chosenSolvers =
    request.solvers &&
    chooseSolvers(sampledBy(record.config, record.data), request.solvers, jumpsUnguided(record, request))
  const [weights, once] = distinctWeights(directory, record.config, request.weights)
  // A damaged one is refused before the others are measured.
  for (const name of weights) readModel(directory, name)
  const all = samples.reduce((sum, { steps }) => sum + steps, 0)
  const total = all * weights.length
  const told = (next: EvaluationProgress['next'], k: number, done: number): void =>
    onProgress({ next, weights: weights[k], done: k * all + done, total })
  told('data', 0, 0)
  const setting = await settingOf(record, dataset, request, data === undefined)
  const { measures, standardization } = setting
  const rows: EvaluationRow[] = []
  const maps: MapRow[] = []
  let sampleNotes: readonly string[] = []
  let solvers: SolverComparison | undefined
  try {
    const sampleMeasure = await openSampleMeasure(setting)
    sampleNotes = sampleMeasure.notes
    for (const [k, name] of weights.entries()) {
      const task = { samples, setting, request, sampleMeasure }
      const found = await measureWeights(directory, name, task, (next, done) => told(next, k, done))
      rows.push(...found.rows)
      if (setting.chosen.maps.length > 0) maps.push(found.map)
    }
    if (chosenSolvers) {
      told('solvers', weights.length - 1, all)
      const { reference } = measures
      const compared = {
        ...request,
        weights: weights[0],
        chosen: chosenSolvers,
        seen: setting.seen,
        reference,
      }
      solvers = await compareSolvers(directory, compared)
    }
  } finally {
    await setting.close()
  }
  const { name, fingerprint } = dataset
  return {
    trainedSteps: trainedSteps(directory, record.config),
    request: { ...request, data: name, fingerprint: fingerprint.sha256 },
    data: dataRecord({ ...dataset, ...(standardization && { standardization }) }),
    count: measures.count,
    rows,
    maps,
    ...(solvers && { solvers }),
    notes: [
      ...(record.intact === false ? [`${paths(directory).config} was changed since it was written`] : []),
      ...notes,
      ...once,
      ...setting.chosen.notes,
      ...measures.notes,
      ...sampleNotes,
      ...withoutFeatures(dataset, setting.features),
    ],
  }
}

interface Task {
  readonly samples: readonly PlannedSample[]
  readonly setting: Setting
  readonly request: EvaluationRequest
  readonly sampleMeasure: SampleMeasure
}

/** Measures one kind of weights: its samples, each from the same noise, and its map. */
async function measureWeights(
  directory: string,
  weights: Weights,
  { samples, setting, request: { seed, guidance }, sampleMeasure }: Task,
  onNext: (next: EvaluationProgress['next'], done: number) => void,
): Promise<{ rows: EvaluationRow[]; map: MapRow }> {
  const { dataset, standardization, measures, chosen, told } = setting
  const map = await load(directory, { weights })
  try {
    const model = map.model!
    const begin = await startOf(map, measures.count, seed)
    const toldMap = told?.told(map) ?? map.without()
    const sampled = guidance ? toldMap.guided(guidance) : toldMap
    const start = standardization ? standardized(standardization, begin(), 1) : begin()
    const ends = await followNoise(model, start, chosen, dataset, setting.runtime)
    const mixture = standardization ? undefined : dataset.mixture
    const mapSetting = {
      ...{ points: measures.reference, start, seed, mixture, runtime: setting.runtime },
      energy: energyOf(dataset),
      logDensity: dataset.logDensity,
      ...(map.needsCondition && { asked: setting.asked }),
    }
    const head = chosen.paths.some(ofHead) ? headMeasure(model, mapSetting) : undefined
    const rows: EvaluationRow[] = []
    let done = 0
    for (const planned of samples) {
      const { steps, grid, named, method } = planned
      onNext(steps, done)
      done += steps
      const points = await takeThrough(sampled, { method }, begin(grid[0]), grid, seededNoise(method, seed))
      const found = await sampleMeasure.measure(points)
      // A network that tells classes says the same, and better.
      const isTold = told && (chosen.paths.includes(told.metric) || !setting.features?.tellsClasses)
      const asked = isTold
        ? told.measure()(standardization ? standardized(standardization, points) : points)
        : undefined
      const byHead =
        head && method === 'jump'
          ? {
              ...(chosen.paths.includes('headNLL') && { headNLL: await head.headNLL(grid) }),
              ...(chosen.paths.includes('mass') && { mass: await head.mass(grid, start) }),
            }
          : {}
      const metrics = {
        ...byHead,
        ...(asked && chosen.paths.includes(told!.metric) && { [told!.metric]: asked.value }),
        ...found.values,
        ...trajectoryValues(points, planned, ends, setting),
      }
      const classes = found.classes ?? asked?.classes
      const notFinite = countNotFinite(points, dataset.dimension)
      rows.push({
        steps,
        ...(named && { grid }),
        method,
        weights,
        ...(notFinite && { notFinite }),
        metrics,
        ...(classes && { classes }),
      })
    }
    if (chosen.maps.length > 0) onNext('map', done)
    const metrics = await measureMap(model, chosen.maps, mapSetting)
    return { rows, map: { weights, metrics } }
  } finally {
    await map.close()
  }
}

/** A request in one form: the same for the same question, numbers of steps and names in any order. */
function normal(request: EvaluationRequest): string {
  const {
    steps,
    grids = [],
    method,
    count,
    seed,
    weights,
    metrics = 'default',
    features = '',
    guidance,
    without = false,
  } = request
  const rising = [...new Set(steps)].sort((a, b) => a - b)
  const names = typeof metrics === 'string' ? metrics : [...new Set(metrics)].sort()
  return JSON.stringify([rising, grids, method, count, seed, weights, names, features, guidance, without])
}

/**
 * The last evaluation of a run, whatever wrote it; `undefined` where there is none.
 *
 * @throws RunError when the file is something else, naming the key
 */
export function readEvaluation(directory: string): Evaluation | undefined {
  const { evaluation } = paths(directory)
  if (!existsSync(evaluation)) return undefined
  const refuse = (what: string): never => {
    throw new RunError(
      `${evaluation}: not the evaluation of a run (${what}); "oxbow evaluate ${directory}" measures anew`,
    )
  }
  const bytes = readBytes(evaluation, LARGEST_TEXT)
  let content: unknown
  try {
    content = JSON.parse(decodeText(bytes, evaluation))
  } catch (error) {
    return refuse(error instanceof DataError ? error.message.slice(evaluation.length + 2) : 'not valid JSON')
  }
  const { data, error } = evaluationSchema.safeParse(content)
  return data ?? refuse(`${error!.issues[0].path.join('.') || 'all of it'} is missing or wrong`)
}

/** The newest evaluation of a run, unless it is damaged or the run has been trained further since. */
export function currentEvaluation(directory: string): Evaluation | undefined {
  try {
    const found = readEvaluation(directory)
    if (!found) return undefined
    const { config } = readRecord(directory)
    return found.trainedSteps === trainedSteps(directory, config) ? found : undefined
  } catch {
    return undefined
  }
}

/** Whether an evaluation has what is measured of all data, unless others were named; one of an earlier version has not. */
const hasStrays = ({ request: { metrics = 'all' }, rows, data }: Evaluation): boolean =>
  data.space !== undefined ||
  (metrics !== 'all' && !metrics.includes('quick')) ||
  rows.every(row => 'strays' in row.metrics)

/** The recorded evaluation of a run, if it answers this request. */
export function recordedEvaluation(directory: string, request: EvaluationRequest): Evaluation | undefined {
  const found = currentEvaluation(directory)
  return found?.request && normal(found.request) === normal(request) && hasStrays(found) ? found : undefined
}

export function writeEvaluation(directory: string, evaluation: Evaluation): void {
  writeFileAtomic(directory, paths(directory).evaluation, `${JSON.stringify(evaluation, null, 2)}\n`)
}
