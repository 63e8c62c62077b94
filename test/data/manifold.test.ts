import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/data/built-in.ts'
import { rotationBy } from '../../src/data/manifold/rotations.ts'
import { wrapAngle } from '../../src/data/manifold/torus.ts'
import { standardizationOf } from '../../src/data/standardized.ts'
import { spaceNamed } from '../../src/model/spaces/table.ts'
import { random } from '../../src/random/random.ts'
import { draw } from './draw.ts'

/** Coordinates in which a space is a box, with the volume of a point's surroundings. */
interface Chart {
  readonly box: readonly (readonly [low: number, high: number])[]
  point(at: readonly number[]): readonly number[]
  place(point: readonly number[]): readonly number[]
  volume(at: readonly number[]): number
  readonly cells: readonly number[]
  /** Points of each cell along each coordinate. */
  readonly fine: number
  /** A small isometry. */
  moved(point: readonly number[]): readonly number[]
}

const turn = [-Math.PI, Math.PI] as const
const aboutUp = (x: number, y: number, angle: number) => [
  Math.cos(angle) * x - Math.sin(angle) * y,
  Math.sin(angle) * x + Math.cos(angle) * y,
]
const times = (a: readonly number[], b: readonly number[]) =>
  a.map((_, at) => {
    const [i, j] = [3 * Math.floor(at / 3), at % 3]
    return a[i] * b[j] + a[i + 1] * b[3 + j] + a[i + 2] * b[6 + j]
  })

const sphere: Chart = {
  box: [[-1, 1], turn],
  point: ([z, a]) => [Math.sqrt(1 - z * z) * Math.cos(a), Math.sqrt(1 - z * z) * Math.sin(a), z],
  place: ([x, y, z]) => [z, Math.atan2(y, x)],
  volume: () => 1,
  cells: [8, 16],
  fine: 30,
  moved: ([x, y, z]) => [...aboutUp(x, y, 0.1), z],
}

const charts: Readonly<Record<string, Chart>> = {
  'sphere-vmf': sphere,
  'sphere-checkerboard': sphere,
  'torus-ramachandran': {
    box: [turn, turn],
    point: at => at,
    place: at => at,
    volume: () => 1,
    cells: [12, 12],
    fine: 16,
    moved: ([a, b]) => [wrapAngle(a + 0.1), b],
  },
  // Turns about the third axis, the second and the third again.
  'so3-mixture': {
    box: [turn, [0, Math.PI], turn],
    point: ([a, c, b]) => times(times(rotationBy([0, 0, a]), rotationBy([0, c, 0])), rotationBy([0, 0, b])),
    place: R => [Math.atan2(R[5], R[2]), Math.atan2(Math.hypot(R[2], R[5]), R[8]), Math.atan2(R[7], -R[6])],
    volume: ([, c]) => Math.sin(c),
    cells: [6, 6, 6],
    fine: 14,
    moved: R => times(rotationBy([0, 0, 0.1]), R),
  },
  'hyperbolic-tree': {
    box: [[0, 5], turn],
    point: ([r, a]) => [Math.cosh(r), Math.sinh(r) * Math.cos(a), Math.sinh(r) * Math.sin(a)],
    place: ([, y, z]) => [Math.asinh(Math.hypot(y, z)), Math.atan2(z, y)],
    volume: ([r]) => Math.sinh(r),
    cells: [10, 24],
    fine: 24,
    moved: ([x, y, z]) => [x, ...aboutUp(y, z, 0.05)],
  },
}

/** The probability of each cell, by the middle of many small ones. */
function probabilities(
  { box, cells, fine, point, volume }: Chart,
  logDensity: (points: Float64Array) => Float64Array,
) {
  const counts = cells.map(n => n * fine)
  const steps = box.map(([low, high], k) => (high - low) / counts[k])
  const total = counts.reduce((a, b) => a * b, 1)
  const places = Array.from({ length: total }, (_, i) => {
    let rest = i
    const at = counts.map(count => {
      const k = rest % count
      rest = Math.floor(rest / count)
      return k
    })
    return at
  })
  const middles = places.map(at => at.map((i, k) => box[k][0] + (i + 0.5) * steps[k]))
  const densities = logDensity(Float64Array.from(middles.flatMap(point)))
  const found = new Float64Array(cells.reduce((a, b) => a * b, 1))
  const small = steps.reduce((a, b) => a * b, 1)
  places.forEach((at, i) => {
    const cell = at.reduceRight((sum, n, k) => sum * cells[k] + Math.floor(n / fine), 0)
    found[cell] += Math.exp(densities[i]) * volume(middles[i]) * small
  })
  return found
}

/** Pearson's statistic in standard deviations above its mean; cells that expect few are one. */
function surprise(counts: Float64Array, expected: Float64Array): number {
  let [statistic, freedom, few, fewExpected] = [0, -1, 0, 0]
  const add = (count: number, mean: number) => {
    statistic += (count - mean) ** 2 / mean
    freedom++
  }
  counts.forEach((count, i) => {
    if (expected[i] >= 5) add(count, expected[i])
    else {
      few += count
      fewExpected += expected[i]
    }
  })
  add(few, Math.max(fewExpected, 1))
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

const DRAWN = 40_000

describe.each(Object.entries(charts))('%s', (name, chart) => {
  const dataset = datasets[name].create()
  const { dimension } = dataset
  const points = draw(dataset, DRAWN)
  const rows = Array.from({ length: DRAWN }, (_, i) => [
    ...points.subarray(i * dimension, (i + 1) * dimension),
  ])
  const cellOf = (point: readonly number[]) =>
    chart.place(point).reduceRight((sum, x, k) => {
      const [[low, high], n] = [chart.box[k], chart.cells[k]]
      return sum * n + Math.max(0, Math.min(n - 1, Math.floor(((x - low) / (high - low)) * n)))
    }, 0)
  const expected = probabilities(chart, points => dataset.logDensity!(points))
  const surpriseOf = (all: readonly (readonly number[])[]) => {
    const counts = new Float64Array(expected.length)
    for (const point of all) counts[cellOf(point)]++
    return surprise(
      counts,
      expected.map(p => p * DRAWN),
    )
  }

  test('its density has the integral 1', () => {
    expect(expected.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 3)
  })

  test('its points follow its density, and moved a little they do not', () => {
    expect(surpriseOf(rows)).toBeLessThan(5)
    expect(surpriseOf(rows.map(chart.moved))).toBeGreaterThan(20)
  })

  test('names its space, in which its points lie, and which no standardisation may leave', () => {
    const { geometry } = spaceNamed(dataset.space!)!
    expect(geometry).toBeDefined()
    for (const point of rows.slice(0, 500)) {
      if (dataset.space === 'hyperbolic') {
        expect(point[0] ** 2 - point[1] ** 2 - point[2] ** 2).toBeCloseTo(1, 8)
        expect(Math.acosh(point[0])).toBeLessThan(6)
      }
      chart.point(chart.place(point)).forEach((value, k) => {
        expect(value).toBeCloseTo(point[k], 6)
      })
    }
    expect(standardizationOf('auto', dataset)).toBeUndefined()
    expect(() => standardizationOf('column', dataset)).toThrow(`off their space (${dataset.space})`)
  })

  test('has all of its classes', () => {
    const classes = new Uint16Array(1000)
    dataset.sample(random(2, 'classes'), new Float64Array(1000 * dimension), classes)
    expect(new Set(classes).size).toBe(dataset.labels!.names.length)
  })
})

test('sphere-vmf has its modes where they are said to be', () => {
  const dataset = datasets['sphere-vmf'].create()
  const classes = new Uint16Array(30_000)
  const points = new Float64Array(90_000)
  dataset.sample(random(3, 'modes'), points, classes)
  const counts = [0, 0, 0]
  const sums = [0, 1, 2].map(() => [0, 0, 0])
  classes.forEach((mode, i) => {
    counts[mode]++
    for (let k = 0; k < 3; k++) sums[mode][k] += points[3 * i + k]
  })
  expect(counts.map(count => count / 30_000)).toEqual([0.5, 0.3, 0.2].map(p => expect.closeTo(p, 2)))
  // The mean of a mode is its middle times coth(kappa) - 1/kappa.
  const length = 1 / Math.tanh(20) - 1 / 20
  const means = [
    [1, 0, 0],
    [0, 0.8, 0.6],
    [-0.6, -0.64, 0.48],
  ]
  sums.forEach((sum, mode) => {
    sum.forEach((value, k) => {
      expect(value / counts[mode]).toBeCloseTo(length * means[mode][k], 2)
    })
  })
})
