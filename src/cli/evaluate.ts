import { existsSync, statSync } from 'node:fs'
import { openDataset } from '../config/dataset.ts'
import type { Weights } from '../config/weights-name.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import {
  type Evaluation,
  type EvaluationProgress,
  evaluateRun,
  writeEvaluation,
} from '../evaluation/evaluate.ts'
import type { MetricChoice } from '../evaluation/metric-choice.ts'
import { sampledBy } from '../evaluation/planned-samples.ts'
import { evaluateSamples } from '../evaluation/saved-samples.ts'
import type { SolverRequest } from '../evaluation/solver-choice.ts'
import { conditionKinds } from '../model/index.ts'
import { writeCard } from '../report/card.ts'
import {
  classLines,
  evaluationTable,
  evaluationWarnings,
  mapLines,
  savedLines,
} from '../report/evaluation.ts'
import { plural, wrap } from '../report/format.ts'
import { runReading } from '../report/reading.ts'
import { solverLines } from '../report/solver-table.ts'
import { comparisonTable } from '../report/table.ts'
import { writeRunReport } from '../report/write-report.ts'
import type { MethodName } from '../sampler/names.ts'
import { isReadOnly } from '../serialization/output.ts'
import { readRecord } from '../serialization/run.ts'
import { type ConditionFlags, isWithout } from './condition-flags.ts'
import { described, UsageError } from './failure.ts'
import type { AskedGrid } from './grid-flag.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { dataOption } from './keys.ts'
import { noteLogProblem } from './log-problem.ts'
import { columns, note, overwrite, print, printJson } from './terminal.ts'
import { timeLeft } from './time-left.ts'
import { wayThrough } from './way.ts'

interface EvaluateFlags extends GuidanceFlags, ConditionFlags {
  readonly steps: number[]
  readonly grid?: AskedGrid[]
  readonly count: number
  readonly seed: number
  readonly data?: DatasetSpec
  readonly method: MethodName
  readonly weights: Weights | 'both'
  readonly metrics?: MetricChoice
  readonly features?: string
  readonly solvers?: SolverRequest
  /** False with `--no-report`. */
  readonly report: boolean
  readonly json?: boolean
}

/** What holds a model and not samples. */
const MODELS = ['.onnx', '.safetensors']

/** Whether a path is a file of saved samples. */
const isSamples = (path: string): boolean =>
  existsSync(path) && !statSync(path).isDirectory() && !MODELS.some(end => path.endsWith(end))

/** Measures samples of a file, whoever made them. */
async function evaluateFile(file: string, flags: EvaluateFlags): Promise<void> {
  const { count, seed, metrics, features, data, json } = flags
  if (flags.solvers) throw new UsageError(`--solvers: is for runs, and ${file} holds samples`)
  for (const kind of conditionKinds) {
    if (flags[kind] !== undefined) throw new UsageError(`--${kind}: is for runs, and ${file} holds samples`)
  }
  if (data === undefined)
    throw new UsageError(`${file}: samples are measured against data; name it with --data`)
  const dataset = await openDataset(data)
  const found = await evaluateSamples(file, dataset, { count, seed, metrics, features })
  const warnings = dataset.warnings ?? []
  for (const text of [...warnings, ...found.notes]) note(`oxbow: ${text}`)
  const { notes, data: record, metrics: values } = found
  if (json) return printJson({ rows: [{ file, metrics: values }], data: record, notes, warnings })
  print(savedLines(found))
}

/**
 * Saves what was measured, and the card and the report of it.
 *
 * @returns why some of it could not be saved; the values themselves are printed all the same
 */
async function save(run: string, evaluation: Evaluation, report: boolean): Promise<Failed | undefined> {
  try {
    writeEvaluation(run, evaluation)
    writeCard(run)
    if (report) {
      await writeRunReport(run)
      // It shows the samples that the report has drawn.
      if (evaluation.data.shape) writeCard(run)
    }
    return undefined
  } catch (error) {
    const { exit, line } = described(error)
    const text = `evaluated, but not everything could be saved: ${line}`
    // To measure what may only be read is no mistake.
    return { text, exit: isReadOnly(error) ? 0 : exit }
  }
}

/** Shows on a terminal what is measured, and about how long the rest of the samples takes. */
function progressLine(): (progress: EvaluationProgress) => void {
  let began: number | undefined
  return ({ next, weights, done, total }) => {
    if (next === 'data') return overwrite('measuring the data itself')
    if (next === 'solvers') return overwrite('comparing solvers')
    began ??= performance.now()
    const kind = weights === 'ema' ? 'averaged' : weights
    const seconds = (performance.now() - began) / 1000
    const left = timeLeft({ step: done, steps: total, stepsPerSecond: seconds > 0 ? done / seconds : 0 })
    const what = next === 'map' ? 'the map itself' : plural(next, 'step')
    overwrite(`measuring ${kind} weights, ${what}: ${Math.round((100 * done) / total)}%, ${left} left`)
  }
}

interface Failed {
  readonly text: string
  readonly exit: number
}

/** The times of grids, some of which need the path of the run. */
function timesIn(run: string, asked: readonly AskedGrid[], method: MethodName): (readonly number[])[] {
  const record = asked.some(grid => 'name' in grid) ? readRecord(run) : undefined
  const known = record && sampledBy(record.config, record.data)
  return asked.map(grid =>
    'name' in grid ? wayThrough(known!, { grid, steps: grid.steps, method }).grid : grid,
  )
}

/** `oxbow evaluate`. */
export async function evaluateCommand(run: string, given: EvaluateFlags): Promise<number> {
  const flags = { ...given, data: dataOption({ ...given }) }
  if (isSamples(run)) {
    await evaluateFile(run, flags)
    return 0
  }
  const { grid: asked, count, seed, data, method, metrics, features, json } = flags
  const grids = asked && timesIn(run, asked, method)
  const steps = grids ? [] : flags.steps
  const weights: Weights[] = flags.weights === 'both' ? ['ema', 'raw'] : [flags.weights]
  const dataset = data === undefined ? undefined : await openDataset(data)
  const ofData = dataset?.warnings ?? []
  const guidance = guidanceOf(flags)
  const without = isWithout(run, flags)
  const request = {
    steps,
    grids,
    count,
    seed,
    method,
    weights,
    metrics,
    features,
    ...(guidance && { guidance }),
    ...(flags.solvers && { solvers: flags.solvers }),
    ...(without && { without }),
  }
  const evaluation = await evaluateRun(run, request, dataset, progressLine()).finally(() => overwrite(''))
  if (!dataset && flags.report) overwrite('writing the report')
  const failed = dataset ? undefined : await save(run, evaluation, flags.report)
  overwrite('')
  if (!dataset) noteLogProblem(run)
  const warnings = evaluationWarnings(evaluation)
  const unsaved = failed ? [failed.text] : []
  const { rows, maps, data: record, notes, solvers } = evaluation
  for (const text of [...ofData, ...notes]) note(`oxbow: ${text}`)
  if (json) {
    const all = [...ofData, ...warnings, ...unsaved]
    printJson({ rows, maps, ...(solvers && { solvers }), data: record, notes, warnings: all })
  } else {
    const table = evaluationTable(evaluation)
    if (table.metrics.length > 0) {
      print(comparisonTable(table, { columns: columns() }))
      for (const line of wrap(runReading(table), columns())) print(line)
    }
    for (const line of classLines(evaluation)) print(line)
    if (maps.length > 0) print(mapLines(maps))
    const unit = record.standardization ? 'standard deviations' : 'data units'
    if (solvers) for (const line of solverLines(solvers, unit, columns())) print(line)
  }
  for (const warning of warnings) note(warning)
  if (failed) note(`oxbow: ${failed.text}`)
  return failed?.exit ?? 0
}
