import { from, type Job, localRun } from '../sweep/job.ts'
import { findJob, type JobTable, readTable } from '../sweep/table.ts'
import { Children } from './children.ts'
import { InterruptedError } from './failure.ts'
import { type Hands, perform } from './perform.ts'
import { percent, StatusLine } from './status-line.ts'
import { onInterrupt, print, printJson } from './terminal.ts'

/** Does a job, and before it the one whose run it learns from, unless that is done or others are at it. */
async function doJob(
  job: Job,
  root: string,
  table: JobTable,
  hands: Hands,
  measured = true,
): Promise<boolean> {
  const { after } = job
  const first = after && table.jobs.find(({ id }) => id === after.id)
  if (first && !(await doJob(first, root, table, hands, false))) return false
  return perform(localRun(job, root, from(table.base)), root, measured ? table.request : null, hands)
}

/** `oxbow job`: one training of a comparison, with its measurement. */
export async function jobCommand(root: string, id: string, { json }: { json?: boolean }): Promise<void> {
  const table = readTable(root)
  const job = findJob(root, table, id)
  const interrupt = onInterrupt()
  const status = new StatusLine()
  const children = new Children(1, interrupt, table.from)
  try {
    const done = await doJob(job, root, table, {
      call: (args, onProgress) => children.call(args, onProgress),
      stopped: interrupt.stop,
      onProgress: progress => status.set(job.name, percent(progress)),
      onState: text => status.set(job.name, text),
    })
    if (!done) {
      throw new InterruptedError(
        `${job.name}: stopped; give the same command again to go on from the newest checkpoint`,
        interrupt.exitCode(),
      )
    }
  } finally {
    children.close()
    status.clear()
    interrupt.release()
  }
  const { directory } = localRun(job, root, from(table.base))
  if (json) printJson({ id: job.id, run: directory })
  else print(`${job.name}: done (${directory})`)
}
