import { expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { modeFrequencies } from '../../src/metric/mode-divergence.ts'
import { draw } from './draw.ts'

function rows(points: Float64Array): [number, number][] {
  return Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]])
}

test('checkerboard fills alternate cells evenly and no others', () => {
  const counts = new Map<string, number>()
  for (const [x, y] of rows(draw(generatedDataset('checkerboard'), 80_000))) {
    const cell = `${Math.floor(x)},${Math.floor(y)}`
    counts.set(cell, (counts.get(cell) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual(
    ['-2,-2', '-2,0', '-1,-1', '-1,1', '0,-2', '0,0', '1,-1', '1,1'].sort(),
  )
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})

test('checkerboard is uniform inside a cell', () => {
  const quarters = [0, 0, 0, 0]
  for (const [x, y] of rows(draw(generatedDataset('checkerboard'), 40_000))) {
    quarters[2 * Math.floor(2 * (x - Math.floor(x))) + Math.floor(2 * (y - Math.floor(y)))]++
  }
  for (const count of quarters) expect(Math.abs(count - 10_000)).toBeLessThan(450)
})

test.each([
  ['ring', 4, 0.15],
  ['eight-gaussians', 4 / Math.SQRT2, 0.5 / Math.SQRT2],
])('%s has eight even modes at radius %d of standard deviation %d', (name, radius, std) => {
  const dataset = generatedDataset(name)
  const { components } = dataset.mixture!
  expect(components.map(({ weight }) => weight)).toEqual(new Array(8).fill(1 / 8))
  for (const { mean } of components) expect(Math.hypot(...mean)).toBeCloseTo(radius, 12)

  const points = draw(dataset, 40_000)
  for (const frequency of modeFrequencies(points, dataset.mixture!)) {
    expect(Math.abs(frequency - 1 / 8)).toBeLessThan(0.009)
  }
  let square = 0
  let near = 0
  for (const [x, y] of rows(points)) {
    if (Math.hypot(x - components[3].mean[0], y - components[3].mean[1]) > 3.5 * std) continue
    square += (x - components[3].mean[0]) ** 2 + (y - components[3].mean[1]) ** 2
    near++
  }
  expect(Math.sqrt(square / near / 2) / std).toBeCloseTo(1, 1)
})

test('the points of two-moons lie near two half circles', () => {
  for (const [x, y] of rows(draw(generatedDataset('two-moons'), 5000))) {
    const [u, v] = [(x + 1) / 2, (y + 0.2) / 2]
    const upper = v > -0.45 ? Math.abs(Math.hypot(u, v) - 1) : 9
    const lower = v < 0.95 ? Math.abs(Math.hypot(u - 1, v - 0.5) - 1) : 9
    expect(Math.min(upper, lower)).toBeLessThan(0.5)
  }
})

/** Share of points whose distance to the curve, taken at 4,000 places, is under `reach`. */
function shareNear(
  points: [number, number][],
  curve: (u: number) => [number, number],
  reach: number,
): number {
  const places = Array.from({ length: 4000 }, (_, i) => curve((i + 0.5) / 4000))
  const near = points.filter(([x, y]) => places.some(([a, b]) => Math.hypot(x - a, y - b) < reach))
  return near.length / points.length
}

test('the points of swiss-roll lie along its curve', () => {
  const curve = (u: number): [number, number] => {
    const a = 1.5 * Math.PI * (1 + 2 * u)
    return [(a * Math.cos(a)) / 5, (a * Math.sin(a)) / 5]
  }
  const points = rows(draw(generatedDataset('swiss-roll'), 1000))
  const mirrored = points.map(([x, y]): [number, number] => [-x, y])
  expect(shareNear(points, curve, 0.45)).toBeGreaterThan(0.95)
  expect(shareNear(mirrored, curve, 0.45)).toBeLessThan(0.8)
})

test('the points of spirals lie along two curves, evenly', () => {
  const arm =
    (sign: number) =>
    (u: number): [number, number] => {
      const a = 3 * Math.PI * u
      return [(sign * (0.25 - a * Math.cos(a))) / 3, (sign * (0.25 + a * Math.sin(a))) / 3]
    }
  const points = rows(draw(generatedDataset('spirals'), 1000))
  const [first, second] = [1, -1].map(sign => shareNear(points, arm(sign), 0.35))
  expect(first + second).toBeGreaterThan(0.95)
  expect(Math.abs(first - second)).toBeLessThan(0.1)
})

test('heart fills its curve evenly, and nothing outside', () => {
  const points = rows(draw(generatedDataset('heart'), 40_000))
  const inside = ([x, y]: [number, number]): boolean => (x * x + y * y - 1) ** 3 <= x * x * y ** 3 + 1e-12
  expect(points.filter(([x, y]) => !inside([x / 2, (y + 0.6) / 2]))).toEqual([])
  // Two squares of one size, one in a lobe, one near the middle; of area 4 * 3.661976.
  const share = (a: number, b: number) =>
    points.filter(([x, y]) => Math.abs(x - a) < 0.4 && Math.abs(y - b) < 0.4).length / points.length
  for (const found of [share(1.2, 0.6), share(0, -0.8)]) expect(found).toBeCloseTo(0.64 / (4 * 3.661976), 2)
})

test('the arms of pinwheel straighten when the bend is undone', () => {
  let [cos, sin] = [0, 0]
  const points = rows(draw(generatedDataset('pinwheel'), 5000))
  for (const [x, y] of points) {
    const phase = 5 * (-Math.atan2(y, x) - 0.25 * Math.exp(Math.hypot(x, y) / 2))
    cos += Math.cos(phase) / points.length
    sin += Math.sin(phase) / points.length
  }
  expect(cos).toBeGreaterThan(0.75)
  expect(Math.abs(sin)).toBeLessThan(0.1)
})
