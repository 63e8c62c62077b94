import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkpointSteps } from '../serialization/checkpoint.ts'
import { makeFolder } from '../serialization/folders.ts'
import { trainerOf } from '../serialization/lock.ts'
import { isRun, readRecord } from '../serialization/run.ts'
import { isDone, isTrained } from '../sweep/done.ts'
import type { Job, LocalRun } from '../sweep/job.ts'
import { checkPayload, queuedRun } from '../sweep/payload.ts'
import { SweepQueue, type Taken } from '../sweep/queue.ts'
import { Results } from '../sweep/results.ts'
import { openBucket } from '../sweep/s3.ts'
import { Children } from './children.ts'
import { described } from './failure.ts'
import { type Hands, perform } from './perform.ts'
import { percent, StatusLine } from './status-line.ts'
import { type Interrupt, note, onInterrupt, printJson } from './terminal.ts'

interface WorkerFlags {
  readonly queue: string
  readonly out?: string
  readonly files?: string
  readonly results?: string
  readonly jobs?: number
  readonly lease?: number
  readonly drain?: boolean
  readonly json?: boolean
}

/** Milliseconds between two uploads of a run that is not finished. */
const UPLOAD = 10_000
/** Milliseconds between two looks at the queue, and at whether an end was asked for. */
const LOOK = 200
const TICKS_OF_DRAIN = 5

/** Milliseconds for which a shared folder may be behind the queue. */
export const BEHIND = 30_000

/** A word on the queue's server, when it goes and when it comes back. */
export const noteConnection = (isThere: boolean): void =>
  note(
    isThere
      ? 'oxbow: the queue is there again'
      : 'oxbow: the connection to the queue is lost; what is being trained goes on, and the queue is tried again',
  )

/** Does jobs from a queue. */
class JobWorker {
  readonly done: string[] = []
  /** When runs were first missed that others learn from. */
  private readonly missed = new Map<string, number>()
  private readonly status = new StatusLine()
  private readonly children: Children

  constructor(
    private readonly queue: SweepQueue,
    private readonly root: string,
    private readonly files: string | undefined,
    private readonly results: Results | undefined,
    private readonly interrupt: Interrupt,
  ) {
    this.children = new Children(1, interrupt)
  }

  /** What goes wrong with the training fails the job, with one line that names the place it went wrong in. */
  async act(taken: Taken): Promise<'done' | 'later' | 'back'> {
    if (this.interrupt.stop()) return 'back'
    try {
      return await this.doJob(taken)
    } catch (error) {
      const { line } = described(error)
      this.status.note(`${taken.id.slice(0, 12)} failed: ${line}`)
      throw new Error(line)
    }
  }

  private async doJob(taken: Taken): Promise<'done' | 'later' | 'back'> {
    const { job, request } = checkPayload(taken.id, taken.data)
    const run = queuedRun(job, this.root, this.files)
    const { name } = job
    if (!(await this.bring(job, run, isDone(run, request)))) {
      if (!(await this.hasTeacher(job))) return 'later'
      if (!(await this.train(job, run, request, taken))) return 'back'
      await this.results?.save(job.id, run.directory)
      this.status.note(`${name} done`)
    }
    this.done.push(name)
    return 'done'
  }

  /** Brings a run here that others have finished or begun. @returns whether it is done */
  private async bring({ id }: Job, run: LocalRun, done: boolean): Promise<boolean> {
    const { results } = this
    if (!results) return done
    if ((await results.stepOf(id)) !== undefined)
      return isTrained(run) || (await results.fetch(id, run.directory))
    if (done || trainerOf(run.directory)) return false
    const [here, there] = [checkpointSteps(run.directory).at(-1) ?? -1, await results.stepOf(id, 'partial')]
    if (there !== undefined && there > here) await results.fetch(id, run.directory, 'partial')
    return false
  }

  /** Whether the run is here that a job learns from. @throws an error when it will not come */
  private async hasTeacher({ after }: Job): Promise<boolean> {
    if (!after) return true
    const directory = resolve(this.root, 'runs', after.folder)
    if (isFinishedRun(directory)) return true
    if (await this.results?.fetch(after.id, directory)) return true
    const known = await this.queue.find(after.id)
    if (known?.state === 'failed') throw new Error(`not started, because ${known.name} failed: ${known.line}`)
    if (!known)
      throw new Error(
        `not started: the queue holds no job for ${after.folder}, which it learns from; give the comparison again`,
      )
    const since = this.missed.get(after.id) ?? Date.now()
    this.missed.set(after.id, since)
    if (known.state === 'done' && !this.results && Date.now() - since > BEHIND)
      throw new Error(
        `${after.folder} was trained elsewhere and is not in ${this.root}; give all workers one shared folder as --out, or --results`,
      )
    return false
  }

  private async train(
    job: Job,
    run: LocalRun,
    request: Parameters<typeof perform>[2],
    taken: Taken,
  ): Promise<boolean> {
    const { name, id } = job
    const upload = this.uploads(id, run)
    let told = 0
    const hands: Hands = {
      call: (args, onProgress) => this.children.call(args, onProgress),
      stopped: this.interrupt.stop,
      onProgress: progress => {
        const { step, steps, stage } = progress
        this.status.set(name, percent(progress))
        if (performance.now() - told > 1000) {
          told = performance.now()
          taken.onStep({ step, steps, stage })
        }
        void upload(false)
      },
      onState: text => {
        this.status.set(name, text)
        taken.onStep({ text })
      },
    }
    try {
      return await perform(run, this.root, request, hands)
    } finally {
      this.status.set(name, undefined)
      if (this.interrupt.stop()) await upload(true)
    }
  }

  /** Uploads a run on its way, now and then and at its end, so that another machine can take it up. */
  private uploads(id: string, run: LocalRun): (now: boolean) => Promise<void> {
    const { results } = this
    let [last, saved] = [performance.now(), -1]
    let running: Promise<void> | undefined
    return async now => {
      if (!results || (!now && (running || performance.now() - last < UPLOAD))) return
      await running
      const step = checkpointSteps(run.directory).at(-1) ?? -1
      if (step <= saved || isTrained(run)) return
      last = performance.now()
      // A checkpoint that is removed meanwhile, or a bucket that is gone: the next one comes soon.
      running = results
        .save(id, run.directory, 'partial')
        .then(
          () => void (saved = step),
          () => {},
        )
        .finally(() => {
          running = undefined
        })
      await running
    }
  }

  close(): void {
    this.children.close()
    this.status.clear()
  }
}

/** Whether a run is trained to its own end. */
function isFinishedRun(directory: string): boolean {
  if (!isRun(directory)) return false
  try {
    return isTrained({ directory, config: readRecord(directory).config })
  } catch {
    return false
  }
}

/** `oxbow worker`. @returns the exit code */
export async function workerCommand(flags: WorkerFlags): Promise<number> {
  const root = resolve(flags.out ?? 'runs/compare')
  const results = flags.results === undefined ? undefined : new Results(openBucket(flags.results))
  const queue = await SweepQueue.open(flags.queue, noteConnection)
  makeFolder(root)
  const interrupt = onInterrupt()
  const worker = new JobWorker(queue, root, flags.files && resolve(flags.files), results, interrupt)
  const name = `${hostname()}:${process.pid}`
  const taking = queue.work(taken => worker.act(taken), {
    ...{ name, jobs: flags.jobs ?? 1, lease: 1000 * (flags.lease ?? 30) },
  })
  note(`oxbow: worker ${name} takes jobs; Ctrl-C gives back what is not finished`)
  let empty = 0
  for (let tick = 0; !interrupt.stop() && empty < 2; tick++) {
    await sleep(LOOK)
    if (!flags.drain || tick % TICKS_OF_DRAIN !== 0) continue
    // Twice, as a job may be between two lists.
    empty = (await queue.isEmpty().catch(() => false)) ? empty + 1 : 0
  }
  await taking.close()
  await queue.close()
  worker.close()
  interrupt.release()
  if (flags.json) printJson({ worker: name, done: worker.done })
  return interrupt.stop() ? interrupt.exitCode() : 0
}
