import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { withAbsolutePaths } from '../config/config-paths.ts'
import type { Plan, PlannedRun } from '../evaluation/comparison.ts'
import { type EvaluationRequest, recordedEvaluation } from '../evaluation/evaluate.ts'
import { checkpointSteps } from '../serialization/checkpoint.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { isRun, paths } from '../serialization/run.ts'
import type { Progress } from '../training/train-options.ts'
import { type Child, startChild } from './child.ts'
import { runTasks, type Task } from './schedule.ts'
import { type Interrupt, note, overwrite } from './terminal.ts'
import { timeLeft } from './time-left.ts'

const isFinished = ({ directory, config }: PlannedRun): boolean => {
  const { model, onnx, card } = paths(directory)
  const whole = [model, onnx, card].every(file => existsSync(file))
  return isRun(directory) && whole && checkpointSteps(directory).at(-1) === config.steps
}

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
    overwrite('')
    note(text)
    this.draw()
  }

  clear(): void {
    this.running.clear()
    overwrite('')
  }

  private draw(): void {
    overwrite([...this.running].map(([name, text]) => `${name} ${text}`).join('   '))
  }
}

const percent = (progress: Progress): string => {
  const { step, steps, stage } = progress
  return `${stage ? `${stage} ` : ''}${Math.round((100 * step) / steps)}% (${timeLeft(progress)} left)`
}

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
  writeFileAtomic(root, file, `${JSON.stringify(withAbsolutePaths(config), null, 2)}\n`)
  const source = isRun(directory) ? ['--resume'] : ['--config', file]
  await workers.call(['train', ...source, '--out', directory], onProgress)
}

function measureRun(directory: string, request: EvaluationRequest, workers: Workers): Promise<void> {
  const { steps, count, seed, method, weights, metrics, features } = request
  const options = {
    ...{ steps: steps.join(','), count, seed, method, weights: weights[0] },
    ...(metrics && { metrics: String(metrics) }),
    ...(features !== undefined && { features }),
  }
  const words = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])
  return workers.call(['evaluate', directory, ...words, '--no-report'])
}

/**
 * Trains and measures what a plan lacks, a few runs at a time, each in a process of its own.
 *
 * @returns the failures by run directory
 */
export async function work(
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
