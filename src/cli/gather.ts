import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ComparisonConfig, Plan } from '../evaluation/comparison.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { gatherComparison } from '../report/comparison.ts'
import { wrap } from '../report/format.ts'
import { readingOf } from '../report/reading.ts'
import { comparisonMarkdown, comparisonTable } from '../report/table.ts'
import { terminalRow } from '../report/terminal-scatter.ts'
import { besideOf } from '../report/text-samples.ts'
import type { ComparisonData } from '../report/types.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { noteLogProblem } from './log-problem.ts'
import { columns, note, print, printJson } from './terminal.ts'

const machineRows = ({ metrics, methods, seeds }: ComparisonData, plan: Plan) =>
  methods.flatMap(({ id, label, cells }) =>
    cells.flatMap(({ steps, sampler: method, values }) =>
      metrics.flatMap(({ name, floor }) => {
        if (!values[name]) return []
        const { mean, sd } = values[name]
        const { objective } = plan.methods.find(method => method.id === id)!
        return [{ objective, label, steps, method, metric: name, mean, sd, seeds, floor: floor?.value ?? 0 }]
      }),
    ),
  )

async function showClouds({ methods, reference, referenceTexts, dataset }: ComparisonData): Promise<void> {
  if (referenceTexts) return
  const first = methods.map(({ label, samples }) => ({ title: label, points: samples[0]?.points }))
  const panels = [{ title: 'data', points: reference }, ...first].flatMap(({ title, points }) =>
    points ? [{ title, points }] : [],
  )
  print(terminalRow(panels, dataset, columns()))
}

interface Gathered {
  readonly comparison: ComparisonConfig
  readonly plan: Plan
  readonly request: EvaluationRequest
  readonly command: string
  /** By run directory: what is missing, and why. */
  readonly failures: ReadonlyMap<string, Error>
  readonly json?: boolean
}

/** Reports on the runs that are there, in a directory that is locked. @returns the exit code: 1 where some are missing */
export async function gather(root: string, asked: Gathered): Promise<number> {
  const { comparison, plan, request, command, failures, json } = asked
  const { metric } = comparison
  for (const [directory, error] of failures) note(`oxbow: ${directory}: ${error.message}`)
  const finished = plan.runs.filter(run => !failures.has(run.directory))
  if (finished.length === 0) throw new Error('no run of the comparison succeeded')

  const data = await gatherComparison({
    comparison,
    plan: { ...plan, runs: finished },
    request,
    command,
    config: stringify(comparison),
  })
  for (const { directory } of finished) noteLogProblem(directory)
  const { comparisonReport } = await import('../report/html.ts')
  const { writePlots } = await import('../report/plot-files.ts')
  const report = join(root, 'report.html')
  writeFileAtomic(root, report, comparisonReport(data))
  writeFileAtomic(root, join(root, 'report.md'), comparisonMarkdown(data))
  await writePlots(root, join(root, 'plots'), data)
  const code = failures.size > 0 ? 1 : 0
  if (json) {
    const failed = Object.fromEntries([...failures].map(([name, { message }]) => [name, message]))
    printJson({ rows: machineRows(data, plan), report, failures: failed })
    return code
  }
  // What comes before strays tells of lost modes, where only rows are compared that may have any.
  const names = data.metrics.map(({ name }) => name)
  const first = names.slice(0, Math.max(0, names.indexOf('strays')))
  // Text and curved spaces have metrics of their own.
  const own = names.includes('strays') ? [] : names.slice(0, 1)
  const beside = besideOf(data.metrics).map(({ name }) => name)
  const shown = [...first, 'strays', metric, ...own, ...beside]
  print(comparisonTable(data, { columns: columns(), shown }))
  for (const line of wrap(readingOf(data), columns())) print(line)
  if (process.stdout.isTTY) await showClouds(data)
  print(`\nreport: ${report}`)
  return code
}
