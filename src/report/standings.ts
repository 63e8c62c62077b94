import { decimalsFor, formatNumber } from './format.ts'
import type { Estimate, Floor, MethodRow, Metric, TableData } from './types.ts'

/** One entry of a table, formatted, with what is to be said about it. */
export interface Entry {
  readonly estimate: Estimate
  readonly mean: string
  /** `null` with a single seed. */
  readonly sd: string | null
  /** `low to high`, or `null` where no interval was measured. */
  readonly interval: string | null
  /** The best mean of a column with at least two. */
  readonly best: boolean
  /** Within the floor's range or below it: not to be told from the data at this sample count. */
  readonly atFloor: boolean
}

/** `*` for the best of a column, `≈` for what lies within the floor. */
export function marksOf(entry: Entry): string {
  return `${entry.best ? '*' : ''}${entry.atFloor ? '≈' : ''}`
}

/** One metric of every method at every number of steps. */
export interface Standings {
  readonly metric: Metric
  readonly steps: readonly number[]
  readonly rows: readonly { readonly method: MethodRow; readonly entries: readonly (Entry | null)[] }[]
  readonly decimals: number
  /** `value (low to high)`, or `null` where the metric has no floor. */
  readonly floor: string | null
}

/** Every number of steps that some method was measured at, ascending. */
export function stepsOf(methods: readonly MethodRow[]): number[] {
  const all = methods.flatMap(method => method.cells.map(cell => cell.steps))
  return [...new Set(all)].sort((a, b) => a - b)
}

/** What `method` scored on `metric` at `steps`, if it was measured. */
export function estimateAt(method: MethodRow, metric: string, steps: number): Estimate | undefined {
  return method.cells.find(cell => cell.steps === steps)?.values[metric]
}

/** A metric's name, unit and, where it is not the usual one, its better direction. */
export function headingOf({ label, unit, direction }: Metric): string {
  const notes = [...(unit ? [unit] : []), ...(direction === 'higher' ? ['higher is better'] : [])]
  return notes.length > 0 ? `${label} (${notes.join(', ')})` : label
}

/** Positive where `b` is better than `a`. */
export function gain({ direction }: Metric, a: number, b: number): number {
  return direction === 'higher' ? b - a : a - b
}

/** Whether an estimate lies within the floor's range, or beyond it on the better side. */
export function isAtFloor(estimate: Estimate, metric: Metric): boolean {
  const { floor } = metric
  if (floor === null) return false
  return metric.direction === 'higher' ? estimate.mean >= floor.low : estimate.mean <= floor.high
}

/** Methods measured at `steps` with a finite mean, best first. */
export function ranking(
  methods: readonly MethodRow[],
  metric: Metric,
  steps: number,
): { method: MethodRow; estimate: Estimate }[] {
  return methods
    .flatMap(method => {
      const estimate = estimateAt(method, metric.name, steps)
      return estimate && Number.isFinite(estimate.mean) ? [{ method, estimate }] : []
    })
    .sort((a, b) => gain(metric, a.estimate.mean, b.estimate.mean))
}

/** A floor as `value (low to high)`. */
export function formatFloor(floor: Floor, decimals: number): string {
  const [value, low, high] = [floor.value, floor.low, floor.high].map(v => formatNumber(v, decimals))
  return `${value} (${low} to ${high})`
}

/** Arranges one metric for a table: columns are numbers of steps, rows are methods. */
export function standings(data: TableData, metric: Metric): Standings {
  const steps = stepsOf(data.methods)
  const means = data.methods.flatMap(method => method.cells.map(cell => cell.values[metric.name]?.mean ?? 0))
  const decimals = decimalsFor([...means, ...(metric.floor ? [metric.floor.value] : [])])
  const leading = steps.map(n => {
    const ranked = ranking(data.methods, metric, n)
    return ranked.length > 1 ? ranked[0].estimate.mean : Number.NaN
  })
  const entry = (method: MethodRow, column: number): Entry | null => {
    const estimate = estimateAt(method, metric.name, steps[column])
    if (!estimate) return null
    return {
      estimate,
      mean: formatNumber(estimate.mean, decimals),
      sd: estimate.sd === null ? null : formatNumber(estimate.sd, decimals),
      interval: estimate.interval
        ? estimate.interval.map(end => formatNumber(end, decimals)).join(' to ')
        : null,
      best: estimate.mean === leading[column],
      atFloor: isAtFloor(estimate, metric),
    }
  }
  return {
    metric,
    steps,
    rows: data.methods.map(method => ({ method, entries: steps.map((_, column) => entry(method, column)) })),
    decimals,
    floor: metric.floor && formatFloor(metric.floor, decimals),
  }
}
