import type { Plan, PlannedRun } from '../evaluation/comparison.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { isDone, isTrained } from '../sweep/done.ts'
import { Children } from './children.ts'
import { perform } from './perform.ts'
import { runTasks, type Task } from './schedule.ts'
import { percent, StatusLine } from './status-line.ts'
import type { Interrupt } from './terminal.ts'

/**
 * Trains and measures what a plan lacks on this machine, a few runs at a time, each in a process of its own.
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
  const children = new Children(jobs > 1 ? 1 : 2, interrupt)
  let done = 0

  const trainAndMeasure = async (run: PlannedRun, name: string): Promise<void> => {
    const start = Date.now()
    const [trained, whole] = [isTrained(run), isDone(run, request)]
    if (!trained) status.set(name, 'starts')
    const ended = await perform(run, root, request, {
      call: (args, onProgress) => children.call(args, onProgress),
      stopped: interrupt.stop,
      onProgress: progress => status.set(name, percent(progress)),
      onState: text => status.set(name, text),
    })
    if (!ended) return
    const seconds = ((Date.now() - start) / 1000).toFixed(1)
    const what = whole
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
    children.close()
    status.clear()
  })
}
