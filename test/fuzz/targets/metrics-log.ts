import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { logProblem, logUntil, readLog } from '../../../src/serialization/metrics-log.ts'
import { jsonLines } from '../forms/json.ts'
import type { Target } from '../target.ts'
import { contentOf, trainedIn } from '../trained.ts'

export const target: Target = {
  form: jsonLines,
  words: ['step', 'loss', 'terms', 'residual', 'gradientNorm'],
  // Damaged lines are left out, and nothing is refused.
  errors: [],
  share: 60_000,
  async open(folder) {
    const run = await trainedIn(folder, { steps: 12 })
    const file = join(run, 'metrics.jsonl')
    return {
      corpus: [contentOf(run, 'metrics.jsonl')],
      read(input, drawn) {
        writeFileSync(file, input)
        const steps = readLog(file).flatMap(({ line }) => line?.step ?? [])
        if (steps.some((step, i) => i > 0 && step <= steps[i - 1]))
          throw new Error(`steps do not rise: ${steps}`)
        logProblem(file)
        logUntil(file, drawn.integer(14))
      },
    }
  },
}
