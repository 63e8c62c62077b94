import { describe, expect, test } from 'vitest'
import {
  singleTime,
  type TimeLaw,
  type TimeLawName,
  type TimeOptions,
  type Times,
  timeLaws,
} from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { COUNT, distance, draws, LIMIT, normal, uniform } from './statistics.ts'

const laws = Object.entries(timeLaws) as [keyof typeof timeLaws, (options?: TimeOptions) => TimeLaw][]

describe.each(laws)('%s', (law, make) => {
  /** Its m is a step of its own below s: training/batchwise.test.ts. */
  const placesM = law === 'ratio-step'
  test('keeps 0 <= t <= m <= s <= 1', () => {
    const wrong = draws(make()).filter(({ s, t, m }) => !(t >= 0 && t <= m && m <= s && s <= 1))
    expect(wrong).toEqual([])
  })

  test('keeps the times apart: a formula may divide by s - t', () => {
    expect(Math.min(...draws(make({ mean: -12 })).map(({ s, t }) => s - t))).toBeGreaterThan(0.99e-5)
  })

  test.skipIf(placesM)('puts m uniformly between 0.2 and 0.8 of the way from t to s', () => {
    const parts = draws(make()).map(({ s, t, m }) => (m - t) / (s - t))
    expect(distance(parts, uniform(0.2, 0.8))).toBeLessThan(LIMIT)
  })

  test.skipIf(placesM)('puts m where it is told', () => {
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

  test('makes the asked fraction of pairs jump from noise to data', () => {
    const whole = ({ s, t }: Times) => s === 1 && t === 0
    const own = draws(make()).filter(whole).length / COUNT
    const expected = 0.25 + 0.75 * own
    const pairs = draws(make({ full: 0.25 })).filter(whole)
    expect(Math.abs(pairs.length / COUNT - expected)).toBeLessThan(4 * Math.sqrt(0.25 / COUNT))
    expect(pairs.every(({ m }) => m >= 0.2 && m <= 0.8)).toBe(true)
    expect(draws(make({ full: 0 }), 5, 50)).toEqual(draws(make(), 5, 50))
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

const logit = (x: number) => Math.log(x / (1 - x))
const logitsOf = (times: readonly number[]) => times.map(logit)

describe('logit-normal', () => {
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

describe('sorted-pair', () => {
  test.each([
    [{}, [0.4, -1.2], 1],
    [{ means: [1, 0.5] as const, deviation: 0.6 }, [1, 0.5], 0.6],
  ])('%j: the larger of two logit-normal numbers, and the smaller', (options, [a, b], deviation) => {
    const pairs = draws(timeLaws['sorted-pair'](options))
    const below = (x: number, mean: number) => normal((x - mean) / deviation)
    const larger = (x: number) => below(x, a) * below(x, b)
    const smaller = (x: number) => 1 - (1 - below(x, a)) * (1 - below(x, b))
    expect(distance(logitsOf(pairs.map(p => p.s)), larger)).toBeLessThan(LIMIT)
    expect(distance(logitsOf(pairs.map(p => p.t)), smaller)).toBeLessThan(LIMIT)
    expect(distance(logitsOf(pairs.map(p => p.s)), smaller)).toBeGreaterThan(LIMIT)
  })

  test.each([
    [{ equal: 0.5 }, 0],
    [{ equal: 0.5, mean: -0.7 }, -0.7],
  ])('%j: equal times are of one mean of their own, near the data too', (options, mean) => {
    const equal = draws(timeLaws['sorted-pair'](options)).filter(({ s, t }) => s === t)
    expect(distance(logitsOf(equal.map(p => p.s)), x => normal(x - mean))).toBeLessThan(LIMIT)
  })
})

describe('gap-first', () => {
  /** Of a target time below `1 - gap`. */
  const rank = ({ s, t }: Times, mean: number, deviation: number) =>
    normal((logit(t) - mean) / deviation) / normal((logit(1 - (s - t)) - mean) / deviation)

  test.each([
    [{}, -0.8, -0.4, 1],
    [{ gapMean: 0.5, mean: 0.2, deviation: 0.8 }, 0.5, 0.2, 0.8],
    // Gaps that leave little room: the tail of the normal law.
    [{ gapMean: 2, deviation: 0.7 }, 2, -0.4, 0.7],
  ])(
    '%j: a logit-normal gap, and a logit-normal time among those with room',
    (options, gap, mean, deviation) => {
      const pairs = draws(timeLaws['gap-first'](options)).filter(({ s, t }) => t > 0 && s - t < 0.9999)
      const gaps = logitsOf(pairs.map(({ s, t }) => s - t))
      expect(distance(gaps, x => normal((x - gap) / deviation))).toBeLessThan(LIMIT)
      const ranks = pairs.map(p => rank(p, mean, deviation))
      expect(distance(ranks, uniform())).toBeLessThan(LIMIT)
      expect(
        distance(
          pairs.map(p => rank(p, mean - 0.1, deviation)),
          uniform(),
        ),
      ).toBeGreaterThan(LIMIT)
    },
  )
})

describe('gap-uniform', () => {
  test.each([
    [{}, -0.8, 1],
    [{ gapMean: 0.3, deviation: 0.5 }, 0.3, 0.5],
  ])('%j: a logit-normal gap, and a time uniform below what is left', (options, mean, deviation) => {
    const pairs = draws(timeLaws['gap-uniform'](options))
    const gaps = logitsOf(pairs.map(({ s, t }) => s - t))
    expect(distance(gaps, x => normal((x - mean) / deviation))).toBeLessThan(LIMIT)
    expect(
      distance(
        pairs.map(({ s, t }) => t / (1 - (s - t))),
        uniform(),
      ),
    ).toBeLessThan(LIMIT)
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

describe('grid', () => {
  test('has equal steps, each as often', () => {
    const pairs = draws(timeLaws.grid({ levels: 3 }))
    expect(pairs.every(({ s, t }) => s - t === 1 / 8 && Number.isInteger(8 * t))).toBe(true)
    for (let j = 0; j < 8; j++) {
      const part = pairs.filter(({ t }) => t === j / 8).length / COUNT
      expect(Math.abs(part - 1 / 8)).toBeLessThan(4 * Math.sqrt(0.11 / COUNT))
    }
  })
})

describe('the time of a diagonal sample', () => {
  const times = (law: TimeLawName, options: TimeOptions = {}) => {
    const draw = singleTime(law, options)
    const source = random(3, 'diagonal')
    return Array.from({ length: COUNT }, () => draw(source))
  }

  test.each(['triangle', 'target-first', 'sorted-uniform', 'gap-uniform'] as const)(
    'is uniform beside %s',
    law => {
      expect(distance(times(law), uniform())).toBeLessThan(LIMIT)
      const raised = times(law, { minimum: 0.2 })
      expect(distance(raised, uniform(0.2, 1))).toBeLessThan(LIMIT)
    },
  )

  test.each(['logit-normal', 'sorted-pair', 'gap-first'] as const)(
    'is a single logit-normal number beside %s',
    law => {
      const logits = logitsOf(times(law, { mean: 0.3, deviation: 1.5 }))
      expect(distance(logits, x => normal((x - 0.3) / 1.5))).toBeLessThan(LIMIT)
    },
  )

  test('has the mean of the paper beside each', () => {
    const means = { 'logit-normal': -0.4, 'gap-first': -0.4, 'sorted-pair': 0 } as const
    for (const [law, mean] of Object.entries(means)) {
      const logits = logitsOf(times(law as keyof typeof means))
      expect(
        distance(logits, x => normal(x - mean)),
        law,
      ).toBeLessThan(LIMIT)
    }
  })

  test('is a single lognormal noise level beside pairs of them', () => {
    const logs = times('lognormal', { mean: -1, deviation: 1 }).map(t => Math.log(t / (1 - t)))
    expect(distance(logs, x => normal(x + 1))).toBeLessThan(LIMIT)
  })

  test('is uniform beside dyadic', () => {
    expect(distance(times('dyadic'), uniform())).toBeLessThan(LIMIT)
  })
})
