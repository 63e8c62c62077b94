import { existsSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { stringify } from 'yaml'
import { openDataset } from '../data/catalogue.ts'
import { scatterRow } from '../report/braille.ts'
import { gatherComparison } from '../report/comparison.ts'
import { shellWord, truncate, wrap } from '../report/format.ts'
import { toPlane } from '../report/points.ts'
import { readingOf } from '../report/reading.ts'
import { comparisonMarkdown, comparisonTable } from '../report/table.ts'
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
import { InterruptedError, UsageError } from './failure.ts'
import { parseKeys, readConfigFile } from './keys.ts'
import { runTasks, type Task } from './schedule.ts'
import { columns, type Interrupt, note, onInterrupt, print, printJson } from './terminal.ts'

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
  const user = [
    config === undefined ? {} : readConfigFile(config),
    given,
    parseKeys(rest, ['json', 'debug']),
  ].reduce<Plain>(merge, {})
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
    this.draw()
  }

  /** A line that stays. */
  note(text: string): void {
    this.write('')
    note(text)
    this.draw()
  }

  clear(): void {
    this.running.clear()
    this.write('')
  }

  private draw(): void {
    this.write([...this.running].map(([name, text]) => `${name} ${text}`).join('   '))
  }

  private write(text: string): void {
    if (!process.stderr.isTTY) return
    process.stderr.write(`\r\x1b[K${truncate(text, (process.stderr.columns ?? 80) - 1)}`)
  }
}

const percent = ({ step, steps, stepsPerSecond }: Progress): string =>
  `${Math.round((100 * step) / steps)}% (${Math.max(0, Math.round((steps - step) / stepsPerSecond))} s left)`

/** Starts commands in processes of their own, and asks them all to end when an end is asked for. */
class Workers {
  private readonly children = new Set<Child>()
  private readonly timer: NodeJS.Timeout

  constructor(
    private readonly threads: number,
    interrupt: Interrupt,
  ) {
    this.timer = setInterval(() => {
      if (interrupt.stop()) for (const child of this.children) child.stop()
    }, 100)
  }

  async call(args: string[], onProgress?: (progress: Progress) => void): Promise<void> {
    const child = startChild(args, this.threads, onProgress)
    this.children.add(child)
    await child.result.finally(() => this.children.delete(child))
  }

  close(): void {
    clearInterval(this.timer)
  }
}

/** Trains a run, or what is left of it. */
async function trainRun(
  { directory, config }: PlannedRun,
  root: string,
  workers: Workers,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const file = join(root, 'configs', `${basename(directory)}.json`)
  writeFileAtomic(root, file, `${JSON.stringify(config, null, 2)}\n`)
  const source = isRun(directory) ? ['--resume'] : ['--config', file]
  await workers.call(['train', ...source, '--out', directory], onProgress)
}

function measureRun(directory: string, request: EvaluationRequest, workers: Workers): Promise<void> {
  const { steps, count, seed, method, weights } = request
  const options = { steps: steps.join(','), count, seed, method, weights: weights[0] }
  const words = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])
  return workers.call(['evaluate', directory, ...words])
}

/** Trains and measures what is not there yet. */
async function work(
  plan: Plan,
  root: string,
  request: EvaluationRequest,
  jobs: number,
  interrupt: Interrupt,
): Promise<Map<string, Error>> {
  const status = new StatusLine()
  const workers = new Workers(jobs > 1 ? 1 : 2, interrupt)
  let done = 0

  const trainAndMeasure = async (run: PlannedRun, name: string): Promise<void> => {
    const start = Date.now()
    const trained = isFinished(run)
    const measured = trained && recordedEvaluation(run.directory, request) !== undefined
    if (!trained) {
      status.set(name, 'starts')
      await trainRun(run, root, workers, progress => status.set(name, percent(progress)))
    }
    if (interrupt.stop()) return
    if (!measured) {
      status.set(name, 'is measured')
      await measureRun(run.directory, request, workers)
    }
    const seconds = ((Date.now() - start) / 1000).toFixed(1)
    const what = measured
      ? 'was there already'
      : `${trained ? 'measured' : 'trained and measured'} in ${seconds} s`
    status.note(`[${++done}/${plan.runs.length}] ${name} ${what}`)
  }

  const tasks = plan.runs.map((run): Task => {
    const name = `${run.method} seed ${run.seed}`
    const { directory, after } = run
    return {
      name: directory,
      after,
      run: () => trainAndMeasure(run, name).finally(() => status.set(name, undefined)),
    }
  })
  // Teachers first: others wait for them.
  tasks.sort((a, b) => Number(a.after !== undefined) - Number(b.after !== undefined))
  return runTasks(tasks, jobs, interrupt.stop).finally(() => {
    workers.close()
    status.clear()
  })
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
export async function compareCommand(flags: CompareFlags, rest: readonly string[]): Promise<number> {
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
    throw new InterruptedError('stopped; run the same command again to continue', interrupt.exitCode())
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
  writeFileAtomic(root, join(root, 'report.md'), comparisonMarkdown(data))
  const code = failures.size > 0 ? 1 : 0
  if (flags.json) {
    const failed = Object.fromEntries([...failures].map(([name, { message }]) => [name, message]))
    printJson({ rows: machineRows(data), report, failures: failed })
    return code
  }
  const [headline] = data.metrics
  print(comparisonTable({ ...data, metrics: [headline] }, { columns: columns() }))
  for (const line of wrap(readingOf(data), columns())) print(line)
  if (process.stdout.isTTY) await showClouds(data)
  print(`\nreport: ${report}`)
  return code
}
