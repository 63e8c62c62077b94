import { existsSync, readFileSync } from 'node:fs'
import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import { openDataset } from '../data/catalogue.ts'
import type { Dataset, Mixture } from '../data/dataset.ts'
import { seenThrough } from '../data/standardized.ts'
import { prepareMetrics } from '../metric/prepare.ts'
import { trajectoryError } from '../metric/trajectory-error.ts'
import { interpolants, mixtureVelocity, standardized } from '../model/index.ts'
import { compile } from '../runtime/node.ts'
import { solve } from '../sampler/adaptive.ts'
import { drawNoise, type Velocity } from '../sampler/sampler.ts'
import { trainedSteps } from './checkpoint.ts'
import { type Config, ConfigError } from './config.ts'
import { writeFileAtomic } from './files.ts'
import { load } from './load.ts'
import type { WeightsName } from './model.ts'
import { type PlannedSample, planSamples, type SamplingRequest } from './planned-samples.ts'
import { paths, RunError, readRecord } from './run.ts'
import { type SamplingMethod, takeThrough } from './sampling.ts'

/** What is measured. */
export interface EvaluationRequest extends SamplingRequest {
  readonly count: number
  /** Of the noise, also that added on the way, and of the reference data. */
  readonly seed: number
  readonly weights: readonly WeightsName[]
}

export interface MetricValue {
  /** `null` where it is not a finite number. */
  readonly value: number | null
  /** The same metric between two independent draws of the data at this count; 0 for exact comparisons. */
  readonly floor: number
  readonly low: number
  readonly high: number
  readonly count: number
}

export interface EvaluationRow {
  /** Number of jumps. */
  readonly steps: number
  /** The times, where they were asked for; otherwise they are equally spaced. */
  readonly grid?: readonly number[]
  /** What was used, also where `auto` was asked for. */
  readonly method: SamplingMethod
  readonly weights: WeightsName
  readonly metrics: Readonly<Record<string, MetricValue>>
}

export interface Evaluation {
  /** Training steps of the run when it was measured. */
  readonly trainedSteps: number
  readonly request: EvaluationRequest & { readonly data: string; readonly fingerprint: string }
  readonly rows: readonly EvaluationRow[]
  /** What was left out, since the map was not trained for it, and why. */
  readonly notes: readonly string[]
}

/** Points whose exact trajectories are solved: enough for a mean, few enough to be quick. */
const TRAJECTORIES = 1000
const TOLERANCE = 1e-6

/** The closed-form velocity of a mixture as a function of many points, in float64. */
export async function exactVelocity(
  mixture: Mixture,
  interpolant: Config['interpolant'],
): Promise<{ velocity: Velocity<Float64Array>; close: () => Promise<void> }> {
  const field = mixtureVelocity(mixture, interpolants[interpolant])
  const dimension = mixture.components[0].mean.length
  const graph = trace(({ x, t }) => field.velocity(x, t), {
    x: spec([DYNAMIC, dimension], 'float64'),
    t: spec([DYNAMIC, 1], 'float64'),
  })
  const program = await compile(simplify(graph))
  return {
    velocity: async (x, t) =>
      (await program.run([x, new Float64Array(x.length / dimension).fill(t)]))[0] as Float64Array,
    close: () => program.close(),
  }
}

/** Where the exact flow map takes these points from `t = 1` to `t = 0`. */
async function exactEnds(mixture: Mixture, config: Config, noise: Float32Array): Promise<Float64Array> {
  const { velocity, close } = await exactVelocity(mixture, config.interpolant)
  try {
    return await solve(velocity, Float64Array.from(noise), 1, 0, { tolerance: TOLERANCE })
  } finally {
    await close()
  }
}

const metricValue = (value: number, floor: Omit<MetricValue, 'value'>): MetricValue => ({
  value: Number.isFinite(value) ? value : null,
  ...floor,
})

/**
 * Measures a run against its data. What the run was not trained for is left out and noted.
 *
 * @param data  other data to measure against
 * @throws ConfigError or RunError when the run and the data do not fit, or nothing is left; GridError when a grid does not
 *   fall from 1 to 0
 */
export async function evaluateRun(
  directory: string,
  request: EvaluationRequest,
  data?: Dataset,
): Promise<Evaluation> {
  const { config, data: recorded } = readRecord(directory)
  const dataset = data ?? (await openDataset(config.data, { holdOut: config.holdOut }))
  if (!data && dataset.fingerprint.sha256 !== recorded.fingerprint.sha256) {
    throw new RunError(
      `${directory}: the data has changed since the run (its fingerprint differs); name the data with --data`,
    )
  }
  if (dataset.dimension !== recorded.dimension) {
    throw new ConfigError(
      `data: ${dataset.name} has ${dataset.dimension} coordinates, the run ${recorded.dimension}`,
    )
  }
  const { samples, notes } = planSamples(config.objective, request)
  if (samples.length === 0) throw new ConfigError(`${directory}: nothing to measure; ${notes.join('; ')}`)
  const { count, seed } = request
  const maps = await Promise.all(request.weights.map(weights => load(directory, { weights })))
  const { standardization } = recorded
  const metrics = prepareMetrics(seenThrough(standardization, dataset), { count, seed })
  const noise = drawNoise(count, dataset.dimension, seed)
  const exactCount = Math.min(TRAJECTORIES, count)
  const head = (points: Float32Array) => points.subarray(0, exactCount * dataset.dimension)
  const ends =
    dataset.mixture && !data && !standardization
      ? await exactEnds(dataset.mixture, config, head(noise))
      : undefined

  const rows: EvaluationRow[] = []
  for (const [i, weights] of request.weights.entries()) {
    for (const planned of samples) {
      const { steps, grid, named, method } = planned
      const points = await takeThrough(maps[i], method, noise, grid, seed)
      const seen = standardization ? standardized(standardization, points) : points
      const values = Object.entries(metrics.evaluate(seen)).map(([name, value]) => {
        const { value: floor, low, high, count } = metrics.floors[name]
        return [name, metricValue(value, { floor, low, high, count })] as const
      })
      if (ends && keepsTrajectory(planned)) {
        const error = trajectoryError(head(points), ends, dataset.dimension)
        values.push(['trajectoryError', metricValue(error, { floor: 0, low: 0, high: 0, count: exactCount })])
      }
      rows.push({ steps, ...(named && { grid }), method, weights, metrics: Object.fromEntries(values) })
    }
    await maps[i].close()
  }
  const { name, fingerprint } = dataset
  const steps = trainedSteps(directory, config)
  return {
    trainedSteps: steps,
    request: { ...request, data: name, fingerprint: fingerprint.sha256 },
    rows,
    notes,
  }
}

/** Whether points end where the noise that they began from leads: fresh noise on the way leads elsewhere. */
const keepsTrajectory = ({ method, steps }: PlannedSample): boolean => method !== 'renoise' || steps === 1

/** A request in one form: the same for the same question, numbers of steps in any order. */
function normal({ steps, grids = [], method, count, seed, weights }: EvaluationRequest): string {
  const rising = [...new Set(steps)].sort((a, b) => a - b)
  return JSON.stringify([rising, grids, method, count, seed, weights])
}

/** The newest evaluation of a run, unless the run has been trained further since. */
export function currentEvaluation(directory: string): Evaluation | undefined {
  const { evaluation } = paths(directory)
  if (!existsSync(evaluation)) return undefined
  try {
    const found = JSON.parse(readFileSync(evaluation, 'utf8')) as Evaluation
    const { config } = readRecord(directory)
    return found.trainedSteps === trainedSteps(directory, config) ? found : undefined
  } catch {
    return undefined
  }
}

/** The recorded evaluation of a run, if it answers this request. */
export function recordedEvaluation(directory: string, request: EvaluationRequest): Evaluation | undefined {
  const found = currentEvaluation(directory)
  return found?.request && normal(found.request) === normal(request) ? found : undefined
}

export function writeEvaluation(directory: string, evaluation: Evaluation): void {
  writeFileAtomic(directory, paths(directory).evaluation, `${JSON.stringify(evaluation, null, 2)}\n`)
}
