import type { Described, Direction } from '../metric/catalogue.ts'
import type { Estimate } from '../metric/estimate.ts'
import type { FloorRange } from '../metric/prepare.ts'

/** A metric as it is recorded. */
export interface MetricValue {
  /** `null` where it is not a finite number. */
  readonly value: number | null
  /** Where the value's expectation lies with 95 % confidence, by the luck of samples and reference; `null` without a value. */
  readonly interval: readonly [number, number] | null
  /**
   * The same metric of data in place of samples, at this count: the mean over several draws; 0 for comparisons with what is
   * exact; for a likelihood that of the true density. `null` where it is not known.
   */
  readonly floor: number | null
  /** The smallest and the largest of those draws. */
  readonly low: number | null
  readonly high: number | null
  /** Points compared. */
  readonly count: number
  readonly unit: string
  /** Least and greatest possible value; `null` for no limit. */
  readonly range: readonly [number | null, number | null]
  readonly direction: Direction
  /** Of a test: the probability of a value at least as bad if samples were data. */
  readonly pValue?: number
  /** What else is to be known of the value. */
  readonly note?: string
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** The unit in words: data units are standard deviations where the data is standardised. */
const unitOf = (unit: Described['unit'], standardized: boolean): string =>
  standardized ? unit.replace('data units', 'standard deviations') : unit

/** A floor of comparisons with what is exact. */
export const EXACT: FloorRange = { value: 0, low: 0, high: 0 }

export interface Circumstances {
  readonly floor: FloorRange | null
  readonly count: number
  readonly standardized: boolean
}

export function metricValue(
  { unit, range: [least, greatest], direction }: Described,
  { value, interval, pValue }: Estimate,
  { floor, count, standardized }: Circumstances,
): MetricValue {
  const [from, to] = interval.map(finite)
  return {
    value: finite(value),
    interval: from !== null && to !== null && Number.isFinite(value) ? [from, to] : null,
    floor: floor && finite(floor.value),
    low: floor && finite(floor.low),
    high: floor && finite(floor.high),
    count,
    unit: unitOf(unit, standardized),
    range: [finite(least), finite(greatest)],
    direction,
    ...(pValue !== undefined && { pValue }),
  }
}
