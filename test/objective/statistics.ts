import type { TimeLaw, Times } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'

export const COUNT = 20_000

export function draws(law: TimeLaw, seed = 1, count = COUNT): Times[] {
  const source = random(seed, 'times')
  return Array.from({ length: count }, () => {
    const out: Times = { s: Number.NaN, t: Number.NaN, m: Number.NaN }
    law(source, out)
    return out
  })
}

/** Largest distance of the empirical distribution from a given one (Kolmogorov and Smirnov), times sqrt(n). */
export function distance(values: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const gaps = sorted.map((x, i) =>
    Math.max(Math.abs(distribution(x) - i / n), Math.abs(distribution(x) - (i + 1) / n)),
  )
  return Math.sqrt(n) * gaps.reduce((a, b) => Math.max(a, b), 0)
}

/** Exceeded by one sample in a thousand of the right distribution. */
export const LIMIT = 1.95

export const uniform =
  (low = 0, high = 1) =>
  (x: number) =>
    Math.min(1, Math.max(0, (x - low) / (high - low)))

/** The normal distribution function by Simpson's rule. */
export function normal(z: number): number {
  const n = 100
  const h = z / n
  let sum = 0
  for (let i = 0; i <= n; i++) {
    const weight = i === 0 || i === n ? 1 : i % 2 ? 4 : 2
    sum += weight * Math.exp(-0.5 * (i * h) ** 2)
  }
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI)
}
