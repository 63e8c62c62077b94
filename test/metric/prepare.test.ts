import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/data/built-in.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { DataError } from '../../src/data/error.ts'
import { metrics } from '../../src/metric/catalogue.ts'
import { histogramKL } from '../../src/metric/histogram.ts'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import { slicedWasserstein } from '../../src/metric/sliced-wasserstein.ts'
import { random } from '../../src/random/random.ts'

const ring = generatedDataset('ring')

function cloud(dataset: Dataset, count: number, seed = 1): Float32Array {
  const points = new Float32Array(count * dataset.dimension)
  dataset.sample(random(seed, 'test'), points)
  return points
}

test.each(Object.keys(datasets))('%s: data score near the floor, and spoiled data far above', name => {
  const dataset = generatedDataset(name)
  const measures = prepareMetrics(dataset, { count: 2000 })
  const good = measures.evaluate(cloud(dataset, 2000))
  const spoiled = measures.evaluate(cloud(dataset, 2000).map(value => 0.5 * value + 1))
  for (const metric of measures.names) {
    const { value, low, high, draws, count } = measures.floors[metric]
    expect([draws, count]).toEqual([10, 2000])
    expect(low).toBeLessThanOrEqual(value)
    expect(high).toBeGreaterThanOrEqual(value)
    const [least, greatest] = metrics[metric].range
    expect(low).toBeGreaterThanOrEqual(least)
    expect(spoiled[metric]).toBeLessThanOrEqual(greatest)
    if (metric === 'modeJS' && dataset.mixture!.components.length === 1) continue
    expect(good[metric]).toBeLessThan(2 * high)
    expect(spoiled[metric]).toBeGreaterThan(2 * high)
  }
})

test('measures against the reference as the plain functions do', () => {
  const board = generatedDataset('checkerboard')
  const measures = prepareMetrics(board, { count: 3000, seed: 5 })
  const samples = cloud(board, 3000)
  const values = measures.evaluate(samples)
  const { reference } = measures
  expect(values.slicedWasserstein).toBe(slicedWasserstein(reference, samples, 2, { seed: 5 }))
  expect(values.slicedWasserstein1).toBe(slicedWasserstein(reference, samples, 2, { seed: 5, power: 1 }))
  expect(values.histogramKL).toBe(histogramKL(reference, samples))
})

test('repeats for a seed, changes with it, and sees samples changed in place', () => {
  const options = { count: 500, seed: 3 }
  const [first, second] = [prepareMetrics(ring, options), prepareMetrics(ring, options)]
  const samples = cloud(ring, 500)
  const before = first.evaluate(samples)
  expect(second.evaluate(samples)).toEqual(before)
  expect(second.floors).toEqual(first.floors)
  expect(prepareMetrics(ring, { count: 500, seed: 4 }).evaluate(samples)).not.toEqual(before)
  samples.fill(0)
  expect(first.evaluate(samples).slicedWasserstein).toBeGreaterThan(2)
})

test('floors are measured once, on draws of their own', () => {
  let calls = 0
  const counted: Dataset = {
    ...ring,
    sample: (stream, out) => {
      calls++
      ring.sample(stream, out)
    },
  }
  const measures = prepareMetrics(counted, { count: 200, names: ['energyDistance'] })
  expect(calls).toBe(1)
  expect(measures.floors.energyDistance.low).toBeGreaterThan(0)
  expect(measures.floors).toBe(measures.floors)
  expect(calls).toBe(11)
})

test('three draws make a floor of more than 10,000 points', () => {
  const { floors } = prepareMetrics(ring, { count: 10_001, names: ['modeJS'] })
  expect(floors.modeJS).toMatchObject({ draws: 3, count: 10_001 })
})

test('a dataset is measured by what it allows', () => {
  const line = generatedDataset({ gaussian: { mean: [0], std: 1 } })
  expect(prepareMetrics(line, { count: 10 }).names).toEqual([
    'slicedWasserstein',
    'slicedWasserstein1',
    'modeJS',
    'energyDistance',
  ])
  expect(prepareMetrics(generatedDataset('spirals'), { count: 10 }).names).not.toContain('modeJS')
  expect(prepareMetrics(ring, { count: 10 }).names).toEqual(Object.keys(metrics))
})

test('every metric of samples that are not finite is NaN', () => {
  const samples = cloud(ring, 100)
  samples[3] = Number.NaN
  const values = prepareMetrics(ring, { count: 100 }).evaluate(samples)
  expect(Object.keys(values)).toEqual(Object.keys(metrics))
  expect(Object.values(values).every(Number.isNaN)).toBe(true)
})

describe('refuses', () => {
  const spirals = generatedDataset('spirals')
  test.each([
    [
      'an unknown metric',
      ring,
      ['histogramKl'],
      'unknown metric "histogramKl"; did you mean "histogramKL"? (known: slicedWasserstein, ',
    ],
    [
      'modeJS without modes',
      spirals,
      ['modeJS'],
      'metric modeJS needs a mixture; spirals has dimension 2 and no mixture',
    ],
  ])('%s', (_, dataset, names, message) => {
    const prepare = () => prepareMetrics(dataset, { count: 10, names })
    expect(prepare).toThrow(DataError)
    expect(prepare).toThrow(message)
  })

  test.each([0, 1, 2.5, Number.NaN])('a count of %d', count => {
    expect(() => prepareMetrics(ring, { count })).toThrow('expected a whole number of at least 2')
  })

  test('another number of samples than the reference has', () => {
    expect(() => prepareMetrics(ring, { count: 10 }).evaluate(new Float32Array(22))).toThrow(
      'expected 10 samples, found 11',
    )
  })
})
