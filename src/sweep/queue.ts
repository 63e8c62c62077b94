import type { Queue, Job as Queued, WorkerOptions } from 'bullmq'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import type { Job } from './job.ts'
import { payloadOf } from './payload.ts'
import { QueueError } from './queue-error.ts'

/** The queue of every comparison in a database, and what its keys begin with. */
const QUEUE = 'trainings'
const PREFIX = 'oxbow'

/** Seconds that finished jobs are listed; their runs are kept by their folders. */
const LISTED = 7 * 24 * 3600

/** How a worker says where it is. */
export interface Step {
  readonly step?: number
  readonly steps?: number
  readonly stage?: string
  /** What is done beside training. */
  readonly text?: string
}

export type State = 'waiting' | 'running' | 'done' | 'failed'

/** A job as the queue knows it. */
export interface Listed {
  readonly id: string
  readonly name: string
  readonly state: State
  readonly worker?: string
  readonly step?: number
  readonly steps?: number
  /** Why it failed. */
  readonly line?: string
}

/** Where a server is, and who asks. */
interface Address {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: object
}

/** Milliseconds to wait for a server. */
const CONNECT = 5000

/** What a user may see of an address: no password. */
function shownUrl(text: string): string {
  if (!URL.canParse(text)) return text
  const url = new URL(text)
  if (url.password) url.password = '***'
  return url.href
}

/** @throws QueueError when it is no address of Redis */
function connectionOf(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const database = url?.pathname.replace(/^\//, '') ?? ''
  if (
    !url ||
    !['redis:', 'rediss:'].includes(url.protocol) ||
    url.hostname === '' ||
    !/^\d{0,5}$/.test(database)
  ) {
    throw new QueueError(
      `--queue: expected an address such as redis://localhost:6379 or rediss://:PASSWORD@host/1, found "${shownUrl(text)}"`,
    )
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(database && { db: Number(database) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  }
}

/** What went wrong with a server, in words. */
function reasonOf({ message, code }: NodeJS.ErrnoException): string {
  if (/WRONGPASS|NOAUTH|invalid password|invalid username-password|NOPERM/i.test(message))
    return 'it rejected the user or the password; put them into the address, as redis://:PASSWORD@host'
  if (/DB index is out of range|invalid DB index/i.test(message)) return 'it has no database of that number'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no host of that name'
  if (code === 'ECONNREFUSED') return 'nothing listens there; start redis-server, or correct the address'
  if (/ETIMEDOUT|timed out/i.test(`${code} ${message}`)) return 'it does not answer'
  return message.split('\n')[0]
}

/** @throws QueueError when the packages are not installed */
async function modules() {
  try {
    const [bullmq, redis] = await Promise.all([import('bullmq'), import('ioredis')])
    return { bullmq, Redis: redis.Redis }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new QueueError('--queue: needs two packages that are not installed: npm install bullmq ioredis')
  }
}

/** @throws QueueError when the server cannot be used */
async function checkServer(
  Redis: typeof import('ioredis').Redis,
  url: string,
  connection: Address,
): Promise<void> {
  const { db = 0, ...server } = connection
  const client = new Redis({
    ...server,
    ...{ lazyConnect: true, connectTimeout: CONNECT, maxRetriesPerRequest: 0, enableOfflineQueue: false },
    retryStrategy: () => null,
  })
  let failure: Error | undefined
  client.on('error', error => {
    failure ??= error
  })
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('timed out')), 2 * CONNECT).unref()
  })
  try {
    await Promise.race([client.connect().then(() => client.select(db)), late])
  } catch (error) {
    throw new QueueError(`--queue: ${shownUrl(url)}: ${reasonOf(failure ?? (error as Error))}`)
  } finally {
    client.disconnect()
  }
}

const plain = (text: unknown): string =>
  String(text)
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
    .slice(0, 500)

/** Jobs of comparisons in a database of Redis. */
export class SweepQueue {
  private lost = false

  private constructor(
    private readonly queue: Queue,
    private readonly bullmq: typeof import('bullmq'),
    private readonly connection: Address & { readonly maxRetriesPerRequest: null },
    private readonly onConnection: (isThere: boolean) => void,
  ) {
    queue.on('error', () => this.tell(false))
  }

  /**
   * @param onConnection  told when the server is gone, and when it is there again
   * @throws QueueError in one line when the address, the server, its password or a package is wrong
   */
  static async open(url: string, onConnection: (isThere: boolean) => void): Promise<SweepQueue> {
    const connection = { ...connectionOf(url), maxRetriesPerRequest: null }
    const { bullmq, Redis } = await modules()
    await checkServer(Redis, url, connection)
    const queue = new bullmq.Queue(QUEUE, { connection, prefix: PREFIX })
    return new SweepQueue(queue, bullmq, connection, onConnection)
  }

  /** Tells of a change, once. */
  tell(isThere: boolean): void {
    if (this.lost === !isThere) return
    this.lost = !isThere
    this.onConnection(isThere)
  }

  /** Puts jobs; those that wait or run already are left. One that failed, or is done without its run, is put again. */
  async put(jobs: readonly Job[], request: EvaluationRequest | null): Promise<void> {
    for (const job of jobs) {
      const payload = payloadOf(job, request)
      const known = await this.queue.getJob(job.id)
      if (known && !known.finishedOn) {
        await known.updateData(payload)
        continue
      }
      await known?.remove()
      await this.queue.add(job.name, payload, {
        jobId: job.id,
        removeOnComplete: { age: LISTED },
        stackTraceLimit: 0,
      })
    }
  }

  /** What the queue knows of a job. */
  async find(id: string): Promise<Listed | undefined> {
    const job = await this.queue.getJob(id)
    this.tell(true)
    return job && listed(job, stateIn(await job.getState()))
  }

  /** All jobs, those that run first. */
  async list(): Promise<Listed[]> {
    const found: Listed[] = []
    for (const type of ['active', 'wait', 'prioritized', 'delayed', 'failed', 'completed'] as const) {
      for (const job of await this.queue.getJobs([type], 0, -1, true)) {
        // It may have gone meanwhile.
        if (job?.id) found.push(listed(job, stateIn(type)))
      }
    }
    const once = new Map(found.map(job => [job.id, job]))
    return [...once.values()]
  }

  /** Whether nothing waits and nothing runs. */
  async isEmpty(): Promise<boolean> {
    const counts = await this.queue.getJobCounts('active', 'wait', 'prioritized', 'delayed')
    return Object.values(counts).every(count => count === 0)
  }

  /**
   * Takes jobs, a few at a time, until it is closed.
   *
   * @param act  does a job; `later` and `back` put it back, for a while or for whoever is free
   * @param lease  milliseconds without a sign of life after which another worker takes a job up
   */
  work(
    act: (taken: Taken) => Promise<'done' | 'later' | 'back'>,
    { name, jobs, lease }: { readonly name: string; readonly jobs: number; readonly lease: number },
  ): { close(): Promise<void> } {
    const { Worker, WaitingError, DelayedError } = this.bullmq
    const options: WorkerOptions = {
      ...{ connection: this.connection, prefix: PREFIX, name, concurrency: jobs },
      ...{ lockDuration: lease, stalledInterval: lease, maxStalledCount: STALLS },
    }
    const worker = new Worker(
      QUEUE,
      async (job, token) => {
        const outcome = await act({
          id: job.id ?? '',
          data: job.data,
          onStep: step => void job.updateProgress({ ...step }).catch(() => {}),
        })
        if (outcome === 'back') {
          await job.moveToWait(token)
          throw new WaitingError()
        }
        if (outcome === 'later') {
          await job.moveToDelayed(Date.now() + LATER, token)
          throw new DelayedError()
        }
      },
      options,
    )
    // Of a job that another worker has taken over, too: its run is whole all the same.
    worker.on('error', error => {
      if (
        /ECONN|closed|timed out|EPIPE|ENOTFOUND/i.test(
          `${(error as NodeJS.ErrnoException).code} ${error.message}`,
        )
      )
        this.tell(false)
    })
    worker.on('active', () => this.tell(true))
    worker.on('locksRenewed', () => this.tell(true))
    return worker
  }

  async close(): Promise<void> {
    await this.queue.close()
  }
}

/** A job as a worker gets it. */
export interface Taken {
  readonly id: string
  readonly data: unknown
  onStep(step: Step): void
}

/** Workers that a job may lose, one after another. */
const STALLS = 1000
/** Milliseconds after which it is looked whether the run is there that a job learns from. */
const LATER = 1000

/** What a list of the queue means; all that are not named wait. */
const STATES: Readonly<Record<string, State>> = { active: 'running', completed: 'done', failed: 'failed' }

const stateIn = (list: string): State => STATES[list] ?? 'waiting'

/** What a queue says, which anybody may have written, without what a terminal would obey. */
function listed(job: Queued, state: State): Listed {
  const { step, steps } = (
    typeof job.progress === 'object' && job.progress !== null ? job.progress : {}
  ) as Step
  const isRunning = state === 'running'
  return {
    id: plain(job.id),
    name: plain(job.name),
    state,
    ...(isRunning && job.processedBy && { worker: plain(job.processedBy) }),
    ...(isRunning && Number.isInteger(step) && Number.isInteger(steps) && { step, steps }),
    ...(state === 'failed' && { line: plain(job.failedReason) }),
  }
}
