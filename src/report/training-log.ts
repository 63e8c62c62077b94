import { readMetrics } from '../serialization/run.ts'

/** Seconds that the training steps of a run took, from the recorded rates. */
export function trainingSeconds(directory: string): number {
  let before = 0
  return readMetrics(directory).reduce((total, { step, stepsPerSecond }) => {
    const seconds = (step - before) / stepsPerSecond
    before = step
    return total + seconds
  }, 0)
}
