import { truncate } from '../report/format.ts'
import { fileProblem } from './file-problem.ts'

/** Columns of the terminal; where there is none, of `COLUMNS`, or 80. */
export const columns = (): number => process.stdout.columns || Number(process.env.COLUMNS) || 80

/** A line for people: standard error, so that standard output stays for results. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** A result: standard output. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** A line of standard error that the next one overwrites, cut to the terminal; an empty one clears it. Nothing where there is no terminal. */
export function overwrite(text: string): void {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r\x1b[K${truncate(text, (process.stderr.columns ?? 80) - 1)}`)
}

/** The one JSON document of a `--json` command. Numbers that are not finite become null. */
export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** Whether standard output could not be written, and with which exit code the process is to end for it. */
let outputFailure: 0 | 1 = 0
/** Whether the one line about a failure is written. */
let told = false

/** Writes the one line about a failure. */
export function tellFailure(text: string): void {
  told = true
  process.stderr.write(text)
}

/** Whether results no longer reach anybody. */
export const isOutputBroken = (): boolean => outputFailure !== 0

/** Codes of a reader that is gone: one that has seen enough, as in `oxbow objectives | head -3`, or a closed terminal. */
const NOBODY = ['EPIPE', 'EIO', 'ECONNRESET']

/**
 * Makes of a standard output that cannot be written one line and exit code 1, and nothing of a reader that is gone. What cannot be
 * written to standard error is lost: it must not end a training.
 */
export function guardOutput(): void {
  process.stderr.on('error', () => {})
  let isFirst = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Others follow from the first.
    const isNews = isFirst && !NOBODY.includes(error.code ?? '')
    isFirst = false
    if (!isNews) return
    outputFailure = 1
    if (!told) tellFailure(`oxbow: standard output: ${fileProblem(error) ?? error.message}\n`)
    process.exitCode ||= 1
  })
}

/** The exit code of a command, with what became of its output. */
export const withOutput = (code: number): number => code || outputFailure

/** What a process gives that ended on a signal. */
const EXIT_CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
}

/** An orderly end that may be asked for at any time. */
export interface Interrupt {
  /** Whether an end was asked for. */
  stop(): boolean
  signal(): NodeJS.Signals | undefined
  exitCode(): number
  /** Gives the signals back; to be called when done. */
  release(): void
}

/** Ends by the signal itself: an orderly exit would wait for the step that is being computed. */
function endBy(signal: NodeJS.Signals): void {
  if (process.stderr.isTTY) process.stderr.write('\x1b[?25h\n')
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/**
 * Asks for an orderly end on SIGINT, SIGTERM, SIGHUP (the terminal was closed), or when the parent process is gone. A second
 * signal ends at once.
 */
export function onInterrupt(): Interrupt {
  let received: NodeJS.Signals | undefined
  const exitCode = () => EXIT_CODES[received ?? 'SIGINT'] ?? 130
  const handle = (signal: NodeJS.Signals) => {
    // A child gets its terminal's Ctrl-C besides its parent's signal, so there two are no sign of impatience. Neither is a
    // terminal that is closed, which may tell of it twice.
    if (received && signal !== 'SIGHUP' && !process.send) endBy(signal)
    received ??= signal
  }
  const orphaned = () => {
    received ??= 'SIGTERM'
  }
  const signals = Object.keys(EXIT_CODES) as NodeJS.Signals[]
  for (const signal of signals) process.on(signal, handle)
  process.on('disconnect', orphaned)
  if (process.send && !process.connected) orphaned()
  return {
    stop: () => received !== undefined,
    signal: () => received,
    exitCode,
    release: () => {
      for (const signal of signals) process.off(signal, handle)
      process.off('disconnect', orphaned)
    },
  }
}

/** Ends this process when the parent process that asked for it is gone. For work that keeps nothing half done. */
export function endWithParent(): void {
  if (!process.send) return
  process.once('disconnect', () => process.exit(143))
  process.channel?.unref()
  if (!process.connected) process.exit(143)
}
