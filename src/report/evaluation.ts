import { metrics } from '../metric/catalogue.ts'
import type { Evaluation, EvaluationRow } from '../training/evaluate.ts'
import type { Cell, MethodRow, Metric, TableData } from './types.ts'

/** A metric that is not in the metrics' catalogue because it compares points one by one. */
const TRAJECTORY = { name: 'trajectoryError', label: 'distance to the exact flow map' }

/** A metric with its label and its floor, as an evaluation recorded it. */
function describeMetric(name: string, row: EvaluationRow): Metric {
  if (name === TRAJECTORY.name) return { ...TRAJECTORY, floor: null }
  const { floor: value, low, high } = row.metrics[name]
  return { name, label: metrics[name].label, floor: { value, low, high } }
}

/** Every metric of some rows, each as the first row that has it recorded it. */
export const metricsOf = (rows: readonly EvaluationRow[]): Metric[] =>
  [...new Set(rows.flatMap(row => Object.keys(row.metrics)))].map(name =>
    describeMetric(name, rows.find(row => name in row.metrics)!),
  )

const cellOf = ({ steps, method, metrics }: EvaluationRow): Cell => ({
  steps,
  sampler: method,
  values: Object.fromEntries(
    Object.entries(metrics).map(([name, { value }]) => {
      const mean = value ?? Number.NaN
      return [name, { mean, sd: null, values: [mean] }]
    }),
  ),
})

/** A row of the table: a kind of weights, and the times where they were asked for. */
export const rowId = ({ weights, grid }: EvaluationRow): string => [weights, ...(grid ?? [])].join(' ')

function rowOf(id: string, rows: readonly EvaluationRow[]): MethodRow {
  const [{ weights, grid }] = rows
  const methods = new Set(rows.map(row => row.method ?? 'jump'))
  methods.delete('jump')
  const words = [weights === 'ema' ? 'averaged' : 'raw', ...methods, ...(grid ? [grid.join(' ')] : [])]
  return { id, label: words.join(', '), cells: rows.map(cellOf) }
}

/** An evaluation as a table: a row for each kind of weights, and for each grid asked for by its times. */
export function evaluationTable({ request, rows }: Evaluation): TableData {
  const ids = [...new Set(rows.map(rowId))]
  return {
    metrics: metricsOf(rows),
    methods: ids.map(id =>
      rowOf(
        id,
        rows.filter(row => rowId(row) === id),
      ),
    ),
    seeds: 1,
    count: request.count,
  }
}

/** Warns where more steps give clearly worse samples than fewer. */
export function stepWarnings({ rows }: Evaluation): string[] {
  const weights = [...new Set(rows.map(row => row.weights))]
  return weights.flatMap(id => {
    const own = rows.filter(row => row.weights === id && !row.grid)
    const values = own.map(row => row.metrics.slicedWasserstein?.value ?? Number.NaN)
    const best = values.indexOf(Math.min(...values))
    const last = values.length - 1
    const { low = 0, high = 0 } = own[best]?.metrics.slicedWasserstein ?? {}
    const worse = best >= 0 && values[last] - values[best] > high - low
    return worse
      ? [
          `${id} weights: ${own[last].steps} steps are worse than ${own[best].steps} (sliced Wasserstein ${values[last].toPrecision(3)} against ${values[best].toPrecision(3)})`,
        ]
      : []
  })
}
