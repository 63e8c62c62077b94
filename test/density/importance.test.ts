import { describe, expect, test } from 'vitest'
import {
  clippedLogWeights,
  effectiveShareFromTarget,
  importance,
  weightedMean,
} from '../../src/density/importance.ts'
import { paretoShape } from '../../src/density/pareto.ts'
import { random } from '../../src/random/random.ts'

const COUNT = 100_000
const normals = (count: number, name: string): Float64Array => {
  const source = random(5, name)
  return Float64Array.from({ length: count }, () => source.normal())
}

describe('importance weights', () => {
  test('do not depend on a common factor, however far from 1', () => {
    const logs = normals(500, 'shift')
    const [near, far] = [importance(logs), importance(logs.map(value => value - 5000))]
    expect(far.effectiveShare).toBeCloseTo(near.effectiveShare, 9)
    expect(far.logNormalizer).toBeCloseTo(near.logNormalizer - 5000, 9)
    expect(far.error).toBeCloseTo(near.error, 9)
    expect(far.divergence).toBeCloseTo(near.divergence, 9)
  })

  test.each([0.3, 0.7, 1])('log-normal of deviation %s: ESS is exp(-tau^2)', tau => {
    const logs = normals(COUNT, 'lognormal').map(value => tau * value)
    const { effectiveShare, logNormalizer, error, divergence } = importance(logs)
    expect(Math.abs(Math.log(effectiveShare) + tau ** 2)).toBeLessThan(0.05)
    expect(Math.abs(logNormalizer - tau ** 2 / 2)).toBeLessThan(4 * error)
    expect(divergence).toBeCloseTo(tau ** 2 / 2, 1)
    // As if independent noise in log q cost nothing.
    expect(Math.abs(Math.log(effectiveShare))).toBeGreaterThan(0.05)
  })

  test('errors cover: 95 % of intervals hold the mean and log Z', () => {
    let [covered, held] = [0, 0]
    const TRIES = 400
    for (let k = 0; k < TRIES; k++) {
      const x = normals(500, `cover ${k}`)
      // Proposal N(0, 1), target N(0.3, 1).
      const logs = x.map(value => 0.3 * value - 0.045)
      const { logNormalizer, error } = importance(logs)
      if (Math.abs(logNormalizer) < 1.96 * error) covered++
      const mean = weightedMean(logs, x)
      if (Math.abs(mean.value - 0.3) < 1.96 * mean.error) held++
    }
    for (const count of [covered, held]) {
      expect(count / TRIES).toBeGreaterThan(0.91)
      expect(count / TRIES).toBeLessThan(0.98)
    }
  })

  test('clipping lowers the largest to the least of them', () => {
    const logs = Float64Array.from({ length: 1000 }, (_, i) => i / 100)
    const clipped = clippedLogWeights(logs)
    expect([...clipped].filter((value, i) => value !== logs[i]).length).toBe(1)
    expect(Math.max(...clipped)).toBe(9.98)
    expect(Math.max(...clippedLogWeights(logs, 0.1))).toBeCloseTo(9, 9)
  })

  test('with a known log Z the divergence is not too small', () => {
    const logs = normals(2000, 'known').map(value => 2 * value)
    expect(importance(logs, 2).divergence).toBeCloseTo(2, 0)
    const half = logs.slice(0, 20)
    expect(importance(half).divergence).toBeLessThan(importance(half, 2).divergence)
  })
})

/** The double well on a grid: its first coordinate is all that counts. */
function doubleWell(step = 0.002) {
  const x = Float64Array.from({ length: 8 / step }, (_, i) => -4 + step * (i + 0.5))
  const U = (x: number) => x ** 4 - 6 * x ** 2 - x / 2
  const logZ = Math.log(x.reduce((sum, value) => sum + Math.exp(-U(value)) * step, 0))
  return { x, U, logZ, step }
}

describe('a proposal on one mode of the double well', () => {
  const { x, U, logZ, step } = doubleWell()
  const at = (modes: readonly (readonly [weight: number, mean: number, sd: number])[]) => (x: number) =>
    Math.log(
      modes.reduce(
        (sum, [weight, mean, sd]) =>
          sum + (weight * Math.exp(-(((x - mean) / sd) ** 2) / 2)) / (sd * Math.sqrt(2 * Math.PI)),
        1e-300,
      ),
    )
  const draw = (modes: readonly (readonly [number, number, number])[]): Float64Array => {
    const source = random(1, 'modes')
    return Float64Array.from({ length: COUNT }, () => {
      const [, mean, sd] = source.uniform() < modes[0][0] ? modes[0] : modes[modes.length - 1]
      return mean + sd * source.normal()
    })
  }
  const seenBy = (modes: readonly (readonly [number, number, number])[]) => {
    const q = at(modes)
    const own = importance(draw(modes).map(value => -U(value) - q(value)))
    // Samples of the target, by their shares of the grid.
    const source = random(2, 'target')
    let total = 0
    const sums = x.map(value => (total += Math.exp(-U(value) - logZ) * step))
    const target = Float64Array.from({ length: 20_000 }, () => {
      const u = source.uniform()
      let [low, high] = [0, x.length - 1]
      while (low < high) {
        const middle = (low + high) >> 1
        if (u < sums[middle]) high = middle
        else low = middle + 1
      }
      return x[low]
    })
    return { own, share: effectiveShareFromTarget(target.map(value => -U(value) - q(value))) }
  }

  test('looks well by its own samples, and not by those of the target', () => {
    const { own, share } = seenBy([[1, 1.75, 0.25]])
    expect(own.effectiveShare).toBeGreaterThan(0.5)
    // Log Z of the mass that it sees.
    expect(own.logNormalizer - logZ).toBeCloseTo(Math.log(0.8443), 1)
    expect(share).toBeLessThan(1e-6)
  })

  test('on both is seen to be right by either', () => {
    const { own, share } = seenBy([
      [0.8, 1.75, 0.25],
      [0.2, -1.7, 0.25],
    ])
    expect(Math.abs(own.logNormalizer - logZ)).toBeLessThan(5 * own.error)
    expect(share).toBeGreaterThan(0.3)
  })
})

describe('the shape of the tail', () => {
  test.each([0.2, 0.5, 0.8, 1.2])('of a Pareto law is %s', k => {
    const source = random(7, 'pareto')
    const logs = Float64Array.from({ length: 50_000 }, () => -k * Math.log(source.uniform()))
    expect(Math.abs(paretoShape(logs) - k)).toBeLessThan(0.12)
  })

  test('of weights with a bound is below 0.1, of log-normal ones of deviation 1 below 0.7', () => {
    const source = random(8, 'uniform')
    const bounded = Float64Array.from({ length: 20_000 }, () => Math.log(source.uniform()))
    expect(paretoShape(bounded)).toBeLessThan(0.1)
    const mild = normals(20_000, 'mild')
    expect(paretoShape(mild)).toBeLessThan(0.7)
    expect(paretoShape(mild.map(value => 4 * value))).toBeGreaterThan(0.7)
  })

  test('says nothing of few weights, or of equal ones', () => {
    expect(paretoShape([0, 1, 2])).toBeNaN()
    expect(paretoShape(new Float64Array(1000))).toBeNaN()
  })
})
