import { describe, expect, test } from 'vitest'
import { bend, type Jumps, singleTime, type Times, timeLaws } from '../../src/objective/index.ts'
import { COUNT, distance, draws, LIMIT, uniform } from './statistics.ts'

describe('bent to the jumps of an objective', () => {
  const single = singleTime('sorted-uniform', {})
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
      const [short, full] = [bent('any', () => 0.25), bent('any')].map(pairs => pairs.slice(0, 200))
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
