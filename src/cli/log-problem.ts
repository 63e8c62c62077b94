import { logProblemOf } from '../serialization/run.ts'
import { note } from './terminal.ts'

/** Tells of damaged lines in the metrics of a run. */
export function noteLogProblem(directory: string): void {
  const problem = logProblemOf(directory)
  if (problem) note(`oxbow: ${problem}`)
}
