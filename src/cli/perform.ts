import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withAbsolutePaths } from '../config/config-paths.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { trainerOf } from '../serialization/lock.ts'
import { isRun } from '../serialization/run.ts'
import { isDone, isTrained } from '../sweep/done.ts'
import type { LocalRun } from '../sweep/job.ts'
import type { Progress } from '../training/train-options.ts'
import { ChildError } from './child.ts'

/** What a job is done with. */
export interface Hands {
  /** Runs `oxbow` with these arguments in a process of its own. */
  call(args: string[], onProgress?: (progress: Progress) => void): Promise<void>
  /** Whether an end was asked for; the process that runs is then asked to save and end, by whoever gives these. */
  stopped(): boolean
  onProgress(progress: Progress): void
  /** Another process trains the run, or the run is measured. */
  onState(text: string): void
}

/** Milliseconds between two looks at a run that another process trains. */
const LOOK = 500

/** Trains a run, or what is left of it. */
async function train({ directory, config }: LocalRun, root: string, hands: Hands): Promise<void> {
  const file = join(root, 'configs', `${basename(directory)}.json`)
  writeFileAtomic(root, file, `${JSON.stringify(withAbsolutePaths(config), null, 2)}\n`)
  const source = isRun(directory) ? ['--resume'] : ['--config', file]
  await hands.call(['train', ...source, '--out', directory], progress => hands.onProgress(progress))
}

/** Trains a run to its end, or waits until the process has done so that is at it. */
async function trainOrWait(run: LocalRun, root: string, hands: Hands): Promise<void> {
  while (!isTrained(run) && !hands.stopped()) {
    const other = trainerOf(run.directory)
    if (other) {
      hands.onState(`is trained by process ${other.pid}${other.host ? ` of ${other.host}` : ''}`)
      await sleep(LOOK)
      continue
    }
    const isNew = !isRun(run.directory)
    try {
      return await train(run, root, hands)
    } catch (error) {
      const refused = error instanceof ChildError && error.code === 'run'
      // Another process was quicker, and may be done.
      const isTaken = trainerOf(run.directory) || (isNew && isRun(run.directory))
      if (!refused || !isTaken) throw error
    }
  }
}

function measure({ directory }: LocalRun, request: EvaluationRequest, hands: Hands): Promise<void> {
  const { steps, count, seed, method, weights, metrics, features } = request
  const options = {
    ...{ steps: steps.join(','), count, seed, method, weights: weights[0] },
    ...(metrics && { metrics: String(metrics) }),
    ...(features !== undefined && { features }),
  }
  const words = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])
  hands.onState('is measured')
  return hands.call(['evaluate', directory, ...words, '--no-report'])
}

/**
 * Does what is missing of a job: goes on with the training from its newest checkpoint, then measures. What is there already is
 * left alone, so a job may be done again, by anybody, at any time.
 *
 * @param root  the comparison's directory
 * @returns whether it is done; not, where it was stopped on the way
 * @throws ChildError when the training or the measurement fails
 */
export async function perform(
  run: LocalRun,
  root: string,
  request: EvaluationRequest | null,
  hands: Hands,
): Promise<boolean> {
  try {
    await trainOrWait(run, root, hands)
    if (request && !hands.stopped() && !isDone(run, request)) await measure(run, request, hands)
    return isDone(run, request)
  } catch (error) {
    // It was asked to end.
    if (hands.stopped()) return false
    throw error
  }
}
