import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { energyEstimateTo } from '../../src/metric/energy-distance.ts'
import {
  type Estimate,
  estimate,
  rootEstimate,
  shareError,
  standardError,
} from '../../src/metric/estimate.ts'
import { frechetEstimateTo } from '../../src/metric/frechet.ts'
import { histogramEstimatesTo } from '../../src/metric/histogram.ts'
import { mmdEstimateTo } from '../../src/metric/mmd.ts'
import { modeEstimates } from '../../src/metric/mode-divergence.ts'
import { neighbourEstimatesTo } from '../../src/metric/neighbours.ts'
import { slicedEstimatesTo } from '../../src/metric/sliced-wasserstein.ts'
import { twoSampleEstimate } from '../../src/metric/two-sample.ts'
import { wassersteinEstimate } from '../../src/metric/wasserstein.ts'
import { normalCloud, pairsOf } from './clouds.ts'

const REPEATS = 100
const COUNT = 100
/** Least share of intervals that hold the mean; least and greatest width against the true one. `docs/metrics.md` says so. */
const [HOLD, NARROW, WIDE] = [0.87, 0.75, 2.5]

const quadrants = {
  components: [-1, 1].map(side => ({ weight: 0.5, mean: [side, 0], scales: [1, 1] })),
}

/** Every metric of one draw of both sides. */
function measure(seed: number, mean: number, deviation: number): Record<string, Estimate> {
  const data = normalCloud('data', seed, { count: COUNT, dimension: 2 })
  const samples = normalCloud('samples', seed, { count: COUNT, dimension: 2, mean, deviation })
  const pairs = pairsOf(data, samples, 2)
  const { first, second } = slicedEstimatesTo(data, 2, { projections: 16 })(samples)
  const { kl, js } = histogramEstimatesTo(data, { bins: 6 })(samples)
  return {
    sliced1: first,
    sliced2: second,
    wasserstein: wassersteinEstimate(pairs.between),
    energy: energyEstimateTo(pairs.withinReference)(pairs),
    mmd: mmdEstimateTo(pairs.withinReference)(pairs),
    frechet: frechetEstimateTo(data, 2)(samples),
    accuracy: twoSampleEstimate(pairs),
    kl,
    js,
    modeJS: modeEstimates(samples, quadrants).js,
    ...neighbourEstimatesTo(pairs.withinReference)(pairs),
  }
}

/**
 * Draws both sides again and again: how often the interval holds the metric's mean over the draws, and how its width compares
 * with their true spread.
 */
function simulate(mean: number, deviation: number) {
  const rows = Array.from({ length: REPEATS }, (_, seed) => measure(seed, mean, deviation))
  return Object.keys(rows[0]).map(name => {
    const found = rows.map(row => row[name])
    const center = found.reduce((sum, { value }) => sum + value, 0) / REPEATS
    const spread = Math.sqrt(found.reduce((sum, { value }) => sum + (value - center) ** 2, 0) / REPEATS)
    const holds = found.filter(({ interval: [low, high] }) => low <= center && center <= high).length
    const width = found.reduce((sum, { interval: [low, high] }) => sum + high - low, 0) / REPEATS / 3.92
    return { name, coverage: holds / REPEATS, width: width / spread }
  })
}

describe.each([
  ['data against data', 0, 1],
  ['shifted and stretched samples', 0.7, 1.3],
])('95 %% intervals of %s', (_, mean, deviation) => {
  test.each(simulate(mean, deviation))(
    '$name: $coverage hold the mean, $width times the true width',
    found => {
      expect(found.coverage).toBeGreaterThanOrEqual(HOLD)
      expect(found.width).toBeGreaterThan(NARROW)
      expect(found.width).toBeLessThan(WIDE)
    },
  )
})

test('the bounds are those that the documentation names', () => {
  const docs = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').replace(/\s+/g, ' ')
  expect(docs).toContain(`at least ${HOLD} of the time`)
  expect(docs).toContain(`${NARROW} to ${WIDE} times as wide`)
  expect(docs).toContain(`both sides a hundred times from known distributions, at ${COUNT} points`)
  expect(REPEATS).toBe(100)
})

test('the standard error of a mean is the known one, and adds up over two sides', () => {
  expect(standardError([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(1.25 / 4), 12)
  expect(standardError([1, 2, 3, 4], [5, 5])).toBeCloseTo(Math.sqrt(1.25 / 4), 12)
  expect(standardError([0, 6], [0, 8])).toBeCloseTo(Math.sqrt((9 + 16) / 2), 12)
})

test('intervals stay in the range, and a root has those of its square', () => {
  expect(estimate(0.9, 0.1, [0, 1]).interval).toEqual([expect.closeTo(0.704, 3), 1])
  expect(rootEstimate(4, 1).value).toBe(2)
  expect(rootEstimate(4, 1).interval[0]).toBeCloseTo(Math.sqrt(4 - 1.959964), 6)
  expect(rootEstimate(4, 1).interval[1]).toBeCloseTo(Math.sqrt(4 + 1.959964), 6)
  expect(rootEstimate(1, 1).interval[0]).toBe(0)
})

test('a share of 1 is in doubt', () => {
  expect(shareError(1, 100)).toBeCloseTo(Math.sqrt((102 * 2) / 104 ** 3), 12)
})
