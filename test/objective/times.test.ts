import { describe, expect, test } from 'vitest'
import {
  bend,
  diagonalLaws,
  type Jumps,
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

describe('lognormal', () => {
  const ratio = (t: number) => Math.log(t / (1 - t))
  /** The noise levels are kept from 0.002 to 80. */
  const [LOW, HIGH] = [Math.log(0.002), Math.log(80)]

  test.each([
    [{}, -1.1, 2],
    [{ mean: -1, deviation: 1.4 }, -1, 1.4],
  ])('%j: the ratio of noise to data is lognormal, cut at both ends', (options, mean, deviation) => {
    const pairs = draws(timeLaws.lognormal(options))
    const logs = pairs.flatMap(p => [ratio(p.s), ratio(p.t)])
    const inside = (x: number) => (x < LOW ? 0 : x >= HIGH ? 1 : normal((x - mean) / deviation))
    const kept = logs.filter(x => x > LOW + 1e-3 && x < HIGH - 1e-3)
    const [a, b] = [LOW, HIGH].map(inside)
    // Given that it is not cut. Pairs that were moved apart are too few to see.
    expect(distance(kept, x => (inside(x) - a) / (b - a))).toBeLessThan(LIMIT)
    expect(distance(kept, x => (inside(x - 0.05) - a) / (b - a))).toBeGreaterThan(LIMIT)
    expect(Math.min(...logs)).toBeGreaterThan(LOW - 0.01)
    expect(Math.max(...logs)).toBeLessThan(HIGH + 0.01)
  })

  test('cuts as often as the normal distribution says', () => {
    const cut = draws(timeLaws.lognormal())
      .flatMap(p => [p.s, p.t])
      .filter(t => Math.abs(ratio(t) - LOW) < 6e-3)
    const expected = normal((LOW + 1.1) / 2)
    expect(Math.abs(cut.length / (2 * COUNT) - expected)).toBeLessThan(4 * Math.sqrt(expected / (2 * COUNT)))
  })
})

describe('dyadic', () => {
  const pairs = draws(timeLaws.dyadic({ levels: 4 }))
  const step = ({ s, t }: Times) => s - t

  test('has steps 1, 1/2, ... 1/16, each as often', () => {
    for (let level = 0; level <= 4; level++) {
      const part = pairs.filter(p => step(p) === 2 ** -level).length / COUNT
      expect(Math.abs(part - 1 / 5)).toBeLessThan(4 * Math.sqrt(0.16 / COUNT))
    }
    expect(pairs.every(p => Number.isInteger(Math.log2(step(p))))).toBe(true)
  })

  test('begins at multiples of its step, each as often', () => {
    expect(pairs.every(p => Number.isInteger(p.t / step(p)))).toBe(true)
    const fine = pairs.filter(p => step(p) === 1 / 16)
    const counts = Array.from({ length: 16 }, (_, j) => fine.filter(p => p.t === j / 16).length / fine.length)
    for (const part of counts)
      expect(Math.abs(part - 1 / 16)).toBeLessThan(4 * Math.sqrt(1 / 16 / fine.length))
  })

  test('goes down to 1/128 unless told', () => {
    expect(Math.min(...draws(timeLaws.dyadic()).map(step))).toBe(1 / 128)
    expect(new Set(draws(timeLaws.dyadic({ levels: 0 }), 1, 50).map(step))).toEqual(new Set([1]))
  })
})

describe('bent to the jumps of an objective', () => {
  const single = diagonalLaws['sorted-uniform']({})
  const law = timeLaws['sorted-uniform']()
  const bent = (jumps: Jumps, gap = () => 1) => draws(bend(law, single, jumps, gap))

  test('any: nothing changes', () => {
    expect(bent('any')).toEqual(draws(law))
  })

  test('to the data: t = 0, s of a single time, m halfway', () => {
    const pairs = bent('to-data')
    expect(pairs.every(({ s, t, m }) => t === 0 && s > 0 && m === s / 2)).toBe(true)
    expect(
      distance(
        pairs.map(p => p.s),
        uniform(),
      ),
    ).toBeLessThan(LIMIT)
    // The larger of two would be no single time.
    expect(
      distance(
        draws(law).map(p => p.s),
        uniform(),
      ),
    ).toBeGreaterThan(LIMIT)
    const atZero = draws(
      bend(
        law,
        () => 0,
        'to-data',
        () => 1,
      ),
      1,
      1,
    )[0]
    expect(atZero.s).toBeCloseTo(1e-5, 12)
  })

  test('from noise: s = 1, t of a single time, m halfway', () => {
    const pairs = bent('from-noise')
    expect(pairs.every(({ s, t, m }) => s === 1 && t < 1 && m === (1 + t) / 2)).toBe(true)
    expect(
      distance(
        pairs.map(p => p.t),
        uniform(),
      ),
    ).toBeLessThan(LIMIT)
    const atOne = draws(
      bend(
        law,
        () => 1,
        'from-noise',
        () => 1,
      ),
      1,
      1,
    )[0]
    expect(atOne.t).toBeCloseTo(1 - 1e-5, 12)
  })

  test('both ways: half of the pairs go from t to s, m still between', () => {
    const pairs = bent('both-ways')
    const back = pairs.filter(({ s, t }) => s < t)
    expect(Math.abs(back.length / COUNT - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / COUNT))
    const between = ({ s, t, m }: Times) => Math.min(s, t) <= m && m <= Math.max(s, t)
    expect(pairs.every(between)).toBe(true)
    const larger = pairs.map(({ s, t }) => Math.max(s, t))
    expect(distance(larger, x => x ** 2)).toBeLessThan(LIMIT)
  })

  test.each(['any', 'both-ways'] as const)(
    '%s: a gap makes each jump shorter, from the same source',
    jumps => {
      const [short, full] = [bent('any', () => 0.25), bent('any')]
      short.forEach(({ s, t, m }, i) => {
        expect(s).toBe(full[i].s)
        expect(s - t).toBeCloseTo(0.25 * (full[i].s - full[i].t), 12)
        expect(s - m).toBeCloseTo(0.25 * (full[i].s - full[i].m), 12)
      })
      expect(Math.max(...bent(jumps, () => 0.25).map(({ s, t }) => Math.abs(s - t)))).toBeLessThanOrEqual(
        0.25,
      )
      expect(Math.max(...bent(jumps).map(({ s, t }) => Math.abs(s - t)))).toBeGreaterThan(0.9)
    },
  )

  test('a gap of 1 or more changes nothing, and is asked for at every draw', () => {
    expect(bent('any', () => 1.5)).toEqual(draws(law))
    let asked = 0
    draws(
      bend(law, single, 'any', () => ++asked && 1),
      1,
      7,
    )
    expect(asked).toBe(7)
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

  test('is a single lognormal noise level beside pairs of them', () => {
    const logs = times('lognormal', { mean: -1, deviation: 1 }).map(t => Math.log(t / (1 - t)))
    expect(distance(logs, x => normal(x + 1))).toBeLessThan(LIMIT)
  })

  test('is uniform beside dyadic', () => {
    expect(distance(times('dyadic'), uniform())).toBeLessThan(LIMIT)
  })
})
