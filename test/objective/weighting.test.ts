import { describe, expect, test } from 'vitest'
import { constant } from '../../src/autodiff/index.ts'
import { coefficientsAt, interpolants } from '../../src/model/index.ts'
import { minSnr, progressiveGap } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { column } from './setting.ts'

describe('progressive gap', () => {
  const gaps = [0, 0.25, 0.6, 1]
  const at = (q: number, lambda: number) => [
    ...valuesOf(d => progressiveGap(d, q, lambda), column(...gaps))[0].data,
  ]
  const expectClose = (found: number[], expected: number[]) =>
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 14)
    })

  test('at the start short jumps alone count', () => {
    expectClose(
      at(1, 2),
      gaps.map(d => 2 * (1 - d)),
    )
  })

  test('at the end all jumps count the same', () => {
    expect(at(0, 2)).toEqual([1, 1, 1, 1])
  })

  test('in between it is between, and falls with the gap', () => {
    const found = at(0.3, 2)
    expectClose(
      found,
      gaps.map(d => 0.7 + 0.3 * 2 * (1 - d)),
    )
    found.slice(1).forEach((value, i) => {
      expect(value).toBeLessThan(found[i])
    })
  })

  test('takes the progress as a number of the graph', () => {
    const [traced] = valuesOf(d => progressiveGap(d, constant(0.3, [], 'float64'), 2), column(...gaps))
    expectClose([...traced.data], at(0.3, 2))
  })
})

describe('min-SNR', () => {
  const GAMMA = 5
  const weights = (name: keyof typeof interpolants, times: number[], gamma = GAMMA) => [
    ...valuesOf(s => minSnr(interpolants[name], s, gamma), column(...times))[0].data,
  ]
  const times = [0.02, 0.1, 0.29, 0.31, 0.5, 0.8, 0.99]

  test('on the linear path: min(SNR, gamma) times the squared ratio of a data error to a velocity error', () => {
    // x0 = x - s v, so a velocity error e is a data error s e.
    const expected = times.map(s => Math.min(((1 - s) / s) ** 2, GAMMA) * s ** 2)
    weights('linear', times).forEach((weight, i) => {
      expect(weight).toBeCloseTo(expected[i], 12)
    })
    // Both branches are met.
    expect(times.some(s => ((1 - s) / s) ** 2 > GAMMA) && times.some(s => ((1 - s) / s) ** 2 < GAMMA)).toBe(
      true,
    )
  })

  test('on the trigonometric path', () => {
    // x0 = cos x - sin (2/pi) v: a velocity error e is a data error (2/pi) sin e.
    const expected = times.map(s => {
      const [a, b] = [Math.cos((Math.PI * s) / 2), Math.sin((Math.PI * s) / 2)]
      return Math.min((a / b) ** 2, GAMMA) * ((2 / Math.PI) * b) ** 2
    })
    weights('trig', times).forEach((weight, i) => {
      expect(weight).toBeCloseTo(expected[i], 12)
    })
  })

  test('a data error weighted by min(SNR, gamma) is the velocity error weighted so', () => {
    const h = 1e-5
    for (const name of ['linear', 'trig', 'vp'] as const) {
      for (const s of [0.2, 0.5, 0.9]) {
        const { alpha, sigma } = coefficientsAt(interpolants[name], s)
        const slope = (pick: 'alpha' | 'sigma') =>
          (coefficientsAt(interpolants[name], s + h)[pick] -
            coefficientsAt(interpolants[name], s - h)[pick]) /
          (2 * h)
        // From x = alpha x0 + sigma eps and v = alpha' x0 + sigma' eps.
        const dataError = sigma / (slope('alpha') * sigma - alpha * slope('sigma'))
        const expected = Math.min((alpha / sigma) ** 2, GAMMA) * dataError ** 2
        expect(weights(name, [s])[0] / expected).toBeCloseTo(1, 6)
      }
    }
  })

  test.each(['linear', 'trig', 'vp'] as const)('%s: finite and not negative at both ends', name => {
    for (const weight of weights(name, [0, 1e-9, 0.5, 1 - 1e-9, 1])) {
      expect(Number.isFinite(weight)).toBe(true)
      expect(weight).toBeGreaterThanOrEqual(0)
    }
  })

  test('a larger gamma counts times near the data more', () => {
    expect(weights('linear', [0.1], 10)[0]).toBeCloseTo(2 * weights('linear', [0.1], 5)[0], 12)
    expect(weights('linear', [0.8], 10)).toEqual(weights('linear', [0.8], 5))
  })
})
