import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whether a run has taken all of its steps: one that was stopped has a model too. */
export function isTrained(run) {
  if (!existsSync(join(run, 'model.onnx'))) return false
  const { config } = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'))
  const last = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n').at(-1)
  return JSON.parse(last).step === config.steps
}
