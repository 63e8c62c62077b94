import { describe, expect, test } from 'vitest'
import { planeDatasets } from '../../src/data/built-in.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import type { Dataset, Values } from '../../src/data/dataset.ts'
import { DataError } from '../../src/data/error.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { lacks, metrics } from '../../src/metric/catalogue.ts'
import { histogramKL } from '../../src/metric/histogram.ts'
import { sidesApart } from '../../src/metric/overlap.ts'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import { slicedWasserstein } from '../../src/metric/sliced-wasserstein.ts'
import { type Random, random } from '../../src/random/random.ts'
import { some } from '../helpers/long.ts'

const ring = generatedDataset('ring')

function cloud(dataset: Dataset, count: number, seed = 1): Float32Array {
  const points = new Float32Array(count * dataset.dimension)
  dataset.sample(random(seed, 'test'), points)
  return points
}

/** Metrics that see no difference between these data and the spoiled ones. */
const BLIND: Readonly<Record<string, readonly string[]>> = {
  gaussian: ['modeJS', 'modeCoverage'],
  'eight-gaussians': ['modeCoverage'],
  // Half of the width lies within the whole, where a histogram of a thousand points is mostly empty.
  heart: ['histogramKL', 'histogramJS'],
  // Pictures of less contrast are no farther from others.
  glyphs: ['strays'],
}

test.each(some(Object.keys(planeDatasets), ['ring', 'gaussian', 'checkerboard']))(
  '%s: data score near the floor, and spoiled data far from it',
  name => {
    const dataset = generatedDataset(name)
    const measures = prepareMetrics(dataset, { count: 1000 })
    const good = measures.evaluate(cloud(dataset, 1000))
    const spoiled = measures.evaluate(cloud(dataset, 1000).map(value => 0.5 * value + 1))
    for (const metric of measures.names) {
      const { value, low, high, draws, count } = measures.floors[metric]
      const {
        range: [least, greatest],
        direction,
      } = metrics[metric]
      expect([draws, count]).toEqual([10, 1000])
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
      expect(low).toBeGreaterThanOrEqual(least)
      expect(spoiled[metric]).toBeLessThanOrEqual(greatest)
      if (BLIND[name]?.includes(metric)) continue
      if (direction === 'lower') {
        expect(good[metric], metric).toBeLessThan(2 * high)
        expect(spoiled[metric], metric).toBeGreaterThan(1.5 * high)
      } else {
        expect(good[metric]).toBe(1)
        expect(spoiled[metric]).toBeLessThan(low)
      }
    }
  },
)

/** Metrics of data without end in the plane. */
const ofPlane = Object.keys(metrics).filter(name => lacks(metrics[name], ring).length === 0)
const onRequest = ofPlane.filter(name => metrics[name].onRequest)

test.each(onRequest)('%s of data is near its floor, and that of spoiled data far from it', name => {
  const board = generatedDataset('checkerboard')
  const { floors, evaluate } = prepareMetrics(board, { count: 300, names: [name] })
  const { low, high, draws } = floors[name]
  const good = evaluate(cloud(board, 300))[name]
  // Stretched for what sees samples outside of the data, shrunk for what sees data without samples.
  const spoiled = (scale: number) => evaluate(cloud(board, 300).map(value => scale * value))[name]
  expect(draws).toBe(3)
  const reach = 2 * (high - low) + 0.02 * high
  expect(good).toBeGreaterThan(low - reach)
  expect(good).toBeLessThan(high + reach)
  if (metrics[name].direction === 'lower') expect(spoiled(3)).toBeGreaterThan(high + reach)
  else expect(Math.min(spoiled(3), spoiled(0.3))).toBeLessThan(low - reach)
})

describe('of finite data', () => {
  /** Training rows are 0 and more, held-out rows by default 1000 and more. */
  const finite = (training: number, heldOut: number, start = 1000): Dataset => {
    const take = (side: string, stream: Random, out: Values): void => {
      const [from, rows] = side === 'training' ? [0, training] : [start, heldOut]
      if (out.length > rows) throw new RangeError('too many')
      const first = stream.integer(rows)
      for (let i = 0; i < out.length; i++) out[i] = from + ((first + i) % rows)
    }
    return {
      name: 'finite',
      shape: [1],
      dimension: 1,
      fingerprint: { sha256: '', rows: training + heldOut, minimum: [0], maximum: [2000] },
      split: { training, heldOut, take },
      sample: (stream, out) => {
        for (let i = 0; i < out.length; i++) out[i] = stream.integer(training)
      },
    }
  }
  const names = ['slicedWasserstein1']

  test('the reference is held-out rows, all of them where there are fewer than asked for', () => {
    const measures = prepareMetrics(finite(90, 9), { count: 50, names })
    expect(measures.count).toBe(9)
    expect([...measures.reference].sort()).toEqual(Array.from({ length: 9 }, (_, i) => 1000 + i))
    expect(measures.notes).toEqual(['measured at 9 points, all rows that are held out'])
    expect(prepareMetrics(finite(90, 60, 15), { count: 50, names }).notes).toEqual([])
  })

  test('floors are training rows against them', () => {
    const { floors } = prepareMetrics(finite(90, 9), { count: 50, names })
    expect(floors.slicedWasserstein1.value).toBeGreaterThan(900)
    expect(floors.slicedWasserstein1.count).toBe(9)
  })

  test('no floors where training rows and held-out rows do not overlap, and that is said', () => {
    const { floors, notes, draw } = prepareMetrics(finite(90, 60), { count: 50, names })
    expect(draw(0)).toBeUndefined()
    expect(floors.slicedWasserstein1.value).toBeNaN()
    expect(notes).toEqual([
      expect.stringMatching(
        /^no floors: held-out rows and training rows hardly overlap \(their distance is 9/,
      ),
    ])
  })

  test.each(some([10, 30, 300]))('floors of %d held-out rows of ordinary data, whatever the draw', rows => {
    for (let seed = 0; seed < 40; seed++) {
      const stream = random(seed, 'ordinary')
      const values = Float32Array.from({ length: 10 * rows }, () => stream.normal() ** 3)
      const dataset = pointsDataset(values, { dimension: 1 })
      expect(sidesApart(dataset.split!, 1, seed)).toBeUndefined()
    }
  })

  test('floors of fewer training rows than the reference has are drawn with replacement', () => {
    expect(
      prepareMetrics(finite(5, 10), { count: 10, names }).floors.slicedWasserstein1.value,
    ).toBeGreaterThan(990)
  })

  test.each([0, 1])(
    'with %d rows held out the reference and the floors are different training rows',
    held => {
      const { reference, notes, count, draw } = prepareMetrics(finite(15, held), { count: 50, names })
      expect(count).toBe(5)
      const draws = Array.from({ length: 10 }, (_, k) => [...draw(k)!])
      for (const found of draws) expect(new Set([...reference, ...found]).size).toBe(10)
      for (const value of [...reference, ...draws.flat()]) expect(value).toBeLessThan(15)
      expect(new Set(draws.map(found => found.toSorted().join())).size).toBeGreaterThan(5)
      expect(notes).toEqual([
        'measured at 5 points: samples are compared with rows that were trained on, since none are held out',
      ])
      expect(prepareMetrics(finite(90, held), { count: 20, names }).count).toBe(20)
    },
  )

  test('the floor of strays is what fresh rows would score, not rows that were trained on', () => {
    const normal = random(3, 'rows')
    const rows = Float32Array.from({ length: 4000 }, () => normal.normal())
    const { floors, estimate, count } = prepareMetrics(pointsDataset(rows, { dimension: 2 }), { count: 200 })
    expect(count).toBeGreaterThan(150)
    const { value, low, high, draws } = floors.strays
    expect([draws, low]).toEqual([10, 0])
    expect(value).toBeGreaterThan(0)
    expect(high).toBeLessThan(0.06)
    const { strays } = estimate(Float32Array.from({ length: 2 * count }, () => normal.normal()))
    expect(strays.value).toBeLessThan(0.04)
    expect(strays.interval[1]).toBeGreaterThan(0.01)
  })

  test('a floor of rows beside the reference holds what other rows of the same data score', () => {
    const normal = random(3, 'rows')
    const rows = Float32Array.from({ length: 120 }, () => normal.normal())
    const dataset = pointsDataset(rows, { dimension: 1, holdOut: 0 })
    const all = ['energyDistance', 'precision', 'density', 'coverage']
    const { floors, count, evaluate } = prepareMetrics(dataset, { count: 20_000, names: all })
    expect(count).toBe(40)
    const fresh = evaluate(Float32Array.from({ length: 40 }, () => normal.normal()))
    for (const name of ['precision', 'density', 'coverage']) {
      expect(floors[name].value, name).toBeGreaterThan(0.5)
      expect(fresh[name], name).toBeGreaterThan(0.5)
    }
    expect(fresh.energyDistance).toBeLessThan(3 * floors.energyDistance.high)
    expect(floors.energyDistance.low).toBeLessThan(floors.energyDistance.high)
  })

  test('too few rows have no floor, and that is said', () => {
    const { floors, notes, count, draw, reference } = prepareMetrics(finite(5, 0), { count: 50, names })
    expect(count).toBe(5)
    expect(new Set(reference).size).toBe(5)
    expect(draw(0)).toBeUndefined()
    expect(floors.slicedWasserstein1).toMatchObject({ value: Number.NaN, low: Number.NaN, draws: 0 })
    expect(prepareMetrics(finite(5, 0), { count: 50, names: ['strays'] }).floors.strays.draws).toBe(0)
    expect(notes).toEqual([
      'measured at 5 points: samples are compared with all rows that were trained on, since none are held out',
      'no floors: 5 rows are too few for others beside the reference',
    ])
  })
})

test('every estimate lies in its interval, and the interval in the range', () => {
  const measures = prepareMetrics(ring, { count: 200, names: ofPlane })
  const rows = [cloud(ring, 200), cloud(ring, 200).map(value => value + 1), new Float32Array(400)]
  for (const samples of rows) {
    const values = measures.evaluate(samples)
    for (const [name, { value, interval, pValue }] of Object.entries(measures.estimate(samples))) {
      const [least, greatest] = metrics[name].range
      expect(value, name).toBe(values[name])
      expect(interval[0], name).toBeLessThanOrEqual(value)
      expect(interval[1], name).toBeGreaterThanOrEqual(value)
      expect(interval[0], name).toBeGreaterThanOrEqual(least)
      expect(interval[1], name).toBeLessThanOrEqual(greatest)
      expect(pValue === undefined, name).toBe(name !== 'classifierAccuracy')
    }
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

test('three draws make a floor of more than 20,000 points', () => {
  const { floors } = prepareMetrics(ring, { count: 20_001, names: ['modeJS'] })
  expect(floors.modeJS).toMatchObject({ draws: 3, count: 20_001 })
})

test('a dataset is measured by what it allows', () => {
  const line = generatedDataset({ gaussian: { mean: [0], std: 1 } })
  expect(prepareMetrics(line, { count: 10 }).names).toEqual([
    'strays',
    'slicedWasserstein',
    'slicedWasserstein1',
    'energyDistance',
    'modeJS',
    'modeCoverage',
  ])
  expect(prepareMetrics(generatedDataset('spirals'), { count: 10 }).names).not.toContain('modeJS')
  expect(prepareMetrics(ring, { count: 10 }).names).toEqual(ofPlane.filter(name => !onRequest.includes(name)))
})

test('a sample that is not finite strays, has a cell of its own, and is no number of any other metric', () => {
  const samples = cloud(ring, 100)
  samples[3] = Number.NaN
  const values = prepareMetrics(ring, { count: 100, names: ofPlane }).evaluate(samples)
  expect(Object.keys(values)).toEqual(ofPlane)
  expect(values.strays).toBe(0.01)
  const placed = ['strays', 'histogramKL', 'histogramJS', 'modeJS', 'modeCoverage']
  expect(Object.keys(values).filter(name => !Number.isNaN(values[name]))).toEqual(placed)
  const good = prepareMetrics(ring, { count: 100, names: placed }).evaluate(cloud(ring, 100))
  for (const name of ['histogramKL', 'histogramJS', 'modeJS'])
    expect(values[name]).toBeGreaterThan(good[name])
})

describe('refuses', () => {
  const spirals = generatedDataset('spirals')
  test.each([
    [
      'an unknown metric',
      ring,
      ['histogramKl'],
      'unknown metric "histogramKl"; did you mean "histogramKL"? (known: strays, slicedWasserstein, ',
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
      'samples: expected 10 points, found 11',
    )
  })
})
