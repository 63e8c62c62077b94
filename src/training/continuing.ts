import { askedThreads, defaultThreads } from '../runtime/threads.ts'
import { type Intact, newestIntact, setAside } from '../serialization/checkpoint.ts'
import { clearPending, writeFileAtomic } from '../serialization/files.ts'
import { logUntil } from '../serialization/metrics-log.ts'
import { logProblemOf, paths, type ReadRecord } from '../serialization/run.ts'
import { dropSnapshotsAfter } from '../serialization/snapshots.ts'
import { checkUnchanged } from './resume.ts'

/** Where a run goes on from. */
export interface Continued extends Intact {
  /** Threads of an operator: those asked for, or those of before. */
  readonly threads: number
  /** What the user should know of it, in a line each. */
  readonly notes: readonly string[]
}

function otherThreads(recorded: number | undefined, threads: number): string[] {
  if (recorded === undefined || recorded === threads) return []
  return [
    `threads: the run began with ${recorded} and goes on with ${threads}; its last bits may differ from those of a run that was not interrupted`,
  ]
}

/**
 * Finds out where a run goes on from; nothing is changed.
 *
 * @param asked  threads that the caller names
 * @throws RunError when no checkpoint is intact, or `config.json` was changed
 */
export function openContinued(directory: string, record: ReadRecord, asked?: number): Continued {
  const { checkpoint, damaged } = newestIntact(directory)
  const edited = checkUnchanged(directory, record, checkpoint?.record)
  const threads = asked ?? askedThreads() ?? record.threads ?? defaultThreads()
  const problem = logProblemOf(directory)
  const notes = [
    ...edited,
    ...damaged.map(({ reason }) => `${reason}; goes on from step ${checkpoint?.step}`),
    ...otherThreads(record.threads, threads),
    ...(problem === undefined ? [] : [problem]),
  ]
  return { checkpoint, damaged, threads, notes }
}

/** Brings the files of a continued run back to the checkpoint that it goes on from. */
export function rewind(directory: string, { checkpoint, damaged }: Continued): void {
  clearPending(directory)
  for (const { step } of damaged) setAside(directory, step)
  dropSnapshotsAfter(directory, checkpoint?.step ?? 0)
  const { metrics } = paths(directory)
  writeFileAtomic(directory, metrics, logUntil(metrics, checkpoint?.step ?? 0))
}
