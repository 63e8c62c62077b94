import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { openDataset } from '../config/dataset.ts'
import { type Config, ConfigError, pointOf } from '../config/index.ts'
import { checkSpace } from '../config/space-checks.ts'
import { OWN_TEACHER, teacherConfig, trainsTeacher } from '../config/teacher-config.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import {
  type ComparisonConfig,
  type Plan,
  planComparison,
  resolveComparison,
} from '../evaluation/comparison.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { featuresFor } from '../evaluation/features/shipped.ts'
import { planSamples, sampledBy } from '../evaluation/planned-samples.ts'
import { described } from '../metric/map-catalogue.ts'
import type { PointSpec } from '../model/index.ts'
import { gatherComparison } from '../report/comparison.ts'
import { shellWord, wrap } from '../report/format.ts'
import { readingOf } from '../report/reading.ts'
import { comparisonMarkdown, comparisonTable } from '../report/table.ts'
import { terminalRow } from '../report/terminal-scatter.ts'
import { besideOf } from '../report/text-samples.ts'
import type { ComparisonData } from '../report/types.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { lockDirectory } from '../serialization/lock.ts'
import { checkCapacity } from '../training/capacity.ts'
import { openTrainingData } from '../training/data.ts'
import { openInitial } from '../training/initial.ts'
import { openCouplingTeacher, openTeachers } from '../training/teacher.ts'
import { baseOf, readConfig } from './config-file.ts'
import { InterruptedError, UsageError } from './failure.ts'
import { layered, parseKeys } from './keys.ts'
import { noteLogProblem } from './log-problem.ts'
import { columns, note, onInterrupt, print, printJson } from './terminal.ts'
import { work } from './work.ts'

interface CompareFlags {
  readonly config?: string
  readonly data?: DatasetSpec
  readonly objectives?: string
  readonly teacher?: string
  readonly seeds?: number
  readonly steps?: number[]
  readonly count?: number
  readonly features?: string
  readonly jobs?: number
  readonly out?: string
  readonly json?: boolean
}

type Plain = Record<string, unknown>

async function readComparison(flags: CompareFlags, rest: readonly string[]): Promise<ComparisonConfig> {
  const { config, data, objectives, teacher, seeds, steps, count, features } = flags
  const named = {
    data,
    objectives: objectives?.split(',').map(id => id.trim()),
    teacher,
    seeds,
    steps,
    count,
    features,
  }
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
  const user = layered(
    config === undefined ? {} : await readConfig(config),
    given,
    parseKeys(rest, ['json', 'debug']),
  )
  if (user.objectives === undefined) {
    throw new UsageError(
      '--objectives is needed, e.g. --objectives psd,lsd,meanflow; "oxbow objectives" lists them',
    )
  }
  return resolveComparison(user)
}

/** Says which row of the comparison cannot fit. */
function checkRunCapacity(method: string, config: Config, point: PointSpec): void {
  try {
    checkCapacity(config, point)
  } catch (error) {
    throw new ConfigError(`training of ${method}: ${(error as Error).message}`)
  }
}

/** Refuses what can be refused before anything is trained. @returns what will be left out of the table, and why */
async function checkPlan(plan: Plan, request: EvaluationRequest): Promise<string[]> {
  const [{ config: first }] = plan.runs
  const dataset = await openDataset(first.data, { holdOut: first.holdOut })
  await (await featuresFor(nodeRuntime(), dataset, request.features))?.close()
  const left: string[] = []
  for (const { method, config, after } of plan.runs) {
    const { samples, notes } = planSamples(sampledBy(config, dataset), request)
    checkRunCapacity(method, config, pointOf(config, dataset))
    checkSpace(config, dataset)
    if (samples.length === 0)
      throw new ConfigError(`steps: nothing to measure of ${method}; ${notes.join('; ')}`)
    const seen = await openTrainingData(config, dataset)
    if (trainsTeacher(config)) teacherConfig(config)
    else if (!after) {
      openTeachers(config, seen)
      openCouplingTeacher(config, seen)
    }
    if (config.initFrom !== OWN_TEACHER) openInitial(config, seen)
    left.push(...notes.map(text => `${method}: ${text}`))
  }
  return [...new Set(left)]
}

function commandLine(flags: CompareFlags, rest: readonly string[]): string {
  const { json: _, ...named } = flags as CompareFlags & Plain
  const pairs = Object.entries(named).flatMap(([key, value]) =>
    value === undefined
      ? []
      : value === true
        ? [`--${key}`]
        : [`--${key} ${shellWord(Array.isArray(value) ? value.join(',') : String(value))}`],
  )
  return ['oxbow compare', ...pairs, ...rest.map(shellWord)].join(' ')
}

const machineRows = ({ metrics, methods, seeds }: ComparisonData, plan: Plan) =>
  methods.flatMap(({ id, label, cells }) =>
    cells.flatMap(({ steps, sampler: method, values }) =>
      metrics.flatMap(({ name, floor }) => {
        if (!values[name]) return []
        const { mean, sd } = values[name]
        const { objective } = plan.methods.find(method => method.id === id)!
        return [{ objective, label, steps, method, metric: name, mean, sd, seeds, floor: floor?.value ?? 0 }]
      }),
    ),
  )

async function showClouds({ methods, reference, referenceTexts, dataset }: ComparisonData): Promise<void> {
  if (referenceTexts) return
  const first = methods.map(({ label, samples }) => ({ title: label, points: samples[0]?.points }))
  const panels = [{ title: 'data', points: reference }, ...first].flatMap(({ title, points }) =>
    points ? [{ title, points }] : [],
  )
  print(terminalRow(panels, dataset, columns()))
}

/** `oxbow compare`. */
export async function compareCommand(flags: CompareFlags, rest: readonly string[]): Promise<number> {
  const comparison = await readComparison(flags, rest)
  const root = flags.out ?? 'runs/compare'
  const plan = planComparison(comparison, root, flags.config === undefined ? '.' : baseOf(flags.config))
  const { steps, count, weights, metric, features } = comparison
  // What the first table shows is measured also where it takes long.
  const metrics = described[metric].onRequest ? ['quick', metric] : undefined
  const request: EvaluationRequest = {
    ...{ steps, count, seed: 0, method: 'auto', weights: [weights], metrics, features },
  }
  const leftOut = await checkPlan(plan, request)
  const command = commandLine(flags, rest)
  const lock = lockDirectory(root)
  try {
    return await compareIn(root, { comparison, plan, request, leftOut, command, flags })
  } finally {
    lock.release()
  }
}

interface Comparing {
  readonly comparison: ComparisonConfig
  readonly plan: Plan
  readonly request: EvaluationRequest
  readonly leftOut: readonly string[]
  readonly command: string
  readonly flags: CompareFlags
}

/** Trains, measures and reports in a directory that is locked. @returns the exit code */
async function compareIn(root: string, asked: Comparing): Promise<number> {
  const { comparison, plan, request, leftOut, command, flags } = asked
  const { metric } = comparison
  const interrupt = onInterrupt()
  const jobs = flags.jobs ?? Math.min(8, availableParallelism())
  const failures = await work(plan, root, request, jobs, interrupt)
  interrupt.release()
  if (interrupt.stop()) {
    throw new InterruptedError('stopped; run the same command again to continue', interrupt.exitCode())
  }
  for (const text of leftOut) note(`oxbow: ${text}`)
  for (const [directory, error] of failures) note(`oxbow: ${directory}: ${error.message}`)
  const finished = plan.runs.filter(run => !failures.has(run.directory))
  if (finished.length === 0) throw new Error('no run of the comparison succeeded')

  const data = await gatherComparison({
    comparison,
    plan: { ...plan, runs: finished },
    request,
    command,
    config: stringify(comparison),
  })
  for (const { directory } of finished) noteLogProblem(directory)
  const { comparisonReport } = await import('../report/html.ts')
  const { writePlots } = await import('../report/plot-files.ts')
  const report = join(root, 'report.html')
  writeFileAtomic(root, report, comparisonReport(data))
  writeFileAtomic(root, join(root, 'report.md'), comparisonMarkdown(data))
  await writePlots(root, join(root, 'plots'), data)
  const code = failures.size > 0 ? 1 : 0
  if (flags.json) {
    const failed = Object.fromEntries([...failures].map(([name, { message }]) => [name, message]))
    printJson({ rows: machineRows(data, plan), report, failures: failed })
    return code
  }
  // What comes before strays tells of lost modes, where only rows are compared that may have any.
  const names = data.metrics.map(({ name }) => name)
  const first = names.slice(0, Math.max(0, names.indexOf('strays')))
  // Text and curved spaces have metrics of their own.
  const own = names.includes('strays') ? [] : names.slice(0, 1)
  const beside = besideOf(data.metrics).map(({ name }) => name)
  const shown = [...first, 'strays', metric, ...own, ...beside]
  print(comparisonTable(data, { columns: columns(), shown }))
  for (const line of wrap(readingOf(data), columns())) print(line)
  if (process.stdout.isTTY) await showClouds(data)
  print(`\nreport: ${report}`)
  return code
}
