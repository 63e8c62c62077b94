import { setTimeout as sleep } from 'node:timers/promises'
import type { Plan } from '../evaluation/comparison.ts'
import { isDone } from '../sweep/done.ts'
import { type Job, portableRequest } from '../sweep/job.ts'
import { checkPortable } from '../sweep/payload.ts'
import { type Listed, SweepQueue } from '../sweep/queue.ts'
import { Results } from '../sweep/results.ts'
import { openBucket } from '../sweep/s3.ts'
import type { JobTable } from '../sweep/table.ts'
import { InterruptedError } from './failure.ts'
import { missingJobs } from './print-jobs.ts'
import { note, onInterrupt, overwrite } from './terminal.ts'
import { BEHIND, noteConnection } from './worker.ts'

export interface QueueFlags {
  readonly queue: string
  readonly results?: string
  readonly detach?: boolean
}

/** Milliseconds between two looks at the queue. */
const LOOK = 500

/** One line on all jobs: what is done, what runs where, what waits. */
function dashboard(total: number, open: ReadonlyMap<string, Listed | undefined>, failed: number): string {
  const found = [...open.values()]
  const running = found.filter(job => job?.state === 'running')
  const where = running.map(job => {
    const { name, step, steps, worker } = job!
    const far = step !== undefined && steps ? ` ${Math.round((100 * step) / steps)}%` : ''
    return `${name}${far}${worker ? ` on ${worker}` : ''}`
  })
  const counts = [
    `${total - open.size - failed}/${total} done`,
    `${running.length} running`,
    `${found.length - running.length} waiting`,
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  return `${counts.join(', ')}${where.length > 0 ? `   ${where.join('   ')}` : ''}`
}

/** Jobs of a comparison that are in a queue, until their runs are in its directory. */
class Waiting {
  private readonly failures = new Map<string, Error>()
  private readonly since = new Map<string, number>()
  private readonly open: Map<string, Listed | undefined>
  private readonly runs: ReadonlyMap<string, Plan['runs'][number]>

  constructor(
    private readonly queue: SweepQueue,
    private readonly table: JobTable,
    plan: Plan,
    private readonly jobs: readonly Job[],
    private readonly results: Results | undefined,
  ) {
    this.open = new Map(jobs.map(job => [job.id, undefined]))
    this.runs = new Map(plan.runs.map(run => [run.id, run]))
  }

  async until(stopped: () => boolean): Promise<Map<string, Error>> {
    const { table, open, failures } = this
    while (open.size > 0 && !stopped()) {
      for (const job of this.jobs) if (open.has(job.id) && !stopped()) await this.look(job)
      overwrite(dashboard(table.jobs.length, open, failures.size))
      if (open.size > 0) await sleep(LOOK)
    }
    overwrite('')
    return failures
  }

  private async look(job: Job): Promise<void> {
    const { queue, table, open, results } = this
    const run = this.runs.get(job.id)!
    const request = portableRequest(table.request)
    const known = await queue.find(job.id)
    if (isDone(run, request)) return this.end(job, 'done')
    open.set(job.id, known)
    if (known?.state === 'failed') {
      this.failures.set(run.directory, new Error(known.line))
      return this.end(job, `failed: ${known.line}`)
    }
    // The server has lost it, as one that keeps nothing on its disk does when it is started again.
    if (!known) return queue.put([job], request)
    if (known.state !== 'done') return void this.since.delete(job.id)
    if (await results?.fetch(job.id, run.directory)) return this.end(job, 'done')
    const since = this.since.get(job.id) ?? Date.now()
    this.since.set(job.id, since)
    if (Date.now() - since < BEHIND) return
    const why = results
      ? 'is done, but missing from the results; start the workers with the same --results'
      : 'is done, but its run is not here; give workers this folder as --out, or give --results to both'
    this.failures.set(run.directory, new Error(why))
    this.end(job, why)
  }

  private end({ id, name }: Job, what: string): void {
    this.open.delete(id)
    overwrite('')
    const { length } = this.table.jobs
    note(`[${length - this.open.size}/${length}] ${name} ${what}`)
  }
}

/** Brings runs here that are among the results already. */
async function fetchDone(jobs: readonly Job[], plan: Plan, results: Results): Promise<void> {
  const directories = new Map(plan.runs.map(run => [run.id, run.directory]))
  for (const { id } of jobs) await results.fetch(id, directories.get(id)!)
}

/**
 * Puts the jobs that are not done into a queue and waits until workers have done them.
 *
 * @returns the failures by run directory; nothing where the jobs are only put
 */
export async function runQueued(
  table: JobTable,
  plan: Plan,
  { queue: url, results: address, detach }: QueueFlags,
): Promise<Map<string, Error> | undefined> {
  const results = address === undefined ? undefined : new Results(openBucket(address))
  for (const job of table.jobs) checkPortable(job, job.name)
  const queue = await SweepQueue.open(url, noteConnection)
  const interrupt = onInterrupt()
  try {
    const request = portableRequest(table.request)
    const toDo = (): Job[] => missingJobs(table, plan, request)
    if (results) await fetchDone(toDo(), plan, results)
    const jobs = toDo()
    await queue.put(jobs, request)
    note(
      `oxbow: ${jobs.length} of ${table.jobs.length} jobs are in the queue; "oxbow jobs --queue URL" lists them`,
    )
    if (detach) return undefined
    const failures = await new Waiting(queue, table, plan, jobs, results).until(interrupt.stop)
    if (interrupt.stop()) {
      throw new InterruptedError(
        'stopped waiting; the jobs stay in the queue, and the same command again waits for them',
        interrupt.exitCode(),
      )
    }
    return failures
  } finally {
    interrupt.release()
    await queue.close()
  }
}
