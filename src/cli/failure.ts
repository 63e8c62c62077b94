import { CommanderError } from 'commander'
import { fileExit, fileProblem } from './file-problem.ts'
import { tellFailure } from './terminal.ts'
import { unexpectedLine } from './unexpected.ts'

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
  ArgumentError: { exit: 2, code: 'argument' },
  GridError: { exit: 2, code: 'grid' },
  SteeringError: { exit: 2, code: 'steering' },
  QueueError: { exit: 2, code: 'queue' },
  DensityError: { exit: 2, code: 'density' },
  ChildError: { exit: 1, code: 'failure' },
  HubError: { exit: 1, code: 'hub' },
  DivergenceError: { exit: 1, code: 'diverged' },
  GraphError: { exit: 1, code: 'graph' },
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
  const { exit, code, line } = described(error)
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message: line } })}\n`)
  const { stack } = error as Error
  tellFailure(debug && stack ? `${stack}\n` : `oxbow: ${line}\n`)
  return exit
}

/** A failure as one line, with its exit code and its code for machines. */
export function described(error: unknown): { exit: number; code: string; line: string } {
  const { path } = error as NodeJS.ErrnoException
  const known = kindOf(error)
  const problem = known ? undefined : fileProblem(error as NodeJS.ErrnoException)
  const kind =
    known ?? (problem ? { exit: fileExit(error as Error), code: 'file' } : { exit: 1, code: 'failure' })
  const own = known ? ownLine(error as Error) : unexpectedLine(error as Error)
  const text = problem ? `${path ?? 'file'}: ${problem}` : own
  return { ...kind, line: text.replace(/\s*\n\s*/g, ' ') }
}

/** A message of Oxbow, or of its options, as it is for a command: an argument of a function is an option there. */
const ownLine = ({ name, message }: Error): string =>
  name === 'ArgumentError' ? message.replace(/^\w+: (?=\w+: )/, '--') : message.replace(/^error: /, '')
