import { existsSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { openDataset } from '../data/catalogue.ts'
import { scatterRow } from '../report/braille.ts'
import { gatherComparison } from '../report/comparison.ts'
import { toPlane } from '../report/points.ts'
import { readingOf } from '../report/reading.ts'
import { comparisonTable } from '../report/table.ts'
import type { ComparisonData } from '../report/types.ts'
import { checkpointSteps } from '../training/checkpoint.ts'
import {
  type ComparisonConfig,
  type Plan,
  type PlannedRun,
  planComparison,
  resolveComparison,
} from '../training/comparison.ts'
import { merge } from '../training/config.ts'
import { type EvaluationRequest, recordedEvaluation } from '../training/evaluate.ts'
import { writeFileAtomic } from '../training/files.ts'
import { openTeacher } from '../training/model.ts'
import { isRun, paths } from '../training/run.ts'
import type { Progress } from '../training/train.ts'
import { type Child, startChild } from './child.ts'
import { UsageError } from './failure.ts'
import { parseKeys, readConfigFile } from './options.ts'
import { runTasks, type Task } from './schedule.ts'
import { columns, note, onInterrupt, print, printJson } from './terminal.ts'

interface CompareFlags {
  readonly config?: string
  readonly data?: string
  readonly objectives?: string
  readonly teacher?: string
  readonly seeds?: number
  readonly steps?: number[]
  readonly count?: number
  readonly jobs?: number
  readonly out?: string
  readonly json?: boolean
}

type Plain = Record<string, unknown>

function readComparison(flags: CompareFlags, rest: readonly string[]): ComparisonConfig {
  const { config, data, objectives, teacher, seeds, steps, count } = flags
  const named = {
    data,
    objectives: objectives?.split(',').map(id => id.trim()),
    teacher,
    seeds,
    steps,
    count,
  }
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
  const user = [config === undefined ? {} : readConfigFile(config), given, parseKeys(rest)].reduce<Plain>(
    merge,
    {},
  )
  if (user.objectives === undefined) {
    throw new UsageError(
      '--objectives is needed, e.g. --objectives psd,lsd,meanflow; "oxbow objectives" lists them',
    )
  }
  return resolveComparison(user)
}

/** Refuses what can be refused before anything is trained. */
function checkPlan(plan: Plan): void {
  for (const { config, after } of plan.runs) {
    const dataset = openDataset(config.data)
    if (!after) openTeacher(config, dataset)
  }
}

const isFinished = ({ directory, config }: PlannedRun): boolean =>
  isRun(directory) && checkpointSteps(directory).at(-1) === config.steps && existsSync(paths(directory).model)

/** One line, overwritten on a terminal: what runs now and how far it is. */
class StatusLine {
  private readonly running = new Map<string, string>()

  set(name: string, text: string | undefined): void {
    if (text === undefined) this.running.delete(name)
    else this.running.set(name, text)
    this.draw([...this.running].map(([name, text]) => `${name} ${text}`).join('   '))
  }

  /** A line that stays. */
  note(text: string): void {
    this.draw('')
    note(text)
  }

  private draw(text: string): void {
    if (!process.stderr.isTTY) return
    const width = (process.stderr.columns ?? 80) - 1
    process.stderr.write(`\r\x1b[K${text.slice(0, width)}`)
  }
}

const percent = ({ step, steps, stepsPerSecond }: Progress): string =>
  `${Math.round((100 * step) / steps)}% (${Math.max(0, Math.round((steps - step) / stepsPerSecond))} s left)`

/** Trains and measures what is not there yet. */
async function work(
  plan: Plan,
  root: string,
  request: EvaluationRequest,
  jobs: number,
  interrupt: ReturnType<typeof onInterrupt>,
): Promise<Map<string, Error>> {
  const status = new StatusLine()
  const children = new Set<Child>()
  const threads = jobs > 1 ? 1 : 2
  let done = 0
  const call = async (args: string[], onProgress?: (progress: Progress) => void): Promise<unknown> => {
    const child = startChild(args, threads, onProgress)
    children.add(child)
    return child.result.finally(() => children.delete(child))
  }
  const timer = setInterval(() => {
    if (interrupt.stop()) for (const child of children) child.stop()
  }, 200)

  const tasks = plan.runs.map((run): Task => {
    const { directory, config, method, seed, after } = run
    const name = `${method} seed ${seed}`
    return {
      name: directory,
      after,
      run: async () => {
        const start = Date.now()
        const trained = isFinished(run)
        const measured = trained && recordedEvaluation(directory, request) !== undefined
        if (!trained) {
          const file = join(root, 'configs', `${directory.split('/').at(-1)}.json`)
          writeFileAtomic(root, file, `${JSON.stringify(config, null, 2)}\n`)
          const source = isRun(directory) ? ['--resume'] : ['--config', file]
          status.set(name, 'starts')
          await call(['train', ...source, '--out', directory], progress =>
            status.set(name, percent(progress)),
          )
        }
        if (interrupt.stop()) return
        if (!measured) {
          status.set(name, 'is measured')
          const { steps, count, seed: measuring } = request
          const numbers = ['--steps', steps.join(','), '--count', String(count), '--seed', String(measuring)]
          await call([
            'evaluate',
            directory,
            ...numbers,
            '--method',
            request.method,
            '--weights',
            request.weights[0],
          ])
        }
        status.set(name, undefined)
        const what = measured
          ? 'was there already'
          : `${trained ? 'measured' : 'trained and measured'} in ${((Date.now() - start) / 1000).toFixed(1)} s`
        status.note(`[${++done}/${plan.runs.length}] ${name} ${what}`)
      },
    }
  })
  // Teachers first: others wait for them.
  tasks.sort((a, b) => Number(a.after !== undefined) - Number(b.after !== undefined))
  return runTasks(tasks, jobs, interrupt.stop).finally(() => {
    clearInterval(timer)
    status.note('')
  })
}

function commandLine(flags: CompareFlags, rest: readonly string[]): string {
  const { json: _, ...named } = flags as CompareFlags & Plain
  const pairs = Object.entries(named).flatMap(([key, value]) =>
    value === undefined
      ? []
      : value === true
        ? [`--${key}`]
        : [`--${key} ${Array.isArray(value) ? value.join(',') : value}`],
  )
  return ['oxbow compare', ...pairs, ...rest].join(' ')
}

const machineRows = ({ metrics, methods, seeds }: ComparisonData) =>
  methods.flatMap(({ id, cells }) =>
    cells.flatMap(({ steps, values }) =>
      metrics.map(({ name, floor }) => {
        const { mean, sd } = values[name]
        return { objective: id, steps, metric: name, mean, sd, seeds, floor: floor?.value ?? 0 }
      }),
    ),
  )

async function showClouds({ methods, reference, dataset }: ComparisonData): Promise<void> {
  const first = methods.map(({ label, samples }) => ({ title: label, points: samples[0]?.points }))
  const panels = [{ title: 'data', points: reference }, ...first].flatMap(({ title, points }) =>
    points ? [{ title, points: toPlane(points, dataset.dimension) }] : [],
  )
  print(scatterRow(panels, { columns: columns() }))
}

/** `oxbow compare`. */
export async function compareCommand(flags: CompareFlags, rest: readonly string[]): Promise<void> {
  const comparison = readComparison(flags, rest)
  const root = flags.out ?? 'runs/compare'
  const plan = planComparison(comparison, root)
  checkPlan(plan)
  mkdirSync(root, { recursive: true })
  const { steps, count, weights } = comparison
  const request: EvaluationRequest = { steps, count, seed: 0, method: 'jump', weights: [weights] }
  const interrupt = onInterrupt()
  const failures = await work(
    plan,
    root,
    request,
    flags.jobs ?? Math.min(8, availableParallelism()),
    interrupt,
  )
  interrupt.release()
  if (interrupt.stop()) {
    note('oxbow: stopped; run the same command again to continue')
    process.exitCode = 130
    return
  }
  for (const [directory, error] of failures) note(`oxbow: ${directory}: ${error.message}`)
  const finished = plan.runs.filter(run => !failures.has(run.directory))
  if (finished.length === 0) throw new Error('no run of the comparison succeeded')

  const data = await gatherComparison({
    comparison,
    plan: { ...plan, runs: finished },
    request,
    command: commandLine(flags, rest),
    config: stringify(comparison),
  })
  const { comparisonReport } = await import('../report/html.ts')
  const report = join(root, 'report.html')
  writeFileAtomic(root, report, comparisonReport(data))
  if (failures.size > 0) process.exitCode = 1
  if (flags.json)
    return printJson({
      rows: machineRows(data),
      report,
      failures: Object.fromEntries([...failures].map(([name, { message }]) => [name, message])),
    })
  const [headline] = data.metrics
  print(comparisonTable({ ...data, metrics: [headline] }, { columns: columns() }))
  print(readingOf(data))
  if (process.stdout.isTTY) await showClouds(data)
  print(`\nreport: ${report}`)
}
