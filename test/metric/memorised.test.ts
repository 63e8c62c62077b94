import { describe, expect, test } from 'vitest'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { copyLimit, memorisedEstimate, memorisedFloor } from '../../src/metric/memorised.ts'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import { random } from '../../src/random/random.ts'

const normals = (count: number, seed: number): Float32Array => {
  const source = random(seed, 'test')
  return Float32Array.from({ length: count }, () => source.normal())
}

test('a point counts as copied where it is nearer than 1 % of held-out rows are', () => {
  const heldOut = Float64Array.from({ length: 300 }, (_, i) => (i * 7) % 300)
  const limit = copyLimit(heldOut)
  expect(heldOut.filter(square => square < limit)).toHaveLength(3)
  expect(memorisedEstimate(heldOut, limit).value).toBe(0.01)
  expect(memorisedEstimate(Float64Array.of(0, 2.9, 3, 50), limit).value).toBe(0.5)
})

test('the floor is that of fresh rows, about 1 %, with the luck of both sides', () => {
  const draws = Array.from({ length: 400 }, (_, k) => memorisedFloor(2000, random(k, 'test'), 2000))
  const mean = draws.reduce((sum, value) => sum + value / 400, 0)
  const deviation = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2 / 400, 0))
  // The share below row 21 of 2,000 in order is 21/2001 on average; both sides have its spread.
  expect(mean).toBeCloseTo(21 / 2001, 3)
  expect(deviation).toBeCloseTo(Math.sqrt((2 * 0.01 * 0.99) / 2000), 3)
})

describe('of a dataset', () => {
  const rows = normals(3 * 4000, 1)
  const dataset = pointsDataset(rows, { dimension: 3, holdOut: 0.3 })
  const { evaluate, floors } = prepareMetrics(dataset, { count: 1000, names: ['memorised'] })

  test('fresh samples copy as rarely as held-out rows do', () => {
    const { low, high } = floors.memorised
    expect(low).toBeGreaterThan(0)
    expect(high).toBeLessThan(0.03)
    expect(evaluate(normals(3 * 1000, 2)).memorised).toBeLessThan(0.03)
  })

  test('training rows with a little noise are copies, and one in ten are told', () => {
    const copies = new Float32Array(3 * 1000)
    dataset.split!.take('training', random(1, 'copies'), copies)
    const noise = normals(copies.length, 3)
    const near = copies.map((value, i) => value + 1e-3 * noise[i])
    expect(evaluate(near).memorised).toBe(1)
    const mixed = normals(copies.length, 4)
    mixed.set(near.subarray(0, 300))
    expect(evaluate(mixed).memorised).toBeGreaterThan(0.1)
    expect(evaluate(mixed).memorised).toBeLessThan(0.13)
  })

  test('samples far from all data copy nothing', () => {
    expect(evaluate(normals(3 * 1000, 5).map(value => value + 50)).memorised).toBe(0)
  })
})

test('needs held-out rows, enough for one in a hundred', () => {
  const all = pointsDataset(normals(1500, 1), { dimension: 3 })
  expect(() => prepareMetrics(all, { count: 10, names: ['memorised'] })).toThrow(
    'metric memorised needs 100 held-out rows',
  )
})
