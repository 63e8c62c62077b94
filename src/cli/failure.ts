import { CommanderError } from 'commander'

/** A wrong command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A command that was asked to end before it was done; what it has is saved. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message)
  }
}

/** Exit code and machine code of each kind of failure: 2 is the user's to mend, 1 is ours or the run's. */
const KINDS: Readonly<Record<string, { exit: 1 | 2; code: string }>> = {
  UsageError: { exit: 2, code: 'usage' },
  ConfigError: { exit: 2, code: 'config' },
  DataError: { exit: 2, code: 'data' },
  RunError: { exit: 2, code: 'run' },
  StudioError: { exit: 2, code: 'studio' },
  GridError: { exit: 2, code: 'grid' },
  HubError: { exit: 1, code: 'hub' },
  DivergenceError: { exit: 1, code: 'diverged' },
  GraphError: { exit: 1, code: 'graph' },
}

/** Errors of the file system that a path given by the user brings about. */
const PATH_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory, expected a file',
  ENOTDIR: 'a part of the path is a file, expected a directory',
  EEXIST: 'already exists and is not a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
}

function kindOf(error: unknown): { exit: number; code: string } | undefined {
  if (error instanceof CommanderError) return KINDS.UsageError
  if (error instanceof InterruptedError) return { exit: error.exitCode, code: 'interrupted' }
  return KINDS[(error as Error).name]
}

/**
 * Prints a failure as one line (or, for `--json`, one document) and gives the exit code.
 *
 * @param debug  print the stack trace as well
 */
export function report(error: unknown, { json, debug }: { json: boolean; debug: boolean }): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const { message, stack, code, path } = error as NodeJS.ErrnoException
  const known = kindOf(error)
  const fileProblem = code && PATH_ERRORS[code]
  const kind = known ?? (fileProblem ? { exit: 2, code: 'file' } : { exit: 1, code: 'failure' })
  const text = fileProblem && !known ? `${path ?? 'file'}: ${fileProblem}` : message.replace(/^error: /, '')
  const line = text.replace(/\s*\n\s*/g, ' ')
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: kind.code, message: line } })}\n`)
  process.stderr.write(debug && stack ? `${stack}\n` : `oxbow: ${line}\n`)
  return kind.exit
}
