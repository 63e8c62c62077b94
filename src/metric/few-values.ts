import type { Values } from '../data/dataset.ts'

/** A column with fewer different values has few: months and dice, and not years. */
const FEW = 20
/** The part of the way to the next value that still belongs to a value. */
const NEAR = 0.1

/** A column of which only some values are on the data. */
export interface FewValues {
  /** The value that a number stands for, NaN where it lies between two; the number itself where there is but one value. */
  snap(value: number): number
}

/**
 * The few values of a column, or nothing where it has many, or where most come but once, as in a handful of measurements.
 *
 * @param clouds  `[N, dimension]` each, finite
 */
export function fewValues(
  clouds: readonly Values[],
  dimension: number,
  column: number,
): FewValues | undefined {
  const counts = new Map<number, number>()
  for (const points of clouds) {
    for (let at = column; at < points.length; at += dimension) {
      counts.set(points[at], (counts.get(points[at]) ?? 0) + 1)
      if (counts.size >= FEW) return undefined
    }
  }
  const repeated = [...counts.values()].filter(count => count > 1)
  if (2 * repeated.length < counts.size) return undefined
  const values = [...counts.keys()].sort((a, b) => a - b)
  const reach = values.map((value, i) => {
    const gaps = [value - (values[i - 1] ?? -Infinity), (values[i + 1] ?? Infinity) - value]
    return NEAR * Math.min(...gaps)
  })
  return {
    snap(value) {
      if (values.length === 1) return value
      const place = values.findIndex((known, i) => Math.abs(value - known) <= reach[i])
      return place < 0 ? Number.NaN : values[place]
    },
  }
}
