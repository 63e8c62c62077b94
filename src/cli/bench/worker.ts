import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Compilers take their time. */
const ANSWER_WITHIN_MS = 600_000

interface Answer {
  readonly ok?: boolean
  readonly error?: string
  readonly version?: string
  readonly msPerStep?: number
  readonly peakBytes?: number
  readonly loss?: number
  readonly gradientNorm?: number
  readonly operations?: number
  readonly operationsPerSecond?: number
}

/** What is asked of a worker: `hello`, `setup`, `time`, `peak` or `quit`; `bench/python/README.md` has what goes with them. */
export type Question = Readonly<Record<string, unknown>> & { readonly cmd: string }

/** A process that answers one line of JSON for each asked. */
export class Worker {
  private readonly answers: ((line: string) => void)[] = []
  version = ''

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    createInterface({ input: child.stdout }).on('line', line => this.answers.shift()?.(line))
  }

  /** Starts one, or gives the reason why there is none. */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Worker | string> {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', text => {
      log = (log + text).slice(-2000)
    })
    child.stdin.on('error', () => {})
    const failed = new Promise<string>(resolve => {
      child.once('error', error => resolve(error.message))
      child.once('close', () => resolve(log.trim().split('\n').at(-1) || 'ended at once'))
    })
    const worker = new Worker(child)
    const answer = await Promise.race([worker.ask({ cmd: 'hello' }), failed])
    if (typeof answer === 'string') return answer
    if (!answer.ok) {
      worker.close()
      return answer.error ?? 'not available'
    }
    worker.version = answer.version ?? ''
    return worker
  }

  /** @throws Error when the worker cannot do it */
  async get<K extends keyof Answer>(
    question: Question,
    ...keys: K[]
  ): Promise<Answer & Required<Pick<Answer, K>>> {
    const answer = await this.ask(question)
    const lacking = keys.find(key => answer[key] === undefined)
    if (!answer.ok || lacking) throw new Error(answer.error ?? `no ${lacking} given`)
    return answer as Answer & Required<Pick<Answer, K>>
  }

  close(): void {
    this.child.stdin.end(`${JSON.stringify({ cmd: 'quit' })}\n`)
  }

  private ask(question: Question): Promise<Answer> {
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
