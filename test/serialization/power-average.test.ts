import { describe, expect, test } from 'vitest'
import { powerExponent, powerWeight, WIDEST_AVERAGE } from '../../src/model/index.ts'
import { combinationOf } from '../../src/serialization/power-average.ts'

const STEPS = 2000

/** Some smooth way of a few parameters, with noise that differs from step to step. */
const parametersAt = (step: number): number[] => {
  const x = step / STEPS
  return [Math.sin(5 * x), x ** 2, Math.exp(-3 * x), 0.01 * Math.sin(12.9898 * step)]
}

/** The average after so many updates, from the parameters after every one. */
function directly(step: number, exponent: number): number[] {
  const sum = [0, 0, 0, 0]
  for (let k = 1; k <= step; k++) {
    const weight = (k ** (exponent + 1) - (k - 1) ** (exponent + 1)) / step ** (exponent + 1)
    parametersAt(k).forEach((p, i) => {
      sum[i] += weight * p
    })
  }
  return sum
}

/** Averages kept at equal distances, and how far their combination is from the direct average. */
function errorOf(wanted: number, expected: number, snapshots: number): number {
  const kept = Array.from({ length: snapshots }, (_, i) => Math.round(((i + 1) * STEPS) / snapshots)).flatMap(
    step => [0.05, 0.1].map(width => ({ step, exponent: powerExponent(width) })),
  )
  const { coefficients } = combinationOf(kept, { step: STEPS, exponent: powerExponent(wanted) })
  const averages = kept.map(({ step, exponent }) => directly(step, exponent))
  return Math.max(
    ...directly(STEPS, powerExponent(expected)).map((value, i) =>
      Math.abs(value - coefficients.reduce((sum, x, k) => sum + x * averages[k][i], 0)),
    ),
  )
}

describe('a power-law average', () => {
  test('has the exponents of the paper', () => {
    expect(powerExponent(0.05)).toBeCloseTo(16.97, 2)
    expect(powerExponent(0.1)).toBeCloseTo(6.94, 2)
    expect(powerExponent(WIDEST_AVERAGE)).toBeCloseTo(0, 6)
  })

  test('is as wide as its name says', () => {
    for (const width of [0.02, 0.1, 0.2]) {
      const exponent = powerExponent(width)
      const weights = Array.from({ length: STEPS }, (_, i) => {
        const k = i + 1
        return (k ** (exponent + 1) - (k - 1) ** (exponent + 1)) / STEPS ** (exponent + 1)
      })
      const mean = weights.reduce((sum, w, i) => sum + w * i, 0)
      const variance = weights.reduce((sum, w, i) => sum + w * (i - mean) ** 2, 0)
      expect(Math.sqrt(variance) / STEPS).toBeCloseTo(width, 4)
    }
  })

  test('taken update by update is the direct one', () => {
    const exponent = powerExponent(0.1)
    let average = [7, 7, 7, 7]
    for (let step = 1; step <= 300; step++) {
      const now = parametersAt(step)
      average = average.map((a, i) => a + powerWeight(exponent, step) * (now[i] - a))
    }
    directly(300, exponent).forEach((value, i) => {
      expect(average[i]).toBeCloseTo(value, 12)
    })
  })
})

describe('an average of a width chosen afterwards', () => {
  test.each([0.06, 0.075, 0.12])('of %f is the direct one to 1e-6', width => {
    expect(errorOf(width, width, 64)).toBeLessThan(1e-6)
  })

  test('is not that of another width', () => {
    expect(errorOf(0.075, 0.08, 64)).toBeGreaterThan(1e-3)
  })

  test('comes nearer with more snapshots', () => {
    expect(errorOf(0.075, 0.075, 16)).toBeLessThan(0.2 * errorOf(0.075, 0.075, 8))
  })

  test('is what was kept, where that has its width', () => {
    const kept = [100, 200].map(step => ({ step, exponent: powerExponent(0.05) }))
    const { coefficients, error } = combinationOf(kept, kept[1])
    expect(coefficients[0]).toBeCloseTo(0, 12)
    expect(coefficients[1]).toBeCloseTo(1, 12)
    expect(error).toBeLessThan(1e-6)
  })

  test('says how far it is from the profile that was asked for', () => {
    const errorWith = (snapshots: number) => {
      const kept = Array.from({ length: snapshots }, (_, i) => ({
        step: (100 * (i + 1)) / snapshots,
        exponent: powerExponent(0.05),
      }))
      return combinationOf(kept, { step: 100, exponent: powerExponent(0.1) }).error
    }
    expect(errorWith(1)).toBeGreaterThan(0.3)
    expect(errorWith(16)).toBeLessThan(0.2)
  })
})
