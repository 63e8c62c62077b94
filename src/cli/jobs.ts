import { type Listed, SweepQueue } from '../sweep/queue.ts'
import { print, printJson } from './terminal.ts'
import { noteConnection } from './worker.ts'

const STATES = ['done', 'running', 'waiting', 'failed'] as const

interface JobsFlags {
  readonly queue: string
  readonly json?: boolean
}

/** What is known beside the state. */
function detail({ worker, step, steps, line }: Listed): string {
  const far = step !== undefined && steps !== undefined ? `step ${step} of ${steps}` : ''
  return [worker, far, line].filter(Boolean).join(', ')
}

/** `oxbow jobs`. */
export async function jobsCommand({ queue: url, json }: JobsFlags): Promise<void> {
  const queue = await SweepQueue.open(url, noteConnection)
  try {
    const jobs = await queue.list()
    if (json) return printJson({ jobs })
    if (jobs.length === 0) return print('no jobs')
    const width = Math.max(...jobs.map(job => job.name.length))
    for (const job of jobs)
      print(`${job.name.padEnd(width)}  ${job.state.padEnd(7)}  ${detail(job)}`.trimEnd())
    print(STATES.map(state => `${jobs.filter(job => job.state === state).length} ${state}`).join(', '))
  } finally {
    await queue.close()
  }
}
