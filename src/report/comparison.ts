import { openDataset } from '../data/catalogue.ts'
import { random } from '../random/random.ts'
import { drawNoise, jumpThrough, uniformGrid } from '../sampler/sampler.ts'
import type { ComparisonConfig, Plan, PlannedMethod, PlannedRun } from '../training/comparison.ts'
import { type EvaluationRequest, type EvaluationRow, recordedEvaluation } from '../training/evaluate.ts'
import { load } from '../training/load.ts'
import { mlpOptions, parameterCount } from '../training/networks.ts'
import { RunError, readMetrics } from '../training/run.ts'
import { describeMetric } from './evaluation.ts'
import type { Cell, ComparisonData, Estimate, LossPoint, Method } from './types.ts'

export interface GatherRequest {
  readonly comparison: ComparisonConfig
  /** Runs that are finished and measured. */
  readonly plan: Plan
  readonly request: EvaluationRequest
  readonly command: string
  readonly config: string
}

/** Points drawn in each cell of the grid. */
const DRAWN = 2000
/** Points of a loss curve. */
const CURVE = 200

function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1)
  return { mean, sd: values.length > 1 ? Math.sqrt(variance) : null, values }
}

function rowsOf({ directory }: PlannedRun, request: EvaluationRequest): readonly EvaluationRow[] {
  const evaluation = recordedEvaluation(directory, request)
  if (!evaluation) throw new RunError(`${directory}: has no evaluation for this comparison`)
  return evaluation.rows
}

/** One cell of the table: each metric over the seeds. */
function cellOf(steps: number, seeds: readonly (readonly EvaluationRow[])[]): Cell {
  const rows = seeds.map(rows => rows.find(row => row.steps === steps)!)
  const names = Object.keys(rows[0].metrics)
  return {
    steps,
    values: Object.fromEntries(
      names.map(name => [name, estimate(rows.map(row => row.metrics[name].value ?? Number.NaN))]),
    ),
  }
}

function lossCurve(directory: string): LossPoint[] {
  const lines = readMetrics(directory)
  const every = Math.max(1, Math.floor(lines.length / CURVE))
  return lines.filter((_, i) => i % every === 0).map(({ step, loss }) => ({ step, value: loss }))
}

/** Seconds that the training steps took, from the recorded rates. */
function trainingSeconds(directory: string): number {
  let before = 0
  return readMetrics(directory).reduce((total, { step, stepsPerSecond }) => {
    const seconds = (step - before) / stepsPerSecond
    before = step
    return total + seconds
  }, 0)
}

async function describeMethod(
  { id, label }: PlannedMethod,
  runs: readonly PlannedRun[],
  request: EvaluationRequest,
): Promise<Method> {
  const rows = runs.map(run => rowsOf(run, request))
  const [{ directory, config }] = runs
  const map = await load(directory, { weights: request.weights[0] })
  const noise = drawNoise(DRAWN, map.dimension, request.seed)
  const samples = []
  for (const steps of request.steps)
    samples.push({ steps, points: await jumpThrough(map.jump, noise, uniformGrid(steps)) })
  await map.close()
  const seconds = runs.map(run => trainingSeconds(run.directory))
  return {
    id,
    label,
    cells: request.steps.map(steps => cellOf(steps, rows)),
    samples,
    loss: lossCurve(directory),
    parameters: parameterCount(mlpOptions(config, map.dimension)),
    secondsToTrain: seconds.reduce((a, b) => a + b, 0) / seconds.length,
  }
}

/** Collects what a comparison's table and report show. @throws RunError when a run or its evaluation is missing */
export async function gatherComparison({
  comparison,
  plan,
  request,
  command,
  config,
}: GatherRequest): Promise<ComparisonData> {
  const dataset = openDataset(comparison.data)
  const reference = new Float32Array(DRAWN * dataset.dimension)
  dataset.sample(random(request.seed, 'report'), reference)
  const methods: Method[] = []
  for (const method of plan.methods) {
    const runs = plan.runs.filter(run => run.method === method.id)
    if (runs.length > 0) methods.push(await describeMethod(method, runs, request))
  }
  const [row] = rowsOf(plan.runs[0], request)
  return {
    title: comparison.title ?? `${methods.map(({ label }) => label).join(', ')} on ${dataset.name}`,
    command,
    dataset: {
      name: dataset.name,
      dimension: dataset.dimension,
      fingerprint: `sha256:${dataset.fingerprint.sha256}`,
    },
    seeds: comparison.seeds,
    count: request.count,
    metrics: Object.keys(row.metrics)
      .sort((a, b) => Number(b === comparison.metric) - Number(a === comparison.metric))
      .map(name => describeMetric(name, row)),
    methods,
    reference,
    config,
  }
}
