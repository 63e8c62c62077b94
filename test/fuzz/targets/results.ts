import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { evaluateRun, readEvaluation, writeEvaluation } from '../../../src/evaluation/evaluate.ts'
import { readImportance } from '../../../src/evaluation/importance-file.ts'
import { byClass, classLines, evaluationTable, evaluationWarnings } from '../../../src/report/evaluation.ts'
import { trainerOf } from '../../../src/serialization/lock.ts'
import { json } from '../forms/json.ts'
import type { Target } from '../target.ts'
import { asJson, contentOf, trainedIn } from '../trained.ts'

const importance = {
  ...{ energy: 'ring', grid: [1, 0], method: 'jump', density: 'flow', count: 10, seed: 0, weights: 'ema' },
  ...{
    logNormalizer: 0,
    error: null,
    known: 1,
    effectiveShare: 0.5,
    effectiveShareFromTarget: null,
    divergence: 0,
  },
  ...{ paretoK: 0.1, clipped: { part: 0.1, logNormalizer: 0, effectiveShare: 0.2 }, folded: 0, lost: 0 },
  ...{ means: { x: { value: 0, error: 0, known: null } }, target: null, evaluations: 10 },
  ...{ histogram: { low: 0, high: 1, counts: [1, 2] }, warnings: [] },
}
const lock = { oxbow: '0.1.0', pid: 1, host: 'x', since: '2026-01-01T00:00:00Z', token: 'a' }

export const target: Target = {
  form: json,
  words: ['metrics', 'rows', 'steps', 'value', 'interval', 'floor', 'weights', 'ema', 'raw'],
  errors: ['RunError'],
  share: 30_000,
  async open(folder) {
    const run = await trainedIn(folder)
    const request = { steps: [1], count: 20, seed: 0, method: 'jump', weights: ['ema'] } as const
    writeEvaluation(run, await evaluateRun(run, request as never))
    return {
      corpus: [contentOf(run, 'evaluation.json'), asJson(importance), asJson(lock)],
      read(input) {
        for (const name of ['evaluation.json', 'importance.json', '.lock'])
          writeFileSync(join(run, name), input)
        trainerOf(run)
        let failed: unknown
        for (const act of [() => readImportance(run), () => readEvaluation(run)]) {
          try {
            const found = act()
            if (found && 'rows' in found) {
              evaluationTable(found)
              evaluationWarnings(found)
              byClass(found)
              classLines(found)
            }
          } catch (error) {
            if ((error as Error).name !== 'RunError') throw error
            failed = error
          }
        }
        if (failed) throw failed
      },
    }
  },
}
