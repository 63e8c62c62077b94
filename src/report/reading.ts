import { decimalsFor, formatNumber, listing, plural } from './format.ts'
import { formatFloor, gain, isAtFloor, ranking, stepsOf } from './standings.ts'
import type { MethodRow, Metric, TableData } from './types.ts'

/**
 * One paragraph on what the numbers show, by the first metric: which method is best at the fewest steps and whether
 * the lead exceeds the spread, which methods reach the noise floor and where, and what more steps bring.
 */
export function readingOf(data: TableData): string {
  const [metric] = data.metrics
  const steps = stepsOf(data.methods)
  const measured = metric ? steps.filter(n => ranking(data.methods, metric, n).length > 0) : []
  if (measured.length === 0) return 'Nothing has been measured yet.'
  const [fewest, most] = [measured[0], measured.at(-1)!]
  const sentences = [
    leader(data, metric, fewest),
    floorSentence(data.methods, metric, fewest),
    ...(most === fewest ? [] : [moreSteps(data.methods, metric, fewest, most)]),
    ...otherMetrics(data, fewest),
  ]
  return sentences.filter(Boolean).join(' ')
}

/**
 * One paragraph on what a run's numbers show, by the first metric of its first weights: how good one jump is beside the
 * noise floor, and what more steps bring.
 */
export function runReading({ methods: [method], metrics: [metric] }: TableData): string {
  const steps = method && metric ? stepsOf([method]) : []
  const scored = steps.flatMap(n => ranking([method], metric, n).map(({ estimate }) => ({ n, estimate })))
  if (scored.length === 0) return 'Nothing has been measured yet.'
  const decimals = decimalsFor([
    ...scored.map(({ estimate }) => estimate.mean),
    ...(metric.floor ? [metric.floor.value] : []),
  ])
  const number = (value: number): string => formatNumber(value, decimals)
  const [first] = scored
  const interval = first.estimate.interval
  const around = interval ? ` (95% interval ${number(interval[0])} to ${number(interval[1])})` : ''
  const best = scored.reduce((a, b) => (gain(metric, a.estimate.mean, b.estimate.mean) > 0 ? b : a))
  const within = scored.filter(({ estimate }) => isAtFloor(estimate, metric))
  const sentences = [
    `At ${plural(first.n, 'step')}, the ${method.label} weights score ${metric.label} ${number(first.estimate.mean)}${around}.`,
    metric.floor
      ? `Data against data scores ${formatFloor(metric.floor, decimals)}: ${
          within.length > 0
            ? `at ${listing(within.map(({ n }) => plural(n, 'step')))} the samples cannot be told from it by this metric at this count.`
            : 'no number of steps comes that near.'
        }`
      : '',
    best === first
      ? scored.length > 1
        ? 'More steps bring nothing.'
        : ''
      : `The best is ${number(best.estimate.mean)} at ${plural(best.n, 'step')}.`,
  ]
  return sentences.filter(Boolean).join(' ')
}

function decimalsOf(methods: readonly MethodRow[], metric: Metric, steps: number): number {
  const means = ranking(methods, metric, steps).map(({ estimate }) => estimate.mean)
  return decimalsFor([...means, ...(metric.floor ? [metric.floor.value] : [])])
}

function leader(data: TableData, metric: Metric, steps: number): string {
  const [first, second] = ranking(data.methods, metric, steps)
  const decimals = decimalsOf(data.methods, metric, steps)
  const spread = first.estimate.sd === null ? '' : ` ± ${formatNumber(first.estimate.sd, decimals)}`
  const score = `${metric.label} ${formatNumber(first.estimate.mean, decimals)}${spread}`
  const name = first.method.label
  if (!second) return `At ${plural(steps, 'step')}, ${name} scores ${score}.`
  const ahead = `At ${plural(steps, 'step')}, ${name} is best (${score}), ahead of ${second.method.label} (${formatNumber(second.estimate.mean, decimals)})`
  if (first.estimate.sd === null || second.estimate.sd === null) {
    return `${ahead}; with one seed, nothing says how much of that lead is chance.`
  }
  const noise = Math.hypot(first.estimate.sd, second.estimate.sd)
  const lead = gain(metric, second.estimate.mean, first.estimate.mean)
  return lead > noise
    ? `${ahead}; the lead exceeds the spread between seeds.`
    : `${ahead}; the lead is within the spread between seeds, so the two are level.`
}

function floorSentence(methods: readonly MethodRow[], metric: Metric, steps: number): string {
  const { floor } = metric
  if (!floor) return ''
  const ranked = ranking(methods, metric, steps)
  const within = ranked
    .filter(({ estimate }) => isAtFloor(estimate, metric))
    .map(({ method }) => method.label)
  const range = formatFloor(floor, decimalsOf(methods, metric, steps))
  if (within.length === 0) {
    return `No method reaches the noise floor of ${range} at ${plural(steps, 'step')}.`
  }
  const who = within.length === ranked.length && ranked.length > 1 ? 'Every method' : listing(within)
  const verb = within.length === 1 || who === 'Every method' ? 'is' : 'are'
  return `${who} ${verb} within the noise floor of ${range} and cannot be told from the data at this sample count.`
}

function moreSteps(methods: readonly MethodRow[], metric: Metric, fewest: number, most: number): string {
  const [first] = ranking(methods, metric, most)
  const decimals = decimalsOf(methods, metric, most)
  const best = `With ${plural(most, 'step')} the best is ${first.method.label} (${formatNumber(first.estimate.mean, decimals)})`
  const atFew = new Map(ranking(methods, metric, fewest).map(({ method, estimate }) => [method, estimate]))
  const worse = ranking(methods, metric, most)
    .filter(({ method, estimate }) => {
      const before = atFew.get(method)
      return before && gain(metric, estimate.mean, before.mean) > Math.hypot(before.sd ?? 0, estimate.sd ?? 0)
    })
    .map(({ method }) => method.label)
  const within = ranking(methods, metric, most)
    .filter(({ estimate }) => isAtFloor(estimate, metric))
    .map(({ method }) => method.label)
  return `${[
    best,
    ...(within.length > 0 ? [`within the floor there: ${listing(within)}`] : []),
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
