import { openDataset } from '../config/dataset.ts'
import { pointOf } from '../config/index.ts'
import { placed } from '../config/placed.ts'
import type { Dataset } from '../data/dataset.ts'
import { standardizedBy } from '../data/standardized.ts'
import type { ComparisonConfig, Plan, PlannedMethod, PlannedRun } from '../evaluation/comparison.ts'
import {
  type Evaluation,
  type EvaluationRequest,
  type EvaluationRow,
  recordedEvaluation,
} from '../evaluation/evaluate.ts'
import { OF_MODES } from '../evaluation/metric-choice.ts'
import { planSamples, sampledBy } from '../evaluation/planned-samples.ts'
import { interpolants, parameterCount } from '../model/index.ts'
import { whyNoTrajectories } from '../objective/index.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import { load } from '../serialization/load.ts'
import { RunError, readMetrics, readRecord } from '../serialization/run.ts'
import { verdictOf } from '../training/verdict.ts'
import { diagnose } from './diagnostics.ts'
import { drawReference, drawSamples } from './drawn-samples.ts'
import { estimateOf, measuredCount, metricsOf } from './evaluation.ts'
import { trainingSeconds } from './training-log.ts'
import type { Cell, ComparisonData, LossPoint, Method, SeedAverage } from './types.ts'

export interface GatherRequest {
  readonly comparison: ComparisonConfig
  /** Runs that are finished and measured. */
  readonly plan: Plan
  readonly request: EvaluationRequest
  readonly command: string
  readonly config: string
}

/** Points of a loss curve. */
const CURVE = 200

function estimate(values: readonly number[]): SeedAverage {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1)
  return { mean, sd: values.length > 1 ? Math.sqrt(variance) : null, values }
}

function evaluationOf({ directory }: PlannedRun, request: EvaluationRequest): Evaluation {
  const evaluation = recordedEvaluation(directory, request)
  if (!evaluation) throw new RunError(`${directory}: has no evaluation for this comparison`)
  return evaluation
}

/** One cell of the table: each metric over the seeds. */
function cellOf(rows: readonly EvaluationRow[]): Cell {
  const [{ steps, method, metrics }] = rows
  return {
    steps,
    sampler: method,
    values: Object.fromEntries(
      Object.keys(metrics).map(name => [
        name,
        rows.length === 1
          ? estimateOf(rows[0].metrics[name])
          : estimate(rows.map(row => row.metrics[name].value ?? Number.NaN)),
      ]),
    ),
  }
}

/** What a reader must know of how a method was sampled. */
function noteOf([{ rows, notes }]: readonly Evaluation[]): string | undefined {
  const fresh = rows.some(row => row.method === 'renoise')
  const said = [...(fresh ? ['several steps add fresh noise between jumps to data'] : []), ...notes]
  return said.length > 0 ? said.join('; ') : undefined
}

/** A run that diverged is compared, and the reader is told. */
function divergence({ directory, config, seed }: PlannedRun): string[] {
  const verdict = verdictOf(readMetrics(directory), config)
  return verdict?.diverged ? [`seed ${seed}: ${verdict.text}`] : []
}

function lossCurve(directory: string): LossPoint[] {
  const lines = readMetrics(directory)
  const every = Math.max(1, Math.floor(lines.length / CURVE))
  return lines.filter((_, i) => i % every === 0).map(({ step, loss }) => ({ step, value: loss }))
}

async function describeMethod(
  { id, label }: PlannedMethod,
  runs: readonly PlannedRun[],
  request: EvaluationRequest,
  dataset: Dataset,
): Promise<Method> {
  const evaluations = runs.map(run => evaluationOf(run, request))
  // Runs of one method have the same objective and hence the same rows.
  const [{ rows }] = evaluations
  const [{ directory, config }] = runs
  const map = await load(directory, { weights: request.weights[0] })
  const seen = standardizedBy(map.standardization, dataset)
  const ways = rows.map(({ steps, method }) => ({
    ...{ steps, method },
    grid: usualGrid({ method }, interpolants[config.interpolant], steps, placed(config, dataset).decided),
  }))
  const samples = await drawSamples(map, seen, ways, request.seed)
  const planned = planSamples(sampledBy(config, dataset), request).samples.slice(0, 1)
  const diagnostics = await diagnose({ directory, map, seen, samples: planned, seed: request.seed })
  await map.close()
  const seconds = runs.map(run => trainingSeconds(run.directory))
  return {
    id,
    label,
    cells: rows.map((_, i) => cellOf(evaluations.map(evaluation => evaluation.rows[i]))),
    samples,
    note: [noteOf(evaluations), ...runs.flatMap(divergence)].filter(Boolean).join('; ') || undefined,
    loss: lossCurve(directory),
    diagnostics,
    parameters: parameterCount(config, pointOf(config, dataset)),
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
  const dataset = await openDataset(comparison.data, { holdOut: plan.runs[0]?.config.holdOut })
  const isTold = plan.runs.some(({ config }) => config.condition.kind === 'class')
  const drawn = await drawReference(dataset, isTold, request.seed)
  const methods: Method[] = []
  for (const method of plan.methods) {
    const runs = plan.runs.filter(run => run.method === method.id)
    if (runs.length > 0) methods.push(await describeMethod(method, runs, request, dataset))
  }
  const evaluations = plan.runs.map(run => evaluationOf(run, request))
  const metrics = metricsOf(evaluations.flatMap(({ rows }) => rows))
  // A distance hides a lost mode, which rows that match distributions may have.
  const first = plan.runs.every(({ config }) => whyNoTrajectories(config.objective)) ? OF_MODES : []
  return {
    title: comparison.title ?? `${methods.map(({ label }) => label).join(', ')} on ${dataset.name}`,
    command,
    dataset: {
      name: dataset.name,
      dimension: dataset.dimension,
      fingerprint: `sha256:${dataset.fingerprint.sha256}`,
      ...(dataset.space !== undefined && { space: dataset.space }),
    },
    seeds: comparison.seeds,
    count: Math.min(request.count, ...evaluations.map(measuredCount)),
    metrics: [
      ...new Set([...first, 'strays', comparison.metric, ...metrics.map(({ name }) => name)]),
    ].flatMap(name => metrics.find(metric => metric.name === name) ?? []),
    methods,
    ...drawn,
    unit: readRecord(plan.runs[0].directory).data.standardization ? 'standard deviations' : 'data units',
    config,
  }
}
