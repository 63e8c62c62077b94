import { existsSync } from 'node:fs'
import { type EvaluationRequest, recordedEvaluation } from '../evaluation/evaluate.ts'
import { checkpointSteps } from '../serialization/checkpoint.ts'
import { isRun, paths } from '../serialization/run.ts'

/** A run that a comparison needs. */
interface Needed {
  readonly directory: string
  readonly config: { readonly steps: number }
}

/** Whether a run is trained to its end: its folder alone says so, whoever trained it. */
export function isTrained({ directory, config }: Needed): boolean {
  const { model, onnx, card } = paths(directory)
  const whole = [model, onnx, card].every(file => existsSync(file))
  return isRun(directory) && whole && checkpointSteps(directory).at(-1) === config.steps
}

/** Whether a run is trained and measured as it is asked for; with no request, whether it is trained. */
export const isDone = (run: Needed, request: EvaluationRequest | null): boolean =>
  isTrained(run) && (request === null || recordedEvaluation(run.directory, request) !== undefined)
