import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
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
import { shellWord } from '../report/format.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { lockDirectory } from '../serialization/lock.ts'
import { isDone, isTrained } from '../sweep/done.ts'
import { jobsOf } from '../sweep/job.ts'
import { type JobTable, writeTable } from '../sweep/table.ts'
import { checkCapacity } from '../training/capacity.ts'
import { openTrainingData } from '../training/data.ts'
import { openInitial } from '../training/initial.ts'
import { openCouplingTeacher, openTeachers } from '../training/teacher.ts'
import { baseOf, readConfig } from './config-file.ts'
import { InterruptedError, UsageError } from './failure.ts'
import { gather } from './gather.ts'
import { layered, parseKeys } from './keys.ts'
import { printJobs } from './print-jobs.ts'
import type { QueueFlags } from './queue-runner.ts'
import { writeSlurm } from './slurm.ts'
import { note, onInterrupt, printJson } from './terminal.ts'
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
  readonly print?: boolean
  readonly gather?: boolean
  readonly slurm?: string
  readonly queue?: string
  readonly results?: string
  readonly detach?: boolean
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
    parseKeys(rest, ['json', 'debug', 'print', 'gather', 'detach']),
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
      throw new ConfigError(`steps: nothing to evaluate for ${method}; ${notes.join('; ')}`)
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

/** The command that was given, for the report. */
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

/** `oxbow compare`. */
export async function compareCommand(flags: CompareFlags, rest: readonly string[]): Promise<number> {
  const comparison = await readComparison(flags, rest)
  const root = flags.out ?? 'runs/compare'
  const base = flags.config === undefined ? '.' : baseOf(flags.config)
  const plan = planComparison(comparison, root, base)
  const { steps, count, weights, metric, features } = comparison
  // What the first table shows is measured also where it takes long.
  const metrics = described[metric].onRequest ? ['quick', metric] : undefined
  const request: EvaluationRequest = {
    ...{ steps, count, seed: 0, method: 'auto', weights: [weights], metrics, features },
  }
  const leftOut = await checkPlan(plan, request)
  const command = commandLine(flags, rest)
  const table = { base: resolve(base), from: resolve('.'), request, jobs: jobsOf(plan) }
  const { queue, json } = flags
  if (flags.print) return printJobs(root, table, plan, flags)
  if (flags.slurm !== undefined) return writeSlurm(root, table, plan, { folder: flags.slurm, json })
  if (queue === undefined && (flags.results ?? flags.detach) !== undefined)
    throw new UsageError('--results and --detach belong to --queue; name it, e.g. --queue redis://localhost')
  const lock = lockDirectory(root)
  try {
    writeTable(root, table)
    const failures = flags.gather
      ? missingOf(plan, request)
      : queue === undefined
        ? await train(plan, root, request, flags)
        : await trainQueued(plan, root, table, { ...flags, queue })
    if (!failures) {
      if (json) printJson({ jobs: table.jobs.map(({ id, name }) => ({ id, name })) })
      return 0
    }
    for (const text of leftOut) note(`oxbow: ${text}`)
    return await gather(root, { comparison, plan, request, command, failures, json })
  } finally {
    lock.release()
  }
}

/** Trains and measures what is missing on this machine. @returns the failures by run directory */
async function train(
  plan: Plan,
  root: string,
  request: EvaluationRequest,
  flags: CompareFlags,
): Promise<Map<string, Error>> {
  const interrupt = onInterrupt()
  const jobs = flags.jobs ?? Math.min(8, availableParallelism())
  const failures = await work(plan, root, request, jobs, interrupt)
  interrupt.release()
  if (interrupt.stop()) {
    throw new InterruptedError('stopped; run the same command again to continue', interrupt.exitCode())
  }
  return failures
}

/** Lets workers train what is missing. What they could not measure is measured here. @returns as `runQueued` */
async function trainQueued(
  plan: Plan,
  root: string,
  table: JobTable,
  flags: CompareFlags & QueueFlags,
): Promise<Map<string, Error> | undefined> {
  const { runQueued } = await import('./queue-runner.ts')
  const failures = await runQueued(table, plan, flags)
  const left = plan.runs.filter(run => isTrained(run) && !isDone(run, table.request))
  if (!failures || left.length === 0) return failures
  const measured = await train({ ...plan, runs: left }, root, table.request, flags)
  return new Map([...failures, ...measured])
}

/** The runs that a gathering lacks, and why. */
function missingOf({ runs }: Plan, request: EvaluationRequest): Map<string, Error> {
  return new Map(
    runs.flatMap(run => {
      if (isDone(run, request)) return []
      const what = isTrained(run) ? 'is not measured yet' : 'is not trained yet'
      return [[run.directory, new Error(`${what}; the same command without --gather does it`)] as const]
    }),
  )
}
