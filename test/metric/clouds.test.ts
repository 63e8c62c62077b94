import { describe, expect, test } from 'vitest'
import { energyEstimateTo } from '../../src/metric/energy-distance.ts'
import { frechetEstimateTo } from '../../src/metric/frechet.ts'
import { mmdEstimateTo } from '../../src/metric/mmd.ts'
import { neighbourEstimatesTo } from '../../src/metric/neighbours.ts'
import { twoSampleEstimate } from '../../src/metric/two-sample.ts'
import { wassersteinEstimate } from '../../src/metric/wasserstein.ts'
import { normalCloud, pairsOf } from './clouds.ts'
import { reference } from './reference.ts'

describe.each(Object.entries(reference.clouds))(
  'the %s clouds, as SciPy, POT and scikit-learn measure them',
  (_, cloud) => {
    const [a, b] = [cloud.a, cloud.b].map(values => Float64Array.from(values))
    const pairs = pairsOf(a, b, cloud.dimension)

    test('exact 2-Wasserstein', () => {
      expect(wassersteinEstimate(pairs.between).value).toBeCloseTo(cloud.wasserstein, 11)
    })

    test('energy distance', () => {
      expect(energyEstimateTo(pairs.withinReference)(pairs).value).toBeCloseTo(cloud.energy, 11)
    })

    test('maximum mean discrepancy', () => {
      expect(mmdEstimateTo(pairs.withinReference)(pairs).value).toBeCloseTo(cloud.mmd, 11)
    })

    test('Fréchet distance', () => {
      expect(frechetEstimateTo(a, cloud.dimension)(b).value).toBeCloseTo(cloud.frechet, 10)
    })

    test.each(['precision', 'recall', 'density', 'coverage'] as const)('%s', name => {
      expect(neighbourEstimatesTo(pairs.withinReference)(pairs)[name].value).toBeCloseTo(cloud[name], 12)
    })

    test('classifier two-sample test', () => {
      const { value, pValue } = twoSampleEstimate(pairs)
      expect(value).toBeCloseTo(cloud.accuracy, 12)
      expect(pValue).toBeCloseTo(cloud.pValue, 12)
    })
  },
)

describe('closed forms', () => {
  const cloud = normalCloud('cloud', 1, { count: 300, dimension: 3 })
  const shifted = cloud.map((value, i) => value + [1, 2, 2][i % 3])
  const same = pairsOf(cloud, cloud, 3)
  const apart = pairsOf(cloud, shifted, 3)

  test('a shift costs its length in 2-Wasserstein and its square in Fréchet distance', () => {
    expect(wassersteinEstimate(apart.between).value).toBeCloseTo(3, 12)
    expect(frechetEstimateTo(cloud, 3)(shifted).value).toBeCloseTo(9, 10)
  })

  test('stretching a cloud by 1 + h costs h^2 times the trace of its covariance', () => {
    const stretched = cloud.map(value => 1.5 * value)
    const mean = [0, 1, 2].map(k => cloud.filter((_, i) => i % 3 === k).reduce((sum, v) => sum + v, 0) / 300)
    const spread = cloud.reduce((sum, value, i) => sum + (value - mean[i % 3]) ** 2, 0) / 299
    const gap = mean.reduce((sum, value) => sum + (0.5 * value) ** 2, 0)
    expect(frechetEstimateTo(cloud, 3)(stretched).value).toBeCloseTo(0.25 * spread + gap, 9)
  })

  test('equal clouds are at distance 0, with nothing in doubt', () => {
    expect(wassersteinEstimate(same.between).value).toBe(0)
    for (const found of [
      energyEstimateTo(same.withinReference)(same),
      mmdEstimateTo(same.withinReference)(same),
    ]) {
      expect(found.value).toBeLessThan(1e-7)
      expect(found.interval[1]).toBeLessThan(1e-6)
    }
    expect(frechetEstimateTo(cloud, 3)(cloud).value).toBeLessThan(1e-9)
  })

  test('clouds far apart: no precision, no recall, a sure classifier, the greatest discrepancy', () => {
    const far = pairsOf(
      cloud,
      cloud.map(value => value + 1e4),
      3,
    )
    const found = neighbourEstimatesTo(far.withinReference)(far)
    expect(Object.values(found).map(({ value }) => value)).toEqual([0, 0, 0, 0])
    expect(twoSampleEstimate(far)).toMatchObject({ value: 1, interval: [expect.closeTo(0.99, 2), 1] })
    expect(twoSampleEstimate(far).pValue).toBeLessThan(1e-50)
    // What is left of each side is the mean kernel within it, not 1.
    expect(mmdEstimateTo(far.withinReference)(far).value).toBeGreaterThan(0.8)
  })

  test('a cloud of equal points, and fewer points than neighbours', () => {
    const still = new Float64Array(900)
    const pairs = pairsOf(still, still, 3)
    expect(mmdEstimateTo(pairs.withinReference)(pairs).value).toBe(0)
    expect(wassersteinEstimate(pairs.between).value).toBe(0)
    expect(frechetEstimateTo(still, 3)(still)).toEqual({ value: 0, interval: [0, 0] })
    // Points on the edge of a ball are outside of it.
    expect(neighbourEstimatesTo(pairs.withinReference)(pairs).precision.value).toBe(0)
    const few = pairsOf(Float64Array.of(0, 1), Float64Array.of(0.5, 2), 1)
    expect(neighbourEstimatesTo(few.withinReference)(few).precision.value).toBe(1)
  })

  test('a Fréchet distance of more coordinates than points', () => {
    const [a, b] = ['a', 'b'].map(name => normalCloud(name, 2, { count: 10, dimension: 30 }))
    const { value, interval } = frechetEstimateTo(a, 30)(b)
    expect(value).toBeGreaterThan(10)
    expect(interval[0]).toBeLessThan(value)
    expect(interval[1]).toBeGreaterThan(value)
    expect(frechetEstimateTo(b, 30)(a).value).toBeCloseTo(value, 8)
  })

  test('2-Wasserstein needs as many points on both sides', () => {
    expect(() => wassersteinEstimate(pairsOf(cloud, cloud.subarray(3), 3).between)).toThrow(
      'found 300 and 299',
    )
  })
})
