import { assign } from '../metric/assignment.ts'
import type { Random } from '../random/random.ts'

/** Samples up to which pairs are matched exactly. */
export const MOST_EXACT = 1024
/** Entropy of the plan where more are matched, as a part of the mean cost. */
const USUAL_REGULARIZATION = 0.05

export interface Matching {
  /** Samples that are matched with each other; `null` for all of a draw. */
  readonly group: number | null
  /** Of the entropic plan, as a part of the mean cost; `null` for an exact one up to `MOST_EXACT` samples. */
  readonly regularization: number | null
}

/** `|x_i - y_j|^2` of all pairs, `[n, n]`. */
function squaredDistances(x: Float32Array, y: Float32Array, n: number): Float64Array {
  const dimension = x.length / n
  const cost = new Float64Array(n * n)
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++, at++) {
      let sum = 0
      for (let k = 0, a = i * dimension, b = j * dimension; k < dimension; k++, a++, b++) {
        const difference = x[a] - y[b]
        sum += difference * difference
      }
      cost[at] = sum
    }
  }
  return cost
}

/** Largest relative error of a row's mass at which the scaling of the entropic plan ends, and its most rounds. */
const CLOSE = 0.01
const ROUNDS = 200

/**
 * The entropic plan between as many rows as columns, each of mass 1, by Sinkhorn's scaling. Cuturi 2013, arXiv:1306.0895.
 *
 * @param regularization  as a part of the mean cost
 * @returns `[n, n]`; its columns have mass 1, its rows nearly
 */
export function entropicPlan(cost: Float64Array, n: number, regularization: number): Float64Array {
  const mean = cost.reduce((sum, value) => sum + value, 0) / cost.length
  const scale = regularization * mean || 1
  const kernel = new Float64Array(cost.length)
  for (let i = 0; i < n; i++) {
    let least = Infinity
    for (let j = 0; j < n; j++) least = Math.min(least, cost[i * n + j])
    // A factor of each row is free; this one keeps its largest entry at 1.
    for (let j = 0; j < n; j++) kernel[i * n + j] = Math.exp((least - cost[i * n + j]) / scale)
  }
  const [u, v] = [new Float64Array(n).fill(1), new Float64Array(n)]
  for (let round = 0; round < ROUNDS; round++) {
    v.fill(0)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) v[j] += u[i] * kernel[i * n + j]
    for (let j = 0; j < n; j++) v[j] = 1 / Math.max(v[j], Number.MIN_VALUE)
    let worst = 0
    for (let i = 0; i < n; i++) {
      let sum = 0
      for (let j = 0; j < n; j++) sum += kernel[i * n + j] * v[j]
      worst = Math.max(worst, Math.abs(u[i] * sum - 1))
      if (round < ROUNDS - 1 && worst > CLOSE) u[i] = 1 / sum
    }
    if (worst <= CLOSE) break
  }
  return kernel.map((value, at) => u[Math.floor(at / n)] * value * v[at % n])
}

/** Draws a column for each row, by its masses. */
function drawColumns(plan: Float64Array, n: number, source: Random): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => {
    const row = plan.subarray(i * n, (i + 1) * n)
    let left = source.uniform() * row.reduce((sum, value) => sum + value, 0)
    for (let j = 0; j < n; j++) {
      left -= row[j]
      if (left < 0) return j
    }
    return n - 1
  })
}

/**
 * Matches noises with data so that their squared distances are least: minibatch optimal transport. Rows of data stay where
 * they are, those of the noise are exchanged; by an entropic plan some are taken twice and others not. Tong et al. 2024,
 * arXiv:2302.00482; Pooladian et al. 2023, arXiv:2304.14772.
 *
 * @param x0  data `[n, D]`
 * @param eps  noise `[n, D]`, changed
 * @param source  of the draws from an entropic plan
 */
export function matchNoise(
  x0: Float32Array,
  eps: Float32Array,
  dimension: number,
  { group, regularization }: Matching,
  source: Random,
): void {
  const size = (group ?? Number.MAX_SAFE_INTEGER) * dimension
  for (let from = 0; from < x0.length; from += size) {
    const [data, noise] = [x0.subarray(from, from + size), eps.slice(from, from + size)]
    const n = data.length / dimension
    const cost = squaredDistances(data, noise, n)
    const columnOf =
      regularization === null && n <= MOST_EXACT
        ? assign(cost, n).columnOf
        : drawColumns(entropicPlan(cost, n, regularization ?? USUAL_REGULARIZATION), n, source)
    columnOf.forEach((j, i) => {
      eps.set(noise.subarray(j * dimension, (j + 1) * dimension), from + i * dimension)
    })
  }
}
