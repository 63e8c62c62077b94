/** Columns of the terminal, or 80 where there is none. */
export const columns = (): number => process.stdout.columns ?? 80

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

/**
 * Asks for an orderly end on SIGINT, SIGTERM, or when the parent process is gone. A second signal ends at once.
 *
 * @returns `stop()`, which says whether an end was asked for, and `release()`, to be called when done
 */
export function onInterrupt(): {
  stop: () => boolean
  signal: () => NodeJS.Signals | undefined
  release: () => void
} {
  let received: NodeJS.Signals | undefined
  const handle = (signal: NodeJS.Signals) => {
    if (received) process.exit(130)
    received = signal
  }
  const orphaned = () => {
    received ??= 'SIGTERM'
  }
  process.on('SIGINT', handle).on('SIGTERM', handle).on('disconnect', orphaned)
  return {
    stop: () => received !== undefined,
    signal: () => received,
    release: () => {
      process.off('SIGINT', handle).off('SIGTERM', handle).off('disconnect', orphaned)
    },
  }
}
