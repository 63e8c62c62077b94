import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/data/built-in.ts'
import { gaussianMixture } from '../../src/data/gaussian-mixture.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { standardizationOf, standardizedBy } from '../../src/data/standardized.ts'
import { fewValues } from '../../src/metric/few-values.ts'
import { kdTree } from '../../src/metric/kd-tree.ts'
import { normalRadius, OUTSIDE } from '../../src/metric/normal-radius.ts'
import { strayRule } from '../../src/metric/strays.ts'
import { random } from '../../src/random/random.ts'

const share = (mask: Uint8Array): number => mask.reduce((sum, mark) => sum + mark, 0) / mask.length

const draw = (name: string, count: number): Float64Array => {
  const points = new Float64Array(2 * count)
  datasets[name].create().sample(random(5, 'test'), points)
  return points
}

/** Share of a standard normal beyond a radius: Simpson's rule over the density of the radius, which is chi's. */
function beyond(dimension: number, radius: number): number {
  const density = (r: number): number =>
    r ** (dimension - 1) * Math.exp((peak ** 2 - r * r) / 2) * peak ** (1 - dimension)
  const peak = Math.sqrt(Math.max(1, dimension - 1))
  const integral = (from: number, to: number): number => {
    const [n, width] = [4000, (to - from) / 4000]
    let sum = 0
    for (let i = 0; i <= n; i++) sum += density(from + i * width) * (i === 0 || i === n ? 1 : i % 2 ? 4 : 2)
    return (sum * width) / 3
  }
  const start = Math.max(0, peak - 12)
  return integral(radius, radius + 12) / integral(start, radius + 12)
}

describe('the radius about a mode', () => {
  test.each([1, 2, 3, 4, 10, 31])('of %i coordinates holds all but exp(-8)', dimension => {
    expect(beyond(dimension, normalRadius(dimension)) / OUTSIDE).toBeCloseTo(1, 5)
  })

  test('of many coordinates it is near the root of their number', () => {
    expect(normalRadius(784)).toBeCloseTo(Math.sqrt(784) + 2.43, 1)
  })
})

describe('off a mixture', () => {
  const rule = strayRule(datasets.ring.create())

  test('a point strays beyond 4 standard deviations of every mode', () => {
    expect([...rule(Float64Array.of(4 + 0.599, 0, 4 + 0.601, 0, 0, 0, -4, 0.59))]).toEqual([0, 1, 1, 0])
  })

  test('a point that is not finite strays', () => {
    expect([...rule(Float64Array.of(4, Number.NaN, 4, Infinity, 4, 0, 1e30, 1e30))]).toEqual([1, 1, 0, 1])
  })

  test('the data strays by exp(-8)', () => {
    expect(share(rule(draw('ring', 400_000)))).toBeCloseTo(OUTSIDE, 4)
  })

  test('distances are in the standard deviations along the axes of each mode', () => {
    const covariance = [
      [1, 0.9],
      [0.9, 1],
    ]
    const rule = strayRule(gaussianMixture({ components: [{ mean: [0, 0], covariance }] }))
    expect([...rule(Float64Array.of(3.5, 3.5, 1.5, -1.5, 3.8, 3.8))]).toEqual([0, 1, 0])
    const points = new Float64Array(200_000)
    gaussianMixture({ components: [{ mean: [0, 0], covariance }] }).sample(random(1, 'test'), points)
    expect(share(rule(points))).toBeCloseTo(OUTSIDE, 3)
  })

  test('standardised points stray as in their own units', () => {
    const ring = datasets.ring.create()
    const seen = standardizedBy(standardizationOf('column', ring), ring)
    const points = new Float32Array(20_000)
    seen.sample(random(2, 'test'), points)
    expect(share(strayRule(seen)(points))).toBeLessThan(0.001)
    expect([...strayRule(seen)(Float64Array.of(0, 0))]).toEqual([1])
  })
})

describe('off other data', () => {
  test.each(['two-moons', 'checkerboard', 'swiss-roll', 'pinwheel', 'spirals', 'heart'])(
    'of fresh points of %s one in a thousand strays',
    name => {
      const rule = strayRule(datasets[name].create())
      expect(share(rule(draw(name, 40_000)))).toBeGreaterThan(0.0004)
      expect(share(rule(draw(name, 40_000)))).toBeLessThan(0.0022)
      expect([...rule(Float64Array.of(50, 0, Number.NaN, 0))]).toEqual([1, 1])
    },
  )

  test('the empty cells of a board are off it', () => {
    const rule = strayRule(datasets.checkerboard.create())
    expect([...rule(Float64Array.of(0.5, 0.5, -0.5, 0.5, 1.1, 0.5))]).toEqual([0, 1, 1])
  })

  const given = (values: Float64Array, dimension: number, holdOut = 0.1) =>
    pointsDataset(values, { dimension, holdOut })

  const normals = (count: number, dimension: number, address: string): Float64Array => {
    const source = random(3, 'test', address)
    return Float64Array.from({ length: count * dimension }, () => source.normal())
  }

  test.each([
    ['held-out rows', 0.1],
    ['half of the rows, where none are held out,', 0],
  ])('of rows by %s about one in a thousand fresh points strays', (_, holdOut) => {
    const rule = strayRule(given(normals(20_000, 2, 'rows'), 2, holdOut))
    expect(share(rule(normals(20_000, 2, 'fresh')))).toBeLessThan(0.004)
    expect(share(rule(normals(20_000, 2, 'fresh').map(value => 3 * value)))).toBeGreaterThan(0.1)
  })

  test('of many coordinates', () => {
    const rule = strayRule(given(normals(2000, 100, 'rows'), 100))
    expect(share(rule(normals(500, 100, 'fresh')))).toBeLessThan(0.03)
    expect(share(rule(normals(500, 100, 'fresh').map(value => 2 * value)))).toBe(1)
  })

  describe('few different values', () => {
    const whole = (rows: number, values: number, dimension: number): Float64Array => {
      const source = random(rows, 'whole', values, dimension)
      return Float64Array.from({ length: rows * dimension }, () => source.integer(values))
    }

    test('what is between them is off the data', () => {
      const months = Float64Array.from({ length: 1200 }, (_, i) => 1 + (i % 12))
      const rule = strayRule(given(months, 1, 0))
      expect([...rule(Float64Array.of(1, 5.09, 5.5, 12.4, 14, -3, 1e9))]).toEqual([0, 0, 1, 1, 1, 1, 1])
    })

    test.each([
      ['coins', 200, 2, 2],
      ['a die', 600, 6, 1],
      ['four dice, of which most throws come once', 600, 6, 4],
    ])('noise strays from %s, and the values do not', (_, rows, values, dimension) => {
      const rule = strayRule(given(whole(rows, values, dimension), dimension))
      const source = random(2, 'noise')
      const noise = Float64Array.from({ length: 2000 * dimension }, () => (values - 1) * source.uniform())
      expect(share(rule(noise))).toBeGreaterThan(0.7)
      expect(share(rule(new Float64Array(dimension).fill(0.5)))).toBe(1)
      expect(share(rule(whole(500, values, dimension)))).toBeLessThan(0.01)
    })

    test('a pair of values that no row has is off the data', () => {
      const exclusive = Float64Array.from({ length: 800 }, (_, i) => (i % 4 === 0 || i % 4 === 3 ? 1 : 0))
      const rule = strayRule(given(exclusive, 2))
      expect([...rule(Float64Array.of(1, 0, 0.01, 1.02, 1, 1, 0, 0))]).toEqual([0, 0, 1, 1])
    })

    test('beside a column of many values', () => {
      const source = random(9, 'mixed')
      const mixed = Float64Array.from({ length: 4000 }, (_, i) =>
        i % 2 ? source.normal() : source.integer(2),
      )
      const rule = strayRule(given(mixed, 2))
      expect([...rule(Float64Array.of(0, 0.3, 1.05, -0.2, 0.5, 0.3, 0, 50))]).toEqual([0, 0, 1, 1])
    })
  })

  test('what is between rounded numbers is on the data', () => {
    const rounded = normals(2000, 1, 'rounded').map(value => Math.round(20 * value) / 20)
    const rule = strayRule(given(rounded, 1))
    expect(share(rule(Float64Array.from({ length: 400 }, (_, i) => i / 400)))).toBe(0)
  })

  test('a handful of measurements, zeros among them, are not few values', () => {
    const measured = normals(60, 1, 'handful').map((value, i) => (i % 4 === 0 ? value : 0))
    expect(fewValues([measured], 1, 0)).toBeUndefined()
  })
})

describe('the tree', () => {
  test.each([1, 2, 3, 7])('finds what a search of all points of %i coordinates finds', dimension => {
    const source = random(dimension, 'tree')
    const points = Float64Array.from({ length: 500 * dimension }, () => Math.round(8 * source.normal()) / 4)
    const tree = kdTree(points, dimension)
    for (let q = 0; q < 50; q++) {
      const point = Float64Array.from({ length: dimension }, () => Math.round(8 * source.normal()) / 4)
      const squares = Array.from({ length: 500 }, (_, i) =>
        point.reduce((sum, value, k) => sum + (value - points[i * dimension + k]) ** 2, 0),
      )
      expect(tree.nearest(point, 0)).toBe(Math.min(...squares))
      expect(tree.nearest(point, 0, Infinity, -1, 0)).toBe(Math.min(...squares.filter(square => square > 0)))
    }
  })
})
