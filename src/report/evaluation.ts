import { metrics } from '../metric/catalogue.ts'
import type { Evaluation, EvaluationRow } from '../training/evaluate.ts'
import type { Cell, Metric, TableData } from './types.ts'

/** A metric that is not in the metrics' catalogue because it compares points one by one. */
const TRAJECTORY = { name: 'trajectoryError', label: 'distance to the exact flow map' }

/** A metric with its label and its floor, as an evaluation recorded it. */
export function describeMetric(name: string, row: EvaluationRow): Metric {
  if (name === TRAJECTORY.name) return { ...TRAJECTORY, floor: null }
  const { floor: value, low, high } = row.metrics[name]
  return { name, label: metrics[name].label, floor: { value, low, high } }
}

/** An evaluation as a table: a row for each kind of weights. */
export function evaluationTable({ request, rows }: Evaluation): TableData {
  const names = Object.keys(rows[0].metrics)
  const weights = [...new Set(rows.map(row => row.weights))]
  const cell = ({ steps, metrics }: EvaluationRow): Cell => ({
    steps,
    values: Object.fromEntries(
      Object.entries(metrics).map(([name, { value }]) => {
        const mean = value ?? Number.NaN
        return [name, { mean, sd: null, values: [mean] }]
      }),
    ),
  })
  return {
    metrics: names.map(name => describeMetric(name, rows[0])),
    methods: weights.map(id => ({
      id,
      label: id === 'ema' ? 'averaged' : 'raw',
      cells: rows.filter(row => row.weights === id).map(cell),
    })),
    seeds: 1,
    count: request.count,
  }
}

/** Warns where more steps give clearly worse samples than fewer. */
export function stepWarnings({ rows }: Evaluation): string[] {
  const weights = [...new Set(rows.map(row => row.weights))]
  return weights.flatMap(id => {
    const own = rows.filter(row => row.weights === id)
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
