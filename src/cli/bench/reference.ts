import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { Workload } from './workload.ts'

/** Optimiser and batch, in the words of the Python workers. */
const COMMON = { diagonal: 0.3, lr: 1e-3, ema: 0.995 }
/** The ring experiment's network. */
const RING = { hidden: 192, layers: 2, freqs: 8 }
/** Compilers take their time. */
const ANSWER_WITHIN_MS = 600_000

interface Answer {
  readonly ok?: boolean
  readonly version?: string
  readonly msPerStep?: number
  readonly peakBytes?: number
  readonly loss?: number
  readonly gradientNorm?: number
  readonly error?: string
}

/** What else a worker is told: its threads, whether its framework compiles, and the file of what a transformer begins with. */
export interface Setup {
  readonly threads: number
  readonly compile: boolean
  readonly arrays?: string
}

/** A Python process that trains the same step, answering one JSON line for each asked. */
export class Reference {
  private readonly answers: ((line: string) => void)[] = []
  version = ''

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    createInterface({ input: child.stdout }).on('line', line => this.answers.shift()?.(line))
  }

  /** Starts a worker, or gives the reason why there is none. */
  static async start(python: string, script: 'torch_step.py' | 'jax_step.py'): Promise<Reference | string> {
    const path = fileURLToPath(new URL(`../../../bench/python/${script}`, import.meta.url))
    const child = spawn(python, [path], { stdio: ['pipe', 'pipe', 'pipe'] })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', text => {
      log = (log + text).slice(-2000)
    })
    child.stdin.on('error', () => {})
    const failed = new Promise<string>(resolve => {
      child.once('error', error => resolve(error.message))
      child.once('close', () => resolve(log.trim().split('\n').at(-1) || 'ended at once'))
    })
    const reference = new Reference(child)
    const hello = reference.ask({ cmd: 'hello' })
    const answer = await Promise.race([hello, failed])
    if (typeof answer === 'string') return answer
    if (!answer.ok) {
      child.kill()
      return answer.error ?? 'not available'
    }
    reference.version = answer.version ?? ''
    return reference
  }

  /** @returns what its first step gives, of a transformer */
  async setup(
    { objective, batch, picture }: Workload,
    { threads, compile, arrays }: Setup,
  ): Promise<Pick<Answer, 'loss' | 'gradientNorm'>> {
    const network = picture ? { ...picture, arrays, warmup: 1 } : RING
    const answer = await this.ask({ cmd: 'setup', ...COMMON, objective, batch, ...network, threads, compile })
    if (!answer.ok) throw new Error(answer.error ?? 'setup failed')
    return answer
  }

  /** Milliseconds of one step over this many, and the bytes that the worker has taken at most. */
  async time(steps: number): Promise<{ readonly ms: number; readonly peakBytes?: number }> {
    const { msPerStep, peakBytes, error } = await this.ask({ cmd: 'time', steps })
    if (msPerStep === undefined) throw new Error(error ?? 'no time given')
    return { ms: msPerStep, ...(peakBytes !== undefined && { peakBytes }) }
  }

  close(): void {
    this.child.stdin.end(`${JSON.stringify({ cmd: 'quit' })}\n`)
  }

  private ask(question: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.child.kill()
        reject(new Error(`no answer from ${this.child.spawnfile} within ${ANSWER_WITHIN_MS / 1000} s`))
      }, ANSWER_WITHIN_MS)
      const gone = () => {
        clearTimeout(late)
        reject(new Error('ended before it answered'))
      }
      this.child.once('close', gone)
      this.answers.push(line => {
        clearTimeout(late)
        this.child.off('close', gone)
        try {
          resolve(JSON.parse(line))
        } catch {
          reject(new Error(`expected a line of JSON, found "${line.slice(0, 80)}"`))
        }
      })
      this.child.stdin.write(`${JSON.stringify(question)}\n`)
    })
  }
}
