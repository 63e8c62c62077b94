import { openDataset } from '../data/catalogue.ts'
import { writeCard } from '../report/card.ts'
import { evaluationTable, stepWarnings } from '../report/evaluation.ts'
import { comparisonTable } from '../report/table.ts'
import { writeRunReport } from '../report/write-report.ts'
import { evaluateRun, writeEvaluation } from '../training/evaluate.ts'
import type { WeightsName } from '../training/model.ts'
import type { MethodName } from '../training/sampling.ts'
import { columns, note, print, printJson } from './terminal.ts'

interface EvaluateFlags {
  readonly steps: number[]
  readonly grid?: (readonly number[])[]
  readonly count: number
  readonly seed: number
  readonly data?: string
  readonly method: MethodName
  readonly weights: WeightsName | 'both'
  /** False with `--no-report`. */
  readonly report: boolean
  readonly json?: boolean
}

/** `oxbow evaluate`. */
export async function evaluateCommand(run: string, flags: EvaluateFlags): Promise<void> {
  const { grid: grids, count, seed, data, method, json } = flags
  const steps = grids ? [] : flags.steps
  const weights: WeightsName[] = flags.weights === 'both' ? ['ema', 'raw'] : [flags.weights]
  const dataset = data === undefined ? undefined : await openDataset(data)
  const evaluation = await evaluateRun(run, { steps, grids, count, seed, method, weights }, dataset)
  if (!dataset) {
    writeEvaluation(run, evaluation)
    writeCard(run)
    if (flags.report) await writeRunReport(run)
  }
  for (const text of evaluation.notes) note(`oxbow: ${text}`)
  if (json) return printJson({ rows: evaluation.rows })
  print(comparisonTable(evaluationTable(evaluation), { columns: columns() }))
  for (const warning of stepWarnings(evaluation)) note(warning)
}
