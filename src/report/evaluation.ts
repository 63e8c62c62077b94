import type { ClassRow } from '../evaluation/asked-rows.ts'
import type { Evaluation, EvaluationRow, MapRow, MetricValue } from '../evaluation/evaluate.ts'
import type { SavedEvaluation } from '../evaluation/saved-samples.ts'
import { described } from '../metric/map-catalogue.ts'
import { COPIES } from '../metric/memorised.ts'
import { type Standing, standing, together } from '../metric/standing.ts'
import { allMetrics } from '../metric/table.ts'
import { formatCount, landing, plural } from './format.ts'
import { gain } from './results-table.ts'
import type { Cell, MethodRow, Metric, RunData, SeedAverage, TableData } from './types.ts'

/** A metric with its label, what its numbers mean and its floor, as an evaluation recorded it. */
function describeMetric(name: string, row: Pick<EvaluationRow, 'metrics'>): Metric {
  const { floor: value, low, high, unit, range, direction } = row.metrics[name]
  // Compared with what is exact the floor is 0, and is not shown.
  const isExact = low === 0 && high === 0 && !Object.hasOwn(allMetrics, name)
  const floor = value !== null && low !== null && high !== null && !isExact ? { value, low, high } : null
  const { label = name, percent } = described[name] ?? {}
  return { name, label, unit: unitText(unit), range, direction, floor, ...(percent && { percent }) }
}

const unitText = (unit: string): string | undefined => (unit === 'none' ? undefined : unit)

/** Every metric of some rows, each as the first row that has it recorded it. */
export const metricsOf = (rows: readonly Pick<EvaluationRow, 'metrics'>[]): Metric[] =>
  [...new Set(rows.flatMap(row => Object.keys(row.metrics)))].map(name =>
    describeMetric(name, rows.find(row => name in row.metrics)!),
  )

/** One measurement: its value and, where there is one, its confidence interval. */
export function estimateOf({ value, interval }: MetricValue): SeedAverage {
  const mean = value ?? Number.NaN
  return { mean, sd: null, values: [mean], ...(interval && { interval }) }
}

const cellOf = ({ steps, method, metrics }: EvaluationRow): Cell => ({
  steps,
  sampler: method,
  values: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, estimateOf(metric)])),
})

/** A row of the table: a kind of weights, and the times where they were asked for. */
export const rowId = ({ weights, grid }: EvaluationRow): string => [weights, ...(grid ?? [])].join(' ')

function rowOf(id: string, rows: readonly EvaluationRow[], without = false): MethodRow {
  const [{ weights, grid }] = rows
  const methods = new Set(rows.map(row => row.method ?? 'jump'))
  methods.delete('jump')
  const words = [
    weights === 'ema' ? 'averaged' : weights,
    ...methods,
    ...(without ? ['unconditional'] : []),
    ...(grid ? [grid.join(' ')] : []),
  ]
  return { id, label: words.join(', '), cells: rows.map(cellOf) }
}

/** Samples that were measured, where the data has too few rows for as many as were asked for. */
export const measuredCount = ({ count, request }: Pick<Evaluation, 'count' | 'request'>): number =>
  count ?? request.count

/** An evaluation as a table: a row for each kind of weights, and for each grid asked for by its times. */
export function evaluationTable(evaluation: Evaluation): TableData {
  const { rows } = evaluation
  const ids = [...new Set(rows.map(rowId))]
  return {
    metrics: metricsOf(rows),
    methods: ids.map(id =>
      rowOf(
        id,
        rows.filter(row => rowId(row) === id),
        evaluation.request.without,
      ),
    ),
    seeds: 1,
    count: measuredCount(evaluation),
  }
}

/** A metric in a line: its value with the interval, and what data scores in the place of samples. */
function metricLine(name: string, metric: MetricValue, who: string): string {
  const { value, unit, note, pValue } = metric
  const { floor, percent } = describeMetric(name, { metrics: { [name]: metric } })
  const parts = [
    value === null
      ? 'not measured'
      : `${shown(metric, percent)}${unit === 'none' || percent ? '' : ` ${unit}`}`,
    ...(floor ? [`floor ${shown({ value: floor.value, interval: [floor.low, floor.high] }, percent)}`] : []),
    ...(percent && value !== null ? [landing(value)] : []),
    ...(pValue === undefined ? [] : [`p = ${pValue.toPrecision(2)}`]),
    ...(note ? [note] : []),
  ]
  return `${described[name]?.label ?? name}${who}: ${parts.join('; ')}`
}

const SAID: Readonly<Record<Standing, string>> = {
  within: 'Every metric is within its floor: not to be told from the data at this sample count.',
  unclear: 'Close to the data, but there are too few samples to tell.',
  beyond: '',
}

/** The metrics of saved samples, a line each, and what they say together where strays are among them. */
export function savedLines({ metrics: values }: SavedEvaluation): string {
  const lines = Object.entries(values).map(([name, metric]) => metricLine(name, metric, ''))
  const standings = metricsOf([{ metrics: values }]).flatMap(({ name, floor, direction }) => {
    const { value, interval } = values[name]
    return floor && direction !== 'nearest' ? [standing(value ?? Number.NaN, interval, floor, direction)] : []
  })
  const said = 'strays' in values ? SAID[together(standings) ?? 'beyond'] : ''
  return [...lines, ...(said ? [said] : [])].join('\n')
}

/** The metrics of maps themselves, a line each. */
export const mapLines = (maps: readonly MapRow[]): string =>
  maps
    .flatMap(({ weights, metrics }) =>
      Object.entries(metrics).map(([name, metric]) => metricLine(name, metric, `, ${weights} weights`)),
    )
    .join('\n')

/** Classes that are listed. */
const LISTED = 20

/** What became of each class in the fewest steps; nothing of a map without classes. */
export function byClass({ rows }: Pick<Evaluation, 'rows'>): RunData['byClass'] {
  const [row] = rows.filter(({ classes }) => classes).sort((a, b) => a.steps - b.steps)
  return row?.classes && { steps: row.steps, weights: row.weights, classes: row.classes }
}

/** The class of which the smallest part was recognised. */
const worstClass = (classes: readonly ClassRow[]): ClassRow =>
  classes.reduce((a, b) => (b.count > 0 && b.agreement < a.agreement ? b : a))

/** The same in lines. */
export function classLines(evaluation: Pick<Evaluation, 'rows'>): string[] {
  const row = byClass(evaluation)
  if (!row) return []
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  const drawn = row.classes.filter(({ count }) => count > 0)
  const without = row.classes.length - drawn.length
  const lines = drawn
    .slice(0, LISTED)
    .map(
      ({ name, count, agreement, strays, coverage }) =>
        `  class ${name}: ${percent(agreement)} of ${count} samples belong to it, ${percent(strays)} stray` +
        (coverage === undefined ? '' : `, covers ${percent(coverage)}`),
    )
  const more = drawn.length - LISTED
  const worst = worstClass(row.classes)
  return [
    `By class, ${plural(row.steps, 'step')}, ${row.weights} weights, the worst is class ${worst.name} (${percent(worst.agreement)}):`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more classes; --json has all`] : []),
    ...(without > 0 ? [`  of ${without} more no sample was drawn`] : []),
  ]
}

/** What decides whether more steps are worse. */
const HEADLINES = ['strays', 'slicedWasserstein']

const shown = ({ value, interval }: Pick<MetricValue, 'value' | 'interval'>, percent = false): string => {
  const number = (x: number): string => (percent ? (100 * x).toFixed(2) : x.toPrecision(3))
  const [low, high] = (interval ?? []).map(number)
  const around = interval && low !== high ? ` (${low} to ${high})` : ''
  return `${number(value!)}${percent ? ' %' : ''}${around}`
}

/** Whether two values lie outside of each other's intervals. */
const differ = (a: MetricValue, b: MetricValue): boolean => {
  const outside = (value: number, [low, high]: readonly [number, number]) => value < low || value > high
  return Boolean(a.interval && b.interval && outside(a.value!, b.interval) && outside(b.value!, a.interval))
}

/** Says how many samples are not finite numbers: these stray, and metrics that cannot place them have no value. */
const notFiniteWarnings = (rows: readonly EvaluationRow[], count: number): string[] =>
  rows.flatMap(({ steps, weights, notFinite }) =>
    notFinite
      ? [
          `${weights} weights, ${plural(steps, 'step')}: ${formatCount(notFinite)} of ${formatCount(count)} samples are not finite numbers; ` +
            'they count as strays, and metrics that cannot place them are not measured',
        ]
      : [],
  )

/** Says of samples that repeat training rows. */
const copyWarnings = (rows: readonly EvaluationRow[]): string[] =>
  rows.flatMap(({ steps, weights, metrics: { memorised } }) =>
    memorised?.value != null && memorised.value > COPIES
      ? [
          `${weights} weights, ${plural(steps, 'step')}: ${shown(memorised, true)} of the samples are copies of training data or nearly so; 1 % would be chance`,
        ]
      : [],
  )

/** What a reader of an evaluation must not miss. */
export const evaluationWarnings = (evaluation: Evaluation): string[] => [
  ...notFiniteWarnings(evaluation.rows, measuredCount(evaluation)),
  ...copyWarnings(evaluation.rows),
  ...stepWarnings(evaluation),
]

/**
 * Warns where the most steps give clearly worse samples than fewer do: by the share of strays or the sliced Wasserstein
 * distance, or the first metric where neither was measured. Clearly is outside of each other's confidence interval.
 */
export function stepWarnings({ rows }: Pick<Evaluation, 'rows'>): string[] {
  const weights = [...new Set(rows.map(row => row.weights))]
  return weights.flatMap(id => {
    const own = rows.filter(row => row.weights === id && !row.grid).sort((a, b) => a.steps - b.steps)
    const names = HEADLINES.filter(name => own.length > 0 && name in own[0].metrics)
    const [first] = Object.keys(own[0]?.metrics ?? {})
    return (names.length > 0 ? names : [first]).flatMap(name => worseWithMore(id, own, name)).slice(0, 1)
  })
}

/** Whether the last of some rows, of rising numbers of steps, is clearly worse than the best by a metric. */
function worseWithMore(id: string, own: readonly EvaluationRow[], name: string): string[] {
  const found = own.filter(row => row.metrics[name]?.value != null)
  const last = found.at(-1)
  if (!last) return []
  const metric = describeMetric(name, last)
  const gained = (from: EvaluationRow, to: EvaluationRow): number =>
    gain(metric, from.metrics[name].value!, to.metrics[name].value!)
  const best = found.reduce((a, b) => (gained(a, b) > 0 ? b : a))
  const [worst, least] = [last.metrics[name], best.metrics[name]]
  if (gained(last, best) <= 0 || !differ(worst, least)) return []
  const { label = name, percent } = described[name] ?? {}
  return [
    `${id} weights: ${last.steps} steps are worse than ${best.steps} (${label} ${shown(worst, percent)} against ${shown(least, percent)})`,
  ]
}
