import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import {
  slicedEstimatesTo,
  slicedWasserstein,
  slicedWassersteinTo,
} from '../../src/metric/sliced-wasserstein.ts'
import { random } from '../../src/random/random.ts'
import { long } from '../helpers/long.ts'
import { lineA, lineB, planeA, planeB, reference } from './reference.ts'

function normals(count: number, seed: number): Float64Array {
  const stream = random(seed, 'test')
  return Float64Array.from({ length: count }, () => stream.normal())
}

function shifted(points: Float64Array, shift: number[]): Float64Array {
  return points.map((value, i) => value + shift[i % shift.length])
}

test('agrees with scipy on a line, where every direction is the same', () => {
  expect(slicedWasserstein(lineA, lineB, 1, { power: 1 })).toBeCloseTo(reference.lineFirst, 6)
  expect(slicedWasserstein(lineA, lineB, 1)).toBeCloseTo(reference.lineSecond, 6)
})

test('approaches the average over 20,000 even directions in the plane', () => {
  const { first, second } = slicedEstimatesTo(planeA, 2, { projections: 8192 })(planeB)
  expect(first.value / reference.planeFirst).toBeCloseTo(1, 2)
  expect(second.value / reference.planeSecond).toBeCloseTo(1, 2)
})

test.each([2, 3, 5])('a shift costs its length over the root of the dimension %d', dimension => {
  const shift = Array.from({ length: dimension }, (_, i) => i + 1)
  const points = normals(20 * dimension, 2)
  const distance = slicedWasserstein(points, shifted(points, shift), dimension, { projections: 10_000 })
  expect(distance / (Math.hypot(...shift) / Math.sqrt(dimension))).toBeCloseTo(1, 1.5)
})

test('a shift in the plane costs 2 / pi of its length in the first power', () => {
  const points = normals(40, 2)
  const distance = slicedWasserstein(points, shifted(points, [3, 4]), 2, { power: 1, projections: 10_000 })
  expect(distance / (10 / Math.PI)).toBeCloseTo(1, 1.5)
})

test('scales with the shift for the same directions', () => {
  const points = normals(2000, 3)
  const distance = (scale: number) => slicedWasserstein(points, shifted(points, [scale, -scale]), 2)
  expect(distance(2) / distance(1)).toBeCloseTo(2, 5)
})

test('is zero for the same points in another order, and symmetric', () => {
  const reversed = Float64Array.from({ length: planeA.length }, (_, i) => planeA.at(-2 - i + 2 * (i % 2))!)
  expect(slicedWasserstein(planeA, reversed, 2)).toBe(0)
  expect(slicedWasserstein(planeA, planeB, 2)).toBe(slicedWasserstein(planeB, planeA, 2))
  expect(slicedWasserstein(planeA, planeB, 2)).toBeGreaterThan(0.3)
})

test('directions follow the seed', () => {
  const at = (seed: number) => slicedWasserstein(planeA, planeB, 2, { seed })
  expect(at(1)).toBe(at(1))
  expect(at(1)).not.toBe(at(2))
})

test('a kept reference can be measured against many times, in single precision too', () => {
  const measure = slicedWassersteinTo(planeA, 2)
  const first = measure(planeB)
  expect(measure(planeA)).toBe(0)
  expect(measure(planeB)).toBe(first)
  expect(measure(Float32Array.from(planeB))).toBeCloseTo(first, 5)
})

test('is not finite when a coordinate is not', () => {
  const broken = planeB.slice()
  broken[7] = Number.NaN
  expect(slicedWasserstein(planeA, broken, 2)).toBeNaN()
})

test('refuses clouds of different sizes and broken rows', () => {
  expect(() => slicedWasserstein(planeA, planeB.subarray(2), 2)).toThrow('found 150 and 149')
  expect(() => slicedWasserstein(planeA, planeB, 7)).toThrow('expected rows of 7 numbers')
  expect(() => slicedWasserstein(planeA.subarray(0, 0), planeB, 2)).toThrow('found 0 numbers')
})

describe('the floor of the ring, data against data', () => {
  const ring = generatedDataset('ring')
  const cloud = (count: number, seed: number, side: string) => {
    const points = new Float32Array(2 * count)
    ring.sample(random(seed, side), points)
    return points
  }
  const floors = (count: number, pairs: number, projections = 128) => {
    const rows = Array.from({ length: pairs }, (_, seed) =>
      slicedEstimatesTo(cloud(count, seed, 'a'), 2, { seed, projections })(cloud(count, seed, 'b')),
    )
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / pairs
    return {
      first: mean(rows.map(row => row.first.value)),
      second: mean(rows.map(row => row.second.value)),
      rows,
    }
  }

  long('is 0.21 at 5,000 points, between 0.12 and 0.35', () => {
    const { second, first, rows } = floors(5000, 24)
    expect(Math.abs(second - 0.21)).toBeLessThan(0.025)
    expect(Math.abs(first - 0.057)).toBeLessThan(0.01)
    for (const row of rows) {
      expect(row.second.value).toBeGreaterThan(0.11)
      expect(row.second.value).toBeLessThan(0.36)
    }
  })

  test('is 0.07 to 0.11 at 100,000 points, 0.012 in the first power', () => {
    const { first, second } = floors(100_000, 3, 24)
    expect(second).toBeGreaterThan(0.07)
    expect(second).toBeLessThan(0.11)
    expect(Math.abs(first - 0.0125)).toBeLessThan(0.004)
  })
})
