import { formatNumber, landing, listing, plural } from './format.ts'
import {
  decimalsOf,
  formatFloor,
  gain,
  inPercent,
  ranking,
  ranks,
  standingAt,
  stepsOf,
} from './results-table.ts'
import { besideOf } from './text-samples.ts'
import type { MethodRow, Metric, SeedAverage, TableData } from './types.ts'

/**
 * One paragraph on what the numbers show, by the first metric: which method is best at the fewest steps and whether
 * the lead exceeds the spread, whose samples no metric tells from the data and where, and what more steps bring.
 */
export function readingOf(given: TableData): string {
  const data = inPercent(given)
  const [metric] = data.metrics
  const steps = stepsOf(data.methods)
  const measured = metric ? steps.filter(n => ranking(data.methods, metric, n).length > 0) : []
  if (measured.length === 0) return 'Nothing has been measured yet.'
  const [fewest, most] = [measured[0], measured.at(-1)!]
  const sentences = [
    leader(data, metric, fewest),
    ...besideOf(data.metrics).map(one =>
      otherScore(data, ranking(data.methods, metric, fewest)[0].method, one, fewest),
    ),
    floorSentence(data, metric, fewest),
    ...(most === fewest ? [] : [moreSteps(data, metric, fewest, most)]),
    ...otherMetrics(data, fewest),
  ]
  return sentences.filter(Boolean).join(' ')
}

/**
 * One paragraph on what a run's numbers show, by the first metrics of its first weights: how good one jump is beside the
 * noise floor, whether any metric tells its samples from the data, and what more steps bring.
 */
export function runReading(given: TableData): string {
  const data = inPercent(given)
  const [method] = data.methods
  const [metric, other] = data.metrics
  const steps = method && metric ? stepsOf([method]) : []
  const scored = steps.flatMap(n => ranking([method], metric, n).map(({ estimate }) => ({ n, estimate })))
  if (scored.length === 0) return 'Nothing has been measured yet.'
  const number = (value: number): string => numberOf(data, metric, value)
  const [first] = scored
  const best = scored.reduce((a, b) => (gain(metric, a.estimate.mean, b.estimate.mean) > 0 ? b : a))
  const sentences = [
    isStrays(metric)
      ? `At ${plural(first.n, 'step')}, ${landing(first.estimate.mean / 100)} (${method.label} weights).`
      : '',
    `${isStrays(metric) ? '' : `At ${plural(first.n, 'step')}, the ${method.label} weights score `}${scoreOf(data, metric, first.estimate)}${
      isStrays(metric) && metric.floor ? `; of the data itself ${number(metric.floor.value)}` : ''
    }.`,
    isStrays(metric) && other ? otherScore(data, method, other, first.n) : '',
    ...data.metrics
      .filter(one => OF_FEATURES.has(one.name) && one !== metric && !(isStrays(metric) && one === other))
      .map(one => otherScore(data, method, one, first.n)),
    metric.floor && !isStrays(metric)
      ? `Data against data scores ${formatFloor(metric.floor, decimalsFor(data, metric))}.`
      : '',
    ...besideOf(data.metrics).map(one => otherScore(data, method, one, first.n)),
    passing(data, method, steps),
    best === first
      ? scored.length > 1 && ranks(metric)
        ? `More steps bring nothing${data.metrics.length > 1 ? ` by ${metric.label}` : ''}.`
        : ''
      : `The best is ${number(best.estimate.mean)} at ${plural(best.n, 'step')}.`,
  ]
  return sentences.filter(Boolean).join(' ')
}

/** Whether a metric says how many samples are off the data. */
const isStrays = ({ name }: Metric): boolean => name === 'strays'

/** Metrics that say most of pictures, of which hardly one is off the data by the distance of its pixels. */
const OF_FEATURES: ReadonlySet<string> = new Set(['featureFrechet', 'classAccuracy'])

/** Decimals of a metric in sentences: those of its table. */
const decimalsFor = ({ methods }: TableData, metric: Metric): number =>
  decimalsOf(
    metric,
    methods.flatMap(({ cells }) => cells.map(({ values }) => values[metric.name]?.mean ?? 0)),
  )

const numberOf = (data: TableData, metric: Metric, value: number): string =>
  formatNumber(value, decimalsFor(data, metric)) + (metric.percent ? ' %' : '')

function scoreOf(data: TableData, metric: Metric, { mean, interval }: SeedAverage): string {
  const [low, high] = (interval ?? []).map(end => formatNumber(end, decimalsFor(data, metric)))
  const around = interval ? ` (95% interval ${low} to ${high})` : ''
  return `${isStrays(metric) ? 'Strays' : metric.label} ${numberOf(data, metric, mean)}${around}`
}

/** How far the samples are from the data, where the first metric says how many are off it. */
function otherScore(data: TableData, method: MethodRow, metric: Metric, steps: number): string {
  const [found] = ranking([method], metric, steps)
  if (!found) return ''
  const floor = metric.floor
    ? `; data against data ${formatFloor(metric.floor, decimalsFor(data, metric))}`
    : ''
  const text = scoreOf(data, metric, found.estimate)
  return `${text[0].toUpperCase()}${text.slice(1)}${floor}.`
}

/** At which numbers of steps samples pass for data by every metric, and at which too few samples tell. */
function passing(data: TableData, method: MethodRow, steps: readonly number[]): string {
  const at = (wanted: string): string[] =>
    steps.filter(n => standingAt(data, method, n) === wanted).map(n => plural(n, 'step'))
  if (steps.every(n => standingAt(data, method, n) === undefined)) return ''
  const [within, unclear] = [at('within'), at('unclear')]
  const parts = [
    ...(within.length > 0
      ? [`At ${listing(within)} the samples cannot be told from the data by any metric at this count.`]
      : []),
    ...(unclear.length > 0
      ? [`At ${listing(unclear)} they come close, but there are too few samples to tell.`]
      : []),
  ]
  return parts.length > 0 ? parts.join(' ') : 'At every number of steps some metric tells them from the data.'
}

function leader(data: TableData, metric: Metric, steps: number): string {
  const [first, second] = ranking(data.methods, metric, steps)
  const decimals = decimalsAt(data.methods, metric, steps)
  const spread = first.estimate.sd === null ? '' : ` ± ${formatNumber(first.estimate.sd, decimals)}`
  const number = (value: number): string => formatNumber(value, decimals)
  const percent = metric.percent ? ' %' : ''
  const lands = isStrays(metric) ? `: ${landing(first.estimate.mean / 100)}` : ''
  const score = `${metric.label} ${number(first.estimate.mean)}${spread}${percent}${lands}`
  const name = first.method.label
  if (!second) return `At ${plural(steps, 'step')}, ${name} scores ${score}.`
  const ahead = `At ${plural(steps, 'step')}, ${name} is best (${score}), ahead of ${second.method.label} (${number(second.estimate.mean)}${percent})`
  if (first.estimate.sd === null || second.estimate.sd === null) {
    return `${ahead}; with one seed, nothing says how much of that lead is chance.`
  }
  const noise = Math.hypot(first.estimate.sd, second.estimate.sd)
  const lead = gain(metric, second.estimate.mean, first.estimate.mean)
  return lead > noise
    ? `${ahead}; the lead exceeds the spread between seeds.`
    : `${ahead}; the lead is within the spread between seeds, so the two are level.`
}

function decimalsAt(methods: readonly MethodRow[], metric: Metric, steps: number): number {
  return decimalsOf(
    metric,
    ranking(methods, metric, steps).map(({ estimate }) => estimate.mean),
  )
}

/** Labels of the methods of which all metrics together say this. */
const labelsAt = (data: TableData, steps: number, wanted: string): string[] =>
  data.methods.filter(method => standingAt(data, method, steps) === wanted).map(({ label }) => label)

function floorSentence(data: TableData, metric: Metric, steps: number): string {
  const { floor, percent } = metric
  if (!floor) return ''
  const ranked = ranking(data.methods, metric, steps)
  const range = formatFloor(floor, decimalsAt(data.methods, metric, steps)) + (percent ? ' %' : '')
  const [within, unclear] = ['within', 'unclear'].map(wanted => labelsAt(data, steps, wanted))
  const close = unclear.length > 0 ? ` Close, but with too few samples to tell: ${listing(unclear)}.` : ''
  const several = data.metrics.filter(({ floor }) => floor).length > 1
  const what = `the noise floor of ${several ? 'every metric' : range}${several ? ` (${metric.label} ${range})` : ''}`
  if (within.length === 0) return `No method reaches ${what} at ${plural(steps, 'step')}.${close}`
  const who = within.length === ranked.length && ranked.length > 1 ? 'Every method' : listing(within)
  const verb = within.length === 1 || who === 'Every method' ? 'is' : 'are'
  return `${who} ${verb} within ${what} and cannot be told from the data at this sample count.${close}`
}

function moreSteps(data: TableData, metric: Metric, fewest: number, most: number): string {
  const { methods } = data
  const [first] = ranking(methods, metric, most)
  const decimals = decimalsAt(methods, metric, most)
  const best = `With ${plural(most, 'step')} the best is ${first.method.label} (${formatNumber(first.estimate.mean, decimals)}${metric.percent ? ' %' : ''})`
  const atFew = new Map(ranking(methods, metric, fewest).map(({ method, estimate }) => [method, estimate]))
  const worse = ranking(methods, metric, most)
    .filter(({ method, estimate }) => {
      const before = atFew.get(method)
      return before && gain(metric, estimate.mean, before.mean) > Math.hypot(before.sd ?? 0, estimate.sd ?? 0)
    })
    .map(({ method }) => method.label)
  const within = metric.floor ? labelsAt(data, most, 'within') : []
  return `${[
    best,
    ...(within.length > 0
      ? [`within the floor${data.metrics.length > 1 ? 's' : ''} there: ${listing(within)}`]
      : []),
    ...(worse.length > 0 ? [`worse than at ${plural(fewest, 'step')}: ${listing(worse)}`] : []),
  ].join('; ')}.`
}

function otherMetrics(data: TableData, steps: number): string[] {
  const winner = ranking(data.methods, data.metrics[0], steps)[0].method
  return data.metrics.slice(1).flatMap(metric => {
    const [first] = ranking(data.methods, metric, steps)
    if (!first || first.method === winner) return []
    return [`By ${metric.label}, ${first.method.label} is best at ${plural(steps, 'step')}.`]
  })
}
