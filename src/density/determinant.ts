/** The logarithm of a determinant's size, and its sign: 0 of a matrix that is singular but for rounding. */
export interface Determinant {
  readonly log: number
  readonly sign: -1 | 0 | 1
}

/** A pivot below this part of the largest is rounding. */
const SINGULAR = 1e-13

/**
 * The determinant of a matrix `[size, size]` that begins at a place of an array, by elimination with row pivots. The matrix is
 * overwritten.
 */
function determinantIn(values: Float64Array, from: number, size: number): Determinant {
  let log = 0
  let sign: -1 | 1 = 1
  let [least, most] = [Infinity, 0]
  for (let k = 0; k < size; k++) {
    let pivot = k
    for (let i = k + 1; i < size; i++) {
      if (Math.abs(values[from + i * size + k]) > Math.abs(values[from + pivot * size + k])) pivot = i
    }
    if (pivot !== k) {
      sign = sign === 1 ? -1 : 1
      for (let j = k; j < size; j++) {
        const [a, b] = [from + k * size + j, from + pivot * size + j]
        const held = values[a]
        values[a] = values[b]
        values[b] = held
      }
    }
    const value = values[from + k * size + k]
    if (value < 0) sign = sign === 1 ? -1 : 1
    const length = Math.abs(value)
    least = Math.min(least, length)
    most = Math.max(most, length)
    log += Math.log(length)
    if (length === 0) continue
    for (let i = k + 1; i < size; i++) {
      const factor = values[from + i * size + k] / value
      if (factor === 0) continue
      for (let j = k + 1; j < size; j++) {
        values[from + i * size + j] -= factor * values[from + k * size + j]
      }
    }
  }
  return { log, sign: least > SINGULAR * most ? sign : 0 }
}

/** The determinants of matrices `[n, size, size]`, one after another. */
export function determinants(
  matrices: Float64Array,
  size: number,
): { readonly log: Float64Array; readonly sign: Int8Array } {
  const rest = matrices.slice()
  const count = rest.length / (size * size)
  const [log, sign] = [new Float64Array(count), new Int8Array(count)]
  for (let i = 0; i < count; i++) {
    const found = determinantIn(rest, i * size * size, size)
    log[i] = found.log
    sign[i] = found.sign
  }
  return { log, sign }
}
