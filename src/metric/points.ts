import type { Values } from '../data/dataset.ts'
import type { Random } from '../random/random.ts'

/**
 * The number of points in `values`.
 *
 * @throws {RangeError} when there are none, or the length is not a multiple of `dimension`
 */
export function countPoints(values: Values, dimension: number): number {
  const count = values.length / dimension
  if (Number.isInteger(count) && count > 0) return count
  throw new RangeError(`expected rows of ${dimension} numbers, found ${values.length} numbers`)
}

/**
 * The number of points that `a` and `b` both have.
 *
 * @throws {RangeError} when they differ
 */
export function sameCount(a: Values, b: Values, dimension: number): number {
  const [left, right] = [countPoints(a, dimension), countPoints(b, dimension)]
  if (left === right) return left
  throw new RangeError(`expected as many points on both sides, found ${left} and ${right}`)
}

/** Whether every number is finite. */
export function allFinite(values: Values): boolean {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return false
  }
  return true
}

/** Points of which some coordinate is not finite. */
export function countNotFinite(values: Values, dimension: number): number {
  let count = 0
  for (let at = 0; at < values.length; at += dimension) {
    if (!allFinite(values.subarray(at, at + dimension))) count++
  }
  return count
}

/**
 * Different rows in a random order: the first of Fisher and Yates.
 *
 * @throws {RangeError} when there are fewer
 */
export function someRows(
  values: Float32Array,
  dimension: number,
  count: number,
  source: Random,
): Float32Array {
  const all = countPoints(values, dimension)
  if (count > all) throw new RangeError(`expected at least ${count} rows, found ${all}`)
  const places = Uint32Array.from({ length: all }, (_, i) => i)
  const rows = new Float32Array(count * dimension)
  for (let i = 0; i < count; i++) {
    const j = i + source.integer(all - i)
    const place = places[j]
    places[j] = places[i]
    rows.set(values.subarray(place * dimension, (place + 1) * dimension), i * dimension)
  }
  return rows
}
