import type { FloorRange } from '../metric/prepare.ts'
import { type Standing, standing, together } from '../metric/standing.ts'
import { decimalsFor, formatNumber } from './format.ts'
import type { MethodRow, Metric, SeedAverage, TableData } from './types.ts'

/** One entry of a table, formatted, with what is to be said about it. */
export interface Entry {
  readonly estimate: SeedAverage
  readonly mean: string
  /** `null` with a single seed. */
  readonly sd: string | null
  /** `low to high`, or `null` where no interval was measured. */
  readonly interval: string | null
  /** The best mean of a column with at least two. */
  readonly best: boolean
  /** What all metrics of its method and number of steps say together; absent where none has a floor. */
  readonly standing?: Standing
}

/** The marks of a standing: within all floors, and too few samples to tell. */
const MARKS: Readonly<Record<Standing, string>> = { within: '≈', unclear: '?', beyond: '' }

/** `*` for the best of a column, `≈` where every metric is within its floor, `?` where too few samples tell. */
export function marksOf({ best, standing }: Entry): string {
  return `${best ? '*' : ''}${standing ? MARKS[standing] : ''}`
}

/** One metric of every method at every number of steps. */
export interface ResultsTable {
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
export function estimateAt(method: MethodRow, metric: string, steps: number): SeedAverage | undefined {
  return method.cells.find(cell => cell.steps === steps)?.values[metric]
}

const nearestTo = (floor: FloorRange | null): string =>
  floor ? 'nearest to the floor is better' : 'neither way is better'

/** A metric's name, unit and, where it is not the usual one, its better direction. */
export function headingOf({ label, unit, direction, floor }: Metric): string {
  const better = direction === 'nearest' ? nearestTo(floor) : direction === 'higher' ? 'higher is better' : ''
  const notes = [...(unit ? [unit] : []), ...(better ? [better] : [])]
  return notes.length > 0 ? `${label} (${notes.join(', ')})` : label
}

/** Decimals that fit values of a metric and its floor. */
export function decimalsOf({ floor, percent }: Metric, values: readonly number[]): number {
  return percent ? 2 : decimalsFor([...values, ...(floor ? [floor.value] : [])])
}

/** Shares that are shown in percent, times a hundred; once, whatever is shown of the data. */
export function inPercent<T extends TableData>(data: T): T {
  const shares = new Set(
    data.metrics.filter(({ percent, unit }) => percent && unit !== '%').map(({ name }) => name),
  )
  if (shares.size === 0) return data
  const times = <V extends number | null>(value: V): V => (value === null ? value : 100 * value) as V
  const pair = <P extends readonly [number | null, number | null]>([low, high]: P): P =>
    [times(low), times(high)] as unknown as P
  const estimate = (found: SeedAverage): SeedAverage => ({
    mean: times(found.mean),
    sd: times(found.sd),
    values: found.values.map(times),
    ...(found.interval && { interval: pair(found.interval) }),
  })
  return {
    ...data,
    metrics: data.metrics.map(metric =>
      shares.has(metric.name)
        ? {
            ...metric,
            unit: '%',
            ...(metric.range && { range: pair(metric.range) }),
            floor: metric.floor && {
              value: times(metric.floor.value),
              low: times(metric.floor.low),
              high: times(metric.floor.high),
            },
          }
        : metric,
    ),
    methods: data.methods.map(method => ({
      ...method,
      cells: method.cells.map(cell => ({
        ...cell,
        values: Object.fromEntries(
          Object.entries(cell.values).map(([name, value]) => [
            name,
            shares.has(name) ? estimate(value) : value,
          ]),
        ),
      })),
    })),
  }
}

/** Whether one value of a metric can be better than another. */
export const ranks = ({ direction, floor }: Metric): boolean => direction !== 'nearest' || floor !== null

/** Positive where `b` is better than `a`. */
export function gain({ direction, floor }: Metric, a: number, b: number): number {
  if (direction === 'nearest') return floor ? Math.abs(a - floor.value) - Math.abs(b - floor.value) : 0
  return direction === 'higher' ? b - a : a - b
}

/** The interval of an estimate; of several seeds that of their mean. */
function intervalOf({ mean, sd, interval, values }: SeedAverage): readonly [number, number] | undefined {
  if (sd === null || values.length < 2) return interval
  const reach = (1.96 * sd) / Math.sqrt(values.length)
  return [mean - reach, mean + reach]
}

/**
 * What all metrics of samples that have a floor say of a method at a number of steps: samples pass for data where all of them do.
 */
export function standingAt(
  { metrics }: Pick<TableData, 'metrics'>,
  method: MethodRow,
  steps: number,
): Standing | undefined {
  return together(
    metrics.flatMap(({ name, floor, direction }) => {
      const estimate = estimateAt(method, name, steps)
      if (!estimate || !floor || direction === 'nearest') return []
      return [standing(estimate.mean, intervalOf(estimate), floor, direction)]
    }),
  )
}

/** Methods measured at `steps` with a finite mean, best first. */
export function ranking(
  methods: readonly MethodRow[],
  metric: Metric,
  steps: number,
): { method: MethodRow; estimate: SeedAverage }[] {
  return methods
    .flatMap(method => {
      const estimate = estimateAt(method, metric.name, steps)
      return estimate && Number.isFinite(estimate.mean) ? [{ method, estimate }] : []
    })
    .sort((a, b) => gain(metric, a.estimate.mean, b.estimate.mean))
}

/** A floor as `value (low to high)`. */
export function formatFloor(floor: FloorRange, decimals: number): string {
  const [value, low, high] = [floor.value, floor.low, floor.high].map(v => formatNumber(v, decimals))
  return `${value} (${low} to ${high})`
}

/** Arranges one metric for a table: columns are numbers of steps, rows are methods. */
export function resultsTable(data: TableData, metric: Metric): ResultsTable {
  const steps = stepsOf(data.methods)
  const means = data.methods.flatMap(method => method.cells.map(cell => cell.values[metric.name]?.mean ?? 0))
  const decimals = decimalsOf(metric, means)
  const leading = steps.map(n => {
    const ranked = ranking(data.methods, metric, n)
    return ranked.length > 1 && ranks(metric) ? ranked[0].estimate.mean : Number.NaN
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
      standing: metric.floor ? standingAt(data, method, steps[column]) : undefined,
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
