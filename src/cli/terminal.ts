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

/** The one JSON document of a `--json` command. Numbers that are not finite become null. */
export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** What a process gives that ended on a signal. */
const EXIT_CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGINT: 130, SIGTERM: 143 }

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

/** Asks for an orderly end on SIGINT, SIGTERM, or when the parent process is gone. A second signal ends at once. */
export function onInterrupt(): Interrupt {
  let received: NodeJS.Signals | undefined
  const exitCode = () => EXIT_CODES[received ?? 'SIGINT'] ?? 130
  const handle = (signal: NodeJS.Signals) => {
    // A child gets its terminal's Ctrl-C besides its parent's signal, so there two are no sign of impatience.
    if (received && !process.send) endBy(signal)
    received ??= signal
  }
  const orphaned = () => {
    received ??= 'SIGTERM'
  }
  process.on('SIGINT', handle).on('SIGTERM', handle).on('disconnect', orphaned)
  if (process.send && !process.connected) orphaned()
  return {
    stop: () => received !== undefined,
    signal: () => received,
    exitCode,
    release: () => {
      process.off('SIGINT', handle).off('SIGTERM', handle).off('disconnect', orphaned)
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
