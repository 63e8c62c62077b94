import { expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { histogramBox, histogramEstimatesTo, histogramKL } from '../../src/metric/histogram.ts'
import { random } from '../../src/random/random.ts'
import { planeA, planeB, reference } from './reference.ts'

const unit = {
  bins: 2,
  range: [
    [0, 2],
    [0, 2],
  ],
} as const

/** One point in the middle of a unit cell for each pair given. */
const cells = (...at: [number, number][]) => Float64Array.from(at.flat(), value => value + 0.5)

test('agrees with numpy.histogram2d and a cell for what it leaves out', () => {
  const { kl, bins, range } = reference.histogram
  expect(histogramKL(planeA, planeB, { bins, range })).toBeCloseTo(kl, 10)
})

test('agrees with a case worked by hand', () => {
  const data = cells([0, 0], [0, 0], [0, 0], [1, 1])
  const model = cells([0, 0], [1, 1])
  expect(histogramKL(data, model, unit)).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 6)
  expect(histogramKL(model, data, unit)).toBeCloseTo(0.5 * Math.log(2 / 3) + 0.5 * Math.log(2), 6)
})

test('an empty cell of the model costs the log of 1e-8', () => {
  const data = cells([0, 0], [0, 1])
  expect(histogramKL(data, cells([0, 0]), unit)).toBeCloseTo(0.5 * Math.log(0.5) + 0.5 * Math.log(0.5e8), 5)
})

test('the columns are told apart', () => {
  expect(histogramKL(cells([0, 1]), cells([1, 0]), unit)).toBeGreaterThan(10)
  const wide = {
    bins: 2,
    range: [
      [0, 2],
      [0, 200],
    ],
  } as const
  expect(histogramKL(cells([0, 1]), cells([0, 0]), wide)).toBe(0)
})

test('points outside the box have a cell of their own, and so have those that are not finite', () => {
  const data = cells([0, 0], [1, 1])
  expect(histogramKL(data, cells([0, 0], [1, 1], [5, 5], [-3, 0]), unit)).toBeCloseTo(Math.LN2, 6)
  expect(histogramKL(data, cells([0, 0], [1, 1], [Number.NaN, 0], [Infinity, 0]), unit)).toBeCloseTo(
    Math.LN2,
    6,
  )
  expect(histogramKL(data, cells([5, 5]), unit)).toBeCloseTo(Math.log(0.5e8), 5)
  expect(histogramKL(cells([0, 0], [9, 9]), cells([0, 0], [-7, 7]), unit)).toBe(0)
})

test('samples that are all outside the box score the worst', () => {
  const data = cells([0, 0], [1, 1])
  const [outside, beside] = [cells([500, 500]), cells([0, 1], [1, 0])]
  const { kl, js } = histogramEstimatesTo(data, unit)(outside)
  expect(js.value).toBeCloseTo(Math.LN2, 12)
  expect(js.value).toBeGreaterThanOrEqual(histogramEstimatesTo(data, unit)(beside).js.value)
  expect(kl.value).toBeGreaterThanOrEqual(histogramEstimatesTo(data, unit)(beside).kl.value - 1e-6)
})

test('refuses data outside the box', () => {
  expect(() => histogramKL(cells([5, 5]), cells([0, 0]), unit)).toThrow('no point of the data lies in')
})

test('the default is 60 cells over [-2.5, 2.5]: the floor of the checkerboard is 0.0115 at 100,000', () => {
  const board = generatedDataset('checkerboard')
  const values = Array.from({ length: 6 }, (_, seed) => {
    const [a, b] = ['a', 'b'].map(side => {
      const points = new Float32Array(200_000)
      board.sample(random(seed, side), points)
      return points
    })
    return histogramKL(a, b)
  })
  // 1,152 filled cells: (1,152 - 1) / 100,000 to first order, a little above by the second.
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  expect(mean).toBeGreaterThan(0.0111)
  expect(mean).toBeLessThan(0.0124)
})

test('a box spans the bulk of the data and a margin', () => {
  const points = Float64Array.from({ length: 20_002 }, (_, i) => (i % 2 ? 3 : (i - (i % 2)) / 20_000))
  points[0] = -1e6
  const [[low, high], constant] = histogramBox(points)
  expect(low).toBeCloseTo(0.001 - 0.0998, 3)
  expect(high).toBeCloseTo(0.999 + 0.0998, 3)
  expect(constant).toEqual([2.5, 3.5])
})
