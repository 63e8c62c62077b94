import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { stringify } from 'yaml'
import { type Config, findObjective, pointOf } from '../config/index.ts'
import { placed } from '../config/placed.ts'
import { standardizedBy } from '../data/standardized.ts'
import { type Evaluation, readEvaluation } from '../evaluation/evaluate.ts'
import { readImportance } from '../evaluation/importance-file.ts'
import { planSamples, sampledBy } from '../evaluation/planned-samples.ts'
import type { WeighRecord } from '../evaluation/weigh.ts'
import { interpolants, parameterCount } from '../model/index.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import { hasCheckpoint, trainedSteps } from '../serialization/checkpoint.ts'
import { load } from '../serialization/load.ts'
import { paths, RunError, readMetrics, readRecord } from '../serialization/run.ts'
import { openRecordedData } from '../training/moved.ts'
import { residualOf, toldBy, verdictOf } from '../training/verdict.ts'
import { evaluateCommand, trainCommand } from './command.ts'
import { diagnose } from './diagnostics.ts'
import { drawReference, drawSamples } from './drawn-samples.ts'
import { byClass, estimateOf, evaluationTable, evaluationWarnings, metricsOf, rowId } from './evaluation.ts'
import { trainingSeconds } from './training-log.ts'
import type { Method, MethodRow, RunData } from './types.ts'

/** Panels of paths. */
const PANELS = 4

/**
 * An evaluation of weights that can be sampled again: of a run from the hub the averaged ones.
 *
 * @throws RunError when there are none
 */
function ofPresentWeights(directory: string, evaluation: Evaluation): [Evaluation, string[]] {
  const { rows, maps = [] } = evaluation
  if (hasCheckpoint(directory) || rows.every(({ weights }) => weights === 'ema')) return [evaluation, []]
  const left = rows.filter(({ weights }) => weights === 'ema')
  if (left.length > 0) {
    const present = { ...evaluation, rows: left, maps: maps.filter(({ weights }) => weights === 'ema') }
    return [present, ['the run has no checkpoint with raw weights: they are left out']]
  }
  throw new RunError(
    `${directory}: was measured with raw weights, of which it has no checkpoint; ` +
      `"oxbow evaluate ${directory} --weights ema" measures the averaged ones`,
  )
}

/** The training loss, every term's own residual whatever its weight, their sum, and what it says of the training. */
function trainingCurves(
  directory: string,
  config: Config,
): Pick<RunData, 'trainingLoss' | 'residuals' | 'isMeasured' | 'verdict'> {
  const lines = readMetrics(directory)
  const terms = Object.keys(lines.at(-1)?.terms ?? {})
  const told = toldBy(lines, config)
  if (lines[0]?.measures && told in lines[0].measures) {
    const names = Object.keys(lines[0].measures)
    return {
      trainingLoss: lines.map(({ step, loss }) => ({ step, value: loss })),
      residuals: names.map(label => ({
        label,
        loss: lines.map(({ step, measures }) => ({ step, value: measures?.[label] ?? Number.NaN })),
      })),
      isMeasured: true,
      verdict: verdictOf(lines, config),
    }
  }
  const total = { label: 'total', loss: lines.map(line => ({ step: line.step, value: residualOf(line) })) }
  return {
    trainingLoss: lines.map(({ step, loss }) => ({ step, value: loss })),
    residuals: [
      ...(terms.length > 1 ? [total] : []),
      ...terms.map(name => ({
        label: name,
        loss: lines.map(({ step, terms }) => ({ step, value: terms[name]?.residual ?? Number.NaN })),
      })),
    ],
    verdict: verdictOf(lines, config),
  }
}

/** Metrics of the map itself, those of its kinds of weights beside each other. */
const mapMetricsOf = ({ maps = [] }: Evaluation): RunData['mapMetrics'] =>
  metricsOf(maps).map(metric => ({
    metric,
    estimates: maps.map(({ metrics }) => (metrics[metric.name] ? estimateOf(metrics[metric.name]) : null)),
    notes: [...new Set(maps.flatMap(({ metrics }) => metrics[metric.name]?.note ?? []))],
  }))

/** What the weights of the run's samples say, and a warning where they are not shown or were another training's. */
function importanceOf(directory: string, steps: number): [WeighRecord | undefined, string[]] {
  try {
    const found = readImportance(directory)
    const isOld = found?.trainedSteps !== undefined && found.trainedSteps !== steps
    return [
      found,
      isOld ? [`The importance weights are of ${found.trainedSteps} training steps, of ${steps} now.`] : [],
    ]
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    return [undefined, [`The importance weights are left out: ${error.message}.`]]
  }
}

/**
 * Collects what a run's report shows, from its last evaluation and by sampling it again.
 *
 * @throws RunError when the run has no evaluation or its data has changed; DataError when its data cannot be opened
 */
export async function gatherRun(directory: string): Promise<RunData> {
  const record = readRecord(directory)
  const measured = readEvaluation(directory)
  if (!measured) {
    const weighed = existsSync(paths(directory).importance)
      ? ', and its report has the importance weights too'
      : ''
    throw new RunError(
      `${directory}: has not been measured yet; "oxbow evaluate ${directory}" does${weighed}`,
    )
  }
  const [evaluation, leftOut] = ofPresentWeights(directory, measured)
  const { dataset } = await openRecordedData(directory, record)
  const { config, data } = record
  const { request } = evaluation
  const { seed } = request
  const weights = [...new Set(evaluation.rows.map(row => row.weights))]
  const table = evaluationTable(evaluation)
  const isTold = config.condition.kind === 'class' && !request.without
  const drawn = await drawReference(dataset, isTold, seed)
  const seen = standardizedBy(data.standardization, dataset)
  const methods: Method[] = []
  for (const [i, name] of weights.entries()) {
    const map = await load(directory, { weights: name })
    try {
      const own = (row: MethodRow) => evaluation.rows.filter(each => rowId(each) === row.id)
      for (const row of table.methods.filter(row => own(row)[0].weights === name)) {
        const ways = own(row).map(
          ({
            steps,
            method,
            grid = usualGrid(
              { method },
              interpolants[config.interpolant],
              steps,
              placed(config, data).decided,
            ),
          }) => ({
            ...{ steps, method, grid },
          }),
        )
        const sampled = request.without ? { ...map.without(), condition: undefined } : map
        const samples = await drawSamples(sampled, seen, ways, seed, request.guidance)
        methods.push({ ...row, samples, loss: [] })
      }
      if (i > 0) continue
      const planned = planSamples(sampledBy(config, data), request).samples.slice(0, PANELS)
      const diagnostics = await diagnose({ directory, map, seen, samples: planned, seed })
      methods[0] = { ...methods[0], diagnostics }
    } finally {
      await map.close()
    }
  }
  const objective = findObjective(config.objective)
  const name = basename(resolve(directory))
  const curves = trainingCurves(directory, config)
  const [importance, ofImportance] = importanceOf(directory, trainedSteps(directory, config))
  return {
    ...table,
    title: `${objective.name} on ${data.name}`,
    command: [
      trainCommand(config, directory),
      evaluateCommand(request, directory, config.condition.kind),
    ].join('\n'),
    dataset: {
      name: data.name,
      dimension: data.dimension,
      fingerprint: `sha256:${data.fingerprint.sha256}`,
      ...(data.space !== undefined && { space: data.space }),
    },
    methods,
    ...drawn,
    unit: data.standardization ? 'standard deviations' : 'data units',
    config: stringify(config),
    run: {
      name,
      version: record.oxbow,
      objective: { id: objective.id, formula: objective.formula, paper: objective.paper },
      steps: trainedSteps(directory, config),
      plannedSteps: config.steps,
      parameters: parameterCount(config, pointOf(config, data)),
      seconds: trainingSeconds(directory),
      seeds: config.seeds,
    },
    ...curves,
    data: { ...data, statistics: dataset.statistics, labels: dataset.labels },
    mapMetrics: mapMetricsOf(evaluation),
    byClass: byClass(evaluation),
    ...(importance && { importance }),
    ...(evaluation.solvers && { solvers: evaluation.solvers }),
    warnings: [
      ...(curves.verdict?.diverged ? [`Training: ${curves.verdict.text}.`] : []),
      ...(dataset.warnings ?? []),
      ...leftOut,
      ...ofImportance,
      ...evaluation.notes,
      ...evaluationWarnings(evaluation),
    ],
  }
}
