import type { Values } from '../data/dataset.ts'

/** Products of matrices that are computed elsewhere than by the language, many times as fast. */
export interface Products {
  /** `a b^T` in float64: `[m, n]` of `[m, inner]` and `[n, inner]`. */
  precise(a: Float64Array, b: Float64Array, inner: number): Promise<Float64Array>
  /** The same in float32. */
  rough(a: Float32Array, b: Float32Array, inner: number): Promise<Float32Array>
}

/** Coordinates from which on products pay; with fewer, what the language computes is as fast. */
export const MANY_COORDINATES = 32

/**
 * `a b^T` as one thread of the language computes it: `[m, n]` of `[m, inner]` and `[n, inner]`, 2 x 4 of them at a time, each summed in
 * the order of its terms.
 */
export function rowProducts(a: Values, b: Values, inner: number): Float64Array {
  const [m, n] = [a.length / inner, b.length / inner]
  const out = new Float64Array(m * n)
  const one = (i: number, j: number): void => {
    let sum = 0
    for (let k = 0; k < inner; k++) sum += a[i * inner + k] * b[j * inner + k]
    out[i * n + j] = sum
  }
  const [rows, columns] = [m - (m % 2), n - (n % 4)]
  for (let i = 0; i < rows; i += 2) {
    for (let j = 0; j < columns; j += 4) {
      // Declared one by one: lists of them would be made anew in the innermost loop.
      const a0 = i * inner
      const a1 = a0 + inner
      const b0 = j * inner
      const b1 = b0 + inner
      const b2 = b1 + inner
      const b3 = b2 + inner
      let s00 = 0
      let s01 = 0
      let s02 = 0
      let s03 = 0
      let s10 = 0
      let s11 = 0
      let s12 = 0
      let s13 = 0
      for (let k = 0; k < inner; k++) {
        const x0 = a[a0 + k]
        const x1 = a[a1 + k]
        const y0 = b[b0 + k]
        const y1 = b[b1 + k]
        const y2 = b[b2 + k]
        const y3 = b[b3 + k]
        s00 += x0 * y0
        s01 += x0 * y1
        s02 += x0 * y2
        s03 += x0 * y3
        s10 += x1 * y0
        s11 += x1 * y1
        s12 += x1 * y2
        s13 += x1 * y3
      }
      out.set([s00, s01, s02, s03], i * n + j)
      out.set([s10, s11, s12, s13], (i + 1) * n + j)
    }
  }
  for (let i = 0; i < m; i++) for (let j = i < rows ? columns : 0; j < n; j++) one(i, j)
  return out
}

/** `|x|^2` of each row. */
export function squaredLengths(points: Values, dimension: number): Float64Array {
  return Float64Array.from({ length: points.length / dimension }, (_, i) => {
    let sum = 0
    for (let k = i * dimension; k < (i + 1) * dimension; k++) sum += points[k] * points[k]
    return sum
  })
}

/** Makes of `a b^T` the squared distances between the rows: `|a|^2 + |b|^2 - 2 a b^T`, never below 0. */
export function squaredDistances(
  products: Float64Array,
  a: Values,
  b: Values,
  dimension: number,
): Float64Array {
  const [ofA, ofB] = [squaredLengths(a, dimension), squaredLengths(b, dimension)]
  const columns = ofB.length
  for (let i = 0; i < ofA.length; i++) {
    for (let j = 0, at = i * columns; j < columns; j++, at++) {
      products[at] = Math.max(0, ofA[i] + ofB[j] - 2 * products[at])
    }
  }
  return products
}

/** Rows that are multiplied at once. */
const BLOCK = 8192

/** Points, some at a time, in float64. */
export function* pointBlocks(
  points: Values,
  dimension: number,
): Generator<{ from: number; block: Float64Array }> {
  for (let from = 0; from * dimension < points.length; from += BLOCK) {
    yield { from, block: Float64Array.from(points.subarray(from * dimension, (from + BLOCK) * dimension)) }
  }
}
