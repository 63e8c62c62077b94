import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../training/train-options.ts'

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

/** A command of ours in a process of its own. */
export interface Child {
  /** Its one JSON document. @throws ChildError when it fails */
  readonly result: Promise<unknown>
  /** Asks it to save and end; asking again changes nothing. */
  stop(): void
}

/** A child that failed, with its own one-line message. */
export class ChildError extends Error {
  override readonly name = 'ChildError'

  constructor(
    message: string,
    /** Its machine code, where it gave one. */
    readonly code?: string,
  ) {
    super(message)
  }
}

function outcome(child: ChildProcess, output: () => string, log: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      try {
        const document = JSON.parse(output()) as { error?: { message: string; code?: string } }
        if (code === 0) return resolve(document)
        const last = log()
          .trim()
          .split('\n')
          .at(-1)
          ?.replace(/^oxbow: /, '')
        const { message = last || `ended with code ${code}`, code: kind } = document.error ?? {}
        return reject(new ChildError(message, kind))
      } catch {
        const last = log().trim().split('\n').at(-1)
        reject(
          new ChildError(last || `ended ${signal ? `by ${signal}` : `with code ${code}`} and said nothing`),
        )
      }
    })
  })
}

/**
 * Starts `oxbow` with these arguments and `--json`.
 *
 * @param threads  threads of its operators
 * @param onProgress  called with what `train` reports
 * @param folder  where it runs; default here
 */
export function startChild(
  args: readonly string[],
  threads: number,
  onProgress?: (progress: Progress) => void,
  folder?: string,
): Child {
  const child = fork(MAIN, [...args, '--json'], {
    silent: true,
    cwd: folder,
    env: { ...process.env, OXBOW_THREADS: String(threads) },
    execArgv: [],
  })
  let [output, log] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4000)
  })
  if (onProgress) child.on('message', message => onProgress(message as Progress))
  return {
    result: outcome(
      child,
      () => output,
      () => log,
    ),
    stop: () => {
      if (!child.killed) child.kill('SIGTERM')
    },
  }
}
