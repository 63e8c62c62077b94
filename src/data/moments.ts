import type { Statistics } from './dataset.ts'

/** Mean and spread of columns, collected row after row. */
export interface Moments {
  add(values: ArrayLike<number>, from: number): void
  /** Takes in the rows of another collection. */
  merge(other: Moments): void
  readonly count: number
  readonly means: Float64Array
  /** Sums of squared distances from the means. */
  readonly squares: Float64Array
  finish(): Statistics
}

/**
 * Collects by Welford's update and joins by Chan's, which lose no digits to a large mean: Welford, Technometrics 4 (1962) 419;
 * Chan, Golub and LeVeque, The American Statistician 37 (1983) 242.
 */
export function collectMoments(dimension: number): Moments {
  const means = new Float64Array(dimension)
  const squares = new Float64Array(dimension)
  let count = 0
  return {
    means,
    squares,
    get count() {
      return count
    },
    add(values, from) {
      const share = 1 / ++count
      for (let i = 0; i < dimension; i++) {
        const value = values[from + i]
        const distance = value - means[i]
        means[i] += distance * share
        squares[i] += distance * (value - means[i])
      }
    },
    merge(other) {
      const total = count + other.count
      if (total === 0) return
      for (let i = 0; i < dimension; i++) {
        const distance = other.means[i] - means[i]
        means[i] += (distance * other.count) / total
        squares[i] += other.squares[i] + (distance * distance * count * other.count) / total
      }
      count = total
    },
    finish: () => ({
      mean: [...means],
      deviation: Array.from(squares, square => Math.sqrt(square / Math.max(1, count))),
    }),
  }
}
