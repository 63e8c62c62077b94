/** A measured value and where its expectation at this count lies with 95 % confidence. */
export interface Estimate {
  readonly value: number
  /** `[low, high]`, within the metric's range. */
  readonly interval: readonly [number, number]
  /** Probability of a value at least as bad if samples were data, for a test. */
  readonly pValue?: number
}

type Range = readonly [number, number]

/** The normal quantile of a two-sided 95 %. */
const QUANTILE = 1.959963984540054

export const clipped = (value: number, [low, high]: Range): number => Math.min(high, Math.max(low, value))

/**
 * The normal interval `value +- 1.96 deviation`, clipped to the range.
 *
 * @param deviation  standard error of the value
 */
export function estimate(
  value: number,
  deviation: number,
  range: Range,
  quantile: number = QUANTILE,
): Estimate {
  const reach = quantile * deviation
  return { value, interval: [clipped(value - reach, range), clipped(value + reach, range)] }
}

/** The same where the standard error takes long, and is computed only for those who ask for the interval. */
export function lazyEstimate(value: number, deviation: () => number, range: Range): Estimate {
  let found: Estimate | undefined
  return {
    value,
    get interval() {
      found ??= estimate(value, deviation(), range)
      return found.interval
    },
  }
}

/** The root of a square whose standard error is known; the interval is that of the square. */
export function rootEstimate(square: number, deviation: number, range: Range = [0, Infinity]): Estimate {
  const { interval } = estimate(square, deviation, [0, Infinity])
  const [low, high] = interval.map(end => clipped(Math.sqrt(end), range))
  return { value: clipped(Math.sqrt(Math.max(0, square)), range), interval: [low, high] }
}

/**
 * The standard error of a statistic of independent points: what each point adds to it, centred, squared and summed
 * over the squared count. Of two clouds, the squares add up. This is the infinitesimal jackknife, Efron, The jackknife,
 * the bootstrap and other resampling plans, 1982, chapter 6.
 *
 * @param influences  for each cloud the statistic's derivative in the weight of each point; any constant may be added
 */
export function standardError(...influences: readonly ArrayLike<number>[]): number {
  return Math.sqrt(influences.reduce((sum, influence) => sum + varianceOf(influence) / influence.length, 0))
}

/** Mean squared deviation from the mean. */
function varianceOf(values: ArrayLike<number>): number {
  const mean = meanOf(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] - mean) ** 2
  return sum / values.length
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** Student's quantile of a two-sided 95 % for the 19 degrees of freedom of 20 groups. */
const GROUPS = 20
const STUDENT = 2.093024054408263

/**
 * The interval of a statistic that has no derivative: the points fall into 20 groups by their number, each is left out in
 * turn. The delete-a-group jackknife, Kott 2001, J. Official Statistics 17(4).
 *
 * @param without  the statistic without the points whose number is `group` modulo `groups`
 * @param least  the smallest standard error
 */
export function jackknife(
  value: number,
  without: (group: number, groups: number) => number,
  range: Range,
  least = 0,
): Estimate {
  const replicates = Float64Array.from({ length: GROUPS }, (_, group) => without(group, GROUPS))
  const deviation = Math.max(least, Math.sqrt((GROUPS - 1) * varianceOf(replicates)))
  return estimate(value, deviation, range, STUDENT)
}

/**
 * The standard error of a share of `count` points, two of either kind added, so that it is not 0 where all are of one kind.
 * Agresti and Coull 1998, The American Statistician 52(2).
 */
export function shareError(value: number, count: number): number {
  const share = (value * count + 2) / (count + 4)
  return Math.sqrt((share * (1 - share)) / (count + 4))
}

/** `hits` of `count`, with Wilson's interval, which has a width at 0 and at 1 too. Wilson 1927, J. Am. Stat. Assoc. 22. */
export function shareEstimate(hits: number, count: number): Estimate {
  const share = hits / count
  const square = QUANTILE ** 2 / count
  const middle = (share + square / 2) / (1 + square)
  const reach = Math.sqrt(share * (1 - share) * square + square ** 2 / 4) / (1 + square)
  return { value: share, interval: [hits === 0 ? 0 : middle - reach, hits === count ? 1 : middle + reach] }
}
