import { describe, expect, test } from 'vitest'
import {
  diagonalLaws,
  type TimeLaw,
  type TimeOptions,
  type Times,
  timeLaws,
} from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'

const COUNT = 20_000

function draws(law: TimeLaw, seed = 1, count = COUNT): Times[] {
  const source = random(seed, 'times')
  return Array.from({ length: count }, () => {
    const out: Times = { s: Number.NaN, t: Number.NaN, m: Number.NaN }
    law(source, out)
    return out
  })
}

/** Largest distance of the empirical distribution from a given one (Kolmogorov and Smirnov), times sqrt(n). */
function distance(values: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  const gaps = sorted.map((x, i) =>
    Math.max(Math.abs(distribution(x) - i / n), Math.abs(distribution(x) - (i + 1) / n)),
  )
  return Math.sqrt(n) * gaps.reduce((a, b) => Math.max(a, b), 0)
}

/** Exceeded by one sample in a thousand of the right distribution. */
const LIMIT = 1.95

const uniform =
  (low = 0, high = 1) =>
  (x: number) =>
    Math.min(1, Math.max(0, (x - low) / (high - low)))

/** The normal distribution function by Simpson's rule. */
function normal(z: number): number {
  const n = 100
  const h = z / n
  let sum = 0
  for (let i = 0; i <= n; i++) {
    const weight = i === 0 || i === n ? 1 : i % 2 ? 4 : 2
    sum += weight * Math.exp(-0.5 * (i * h) ** 2)
  }
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI)
}

const laws = Object.entries(timeLaws) as [keyof typeof timeLaws, (options?: TimeOptions) => TimeLaw][]

describe.each(laws)('%s', (_, make) => {
  test('keeps 0 <= t <= m <= s <= 1', () => {
    const wrong = draws(make()).filter(({ s, t, m }) => !(t >= 0 && t <= m && m <= s && s <= 1))
    expect(wrong).toEqual([])
  })

  test('keeps the times apart: a formula may divide by s - t', () => {
    expect(Math.min(...draws(make({ mean: -12 })).map(({ s, t }) => s - t))).toBeGreaterThan(0.99e-5)
  })

  test('puts m uniformly between 0.2 and 0.8 of the way from t to s', () => {
    const parts = draws(make()).map(({ s, t, m }) => (m - t) / (s - t))
    expect(distance(parts, uniform(0.2, 0.8))).toBeLessThan(LIMIT)
  })

  test('puts m where it is told', () => {
    const parts = draws(make({ between: [0.5, 0.5] }), 1, 100).map(({ s, t, m }) => (m - t) / (s - t))
    for (const part of parts) expect(part).toBeCloseTo(0.5, 12)
  })

  test('makes the asked fraction of pairs equal', () => {
    const pairs = draws(make({ equal: 0.75 }))
    const equal = pairs.filter(({ s, t }) => s === t)
    expect(Math.abs(equal.length / COUNT - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / COUNT))
    expect(equal.every(({ m, s }) => m === s)).toBe(true)
    expect(draws(make()).filter(({ s, t }) => s === t)).toEqual([])
  })

  test('is the same for the same stream and differs for another', () => {
    expect(draws(make(), 5, 50)).toEqual(draws(make(), 5, 50))
    expect(draws(make(), 5, 50)).not.toEqual(draws(make(), 6, 50))
  })
})

describe('triangle', () => {
  const pairs = draws(timeLaws.triangle({ minimum: 0.05 }))
  test('has s uniform from its minimum to 1', () => {
    expect(
      distance(
        pairs.map(p => p.s),
        uniform(0.05, 1),
      ),
    ).toBeLessThan(LIMIT)
    expect(
      distance(
        pairs.map(p => p.s),
        uniform(0, 1),
      ),
    ).toBeGreaterThan(LIMIT)
  })
  test('has t uniform below s', () => {
    expect(
      distance(
        pairs.map(p => p.t / p.s),
        uniform(),
      ),
    ).toBeLessThan(LIMIT)
    expect(
      distance(
        pairs.map(p => p.t),
        uniform(),
      ),
    ).toBeGreaterThan(LIMIT)
  })
})

describe('target-first', () => {
  const pairs = draws(timeLaws['target-first']())
  test('has t uniform, and s uniform above it', () => {
    const t = pairs.map(p => p.t)
    expect(distance(t, uniform())).toBeLessThan(LIMIT)
    const s = pairs.map(p => (p.s - p.t) / (1 - p.t))
    expect(distance(s, uniform())).toBeLessThan(LIMIT)
  })
  test('has no s below its minimum', () => {
    const times = draws(timeLaws['target-first']({ minimum: 0.4 }))
    expect(times.every(({ s, t }) => s >= 0.4 && t <= s)).toBe(true)
    expect(times.some(({ t }) => t < 0.1)).toBe(true)
  })
})

describe('sorted-uniform', () => {
  test('is uniform on the triangle', () => {
    const pairs = draws(timeLaws['sorted-uniform']())
    expect(
      distance(
        pairs.map(p => p.s),
        x => x ** 2,
      ),
    ).toBeLessThan(LIMIT)
    expect(
      distance(
        pairs.map(p => p.t),
        x => 1 - (1 - x) ** 2,
      ),
    ).toBeLessThan(LIMIT)
    expect(
      distance(
        pairs.map(p => p.t / p.s),
        uniform(),
      ),
    ).toBeLessThan(LIMIT)
  })
  test('starts at its minimum', () => {
    const pairs = draws(timeLaws['sorted-uniform']({ minimum: 0.3 }))
    expect(
      distance(
        pairs.flatMap(p => [p.s, p.t]),
        uniform(0.3, 1),
      ),
    ).toBeLessThan(LIMIT)
  })
})

describe('logit-normal', () => {
  const logit = (x: number) => Math.log(x / (1 - x))
  test.each([
    [{}, -0.4, 1],
    [{ mean: 0.5, deviation: 0.7 }, 0.5, 0.7],
  ])('%j has normal logits', (options, mean, deviation) => {
    const pairs = draws(timeLaws['logit-normal'](options))
    const logits = pairs.flatMap(p => [logit(p.s), logit(p.t)])
    expect(distance(logits, x => normal((x - mean) / deviation))).toBeLessThan(LIMIT)
    // The larger of two has the square of the distribution.
    expect(
      distance(
        pairs.map(p => logit(p.s)),
        x => normal((x - mean) / deviation) ** 2,
      ),
    ).toBeLessThan(LIMIT)
    expect(distance(logits, x => normal((x - mean - 0.05) / deviation))).toBeGreaterThan(LIMIT)
  })
})

describe('the time of a diagonal sample', () => {
  const times = (law: keyof typeof diagonalLaws, options: TimeOptions = {}) => {
    const draw = diagonalLaws[law](options)
    const source = random(3, 'diagonal')
    return Array.from({ length: COUNT }, () => draw(source))
  }

  test.each(['triangle', 'target-first', 'sorted-uniform'] as const)('is uniform beside %s', law => {
    expect(distance(times(law), uniform())).toBeLessThan(LIMIT)
    const raised = times(law, { minimum: 0.2 })
    expect(distance(raised, uniform(0.2, 1))).toBeLessThan(LIMIT)
  })

  test('is a single logit-normal number beside pairs of them', () => {
    const logits = times('logit-normal', { mean: 0.3, deviation: 1.5 }).map(x => Math.log(x / (1 - x)))
    expect(distance(logits, x => normal((x - 0.3) / 1.5))).toBeLessThan(LIMIT)
  })
})
