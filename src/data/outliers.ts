import { random } from '../random/random.ts'
import type { Statistics } from './dataset.ts'

/** A number that decides a column's standard deviation. */
export interface Outlier {
  readonly column: number
  readonly row: number
  readonly value: number
  /** Of all rows. */
  readonly deviation: number
  /** Of the bulk of the rows; 0 where nearly all have one value. */
  readonly bulk: number
}

/** Rows that the bulk of a column is known by, and numbers that may be kept of them in all. */
const SAMPLE = 1000
const MOST_NUMBERS = 1 << 20
/** So few rows beside those of one number are no bulk. */
const FEW = 2
/** Fewer rows have no bulk. */
const FEWEST = 8
/** A normal distribution's standard deviation in median absolute deviations. */
const NORMAL = 1.4826
/** So many times the bulk's deviation is set by something else. */
const RATIO = 4
/** What is further from the median than so many deviations of the bulk, and rarer than that, is no part of it. */
const FAR = { deviations: 10, share: 0.05 }

export interface OutlierCollector {
  /** @param number  of the row in messages */
  add(values: ArrayLike<number>, from: number, number: number): void
  /** @param statistics  of all rows */
  finish(statistics: Statistics): Outlier[]
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The deviation of the bulk of a column's numbers; nothing where a large part of them lies far away. */
function bulkDeviation(values: Float64Array): { middle: number; deviation: number } | undefined {
  const middle = median(values)
  const distances = values.map(value => Math.abs(value - middle))
  // Where most rows have one number, the others tell.
  const others = median(distances) > 0 ? distances : distances.filter(distance => distance > 0)
  const deviation = others.length <= FEW ? 0 : NORMAL * median(others)
  const far = distances.filter(distance => distance > FAR.deviations * deviation).length
  return far > Math.max(1, FAR.share * values.length) ? undefined : { middle, deviation }
}

/** The number that sets the standard deviation of a whole column, where one does. */
export function outlierIn(values: Float64Array): number | undefined {
  const bulk = values.length < FEWEST ? undefined : bulkDeviation(values)
  if (!bulk) return undefined
  const mean = values.reduce((sum, value) => sum + value / values.length, 0)
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0))
  if (deviation <= RATIO * bulk.deviation) return undefined
  return values.reduce((a, b) => (Math.abs(b - bulk.middle) > Math.abs(a - bulk.middle) ? b : a))
}

/** Looks for outliers in one pass: by the extremes of each column, and rows drawn at random (Vitter's algorithm R). */
export function collectOutliers(dimension: number): OutlierCollector {
  const size = Math.min(SAMPLE, Math.floor(MOST_NUMBERS / dimension))
  const kept = new Float32Array(Math.max(0, size) * dimension)
  const least = new Float64Array(dimension).fill(Number.POSITIVE_INFINITY)
  const greatest = new Float64Array(dimension).fill(Number.NEGATIVE_INFINITY)
  const [leastRow, greatestRow] = [new Float64Array(dimension), new Float64Array(dimension)]
  const stream = random(0, 'outliers')
  let rows = 0

  const keep = (place: number, values: ArrayLike<number>, from: number): void => {
    for (let i = 0; i < dimension; i++) kept[place * dimension + i] = values[from + i]
  }
  const farthest = (i: number, middle: number) =>
    middle - least[i] > greatest[i] - middle
      ? { value: least[i], row: leastRow[i] }
      : { value: greatest[i], row: greatestRow[i] }
  return {
    add(values, from, number) {
      const place = rows < size ? rows : stream.integer(rows + 1)
      if (place < size) keep(place, values, from)
      rows++
      for (let i = 0; i < dimension; i++) {
        const value = values[from + i]
        if (value < least[i]) {
          least[i] = value
          leastRow[i] = number
        }
        if (value > greatest[i]) {
          greatest[i] = value
          greatestRow[i] = number
        }
      }
    },
    finish({ deviation }) {
      const count = Math.min(rows, size)
      if (count < FEWEST) return []
      return deviation.flatMap((whole, column) => {
        if (whole === 0) return []
        const sample = Float64Array.from({ length: count }, (_, row) => kept[row * dimension + column])
        const bulk = bulkDeviation(sample)
        if (!bulk || whole <= RATIO * bulk.deviation) return []
        return [{ column, ...farthest(column, bulk.middle), deviation: whole, bulk: bulk.deviation }]
      })
    },
  }
}
