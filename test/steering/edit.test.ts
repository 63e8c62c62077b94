import { describe, expect, test } from 'vitest'
import { random } from '../../src/random/random.ts'
import { mixed, renoised, slerp, straight } from '../../src/steering/edit.ts'
import { deviation, gaussianMap, mean, normals } from './worlds.ts'

describe('between two points of noise', () => {
  const [a, b] = [normals(40_000, 1), normals(40_000, 2)]

  test('the mended line keeps the law, the plain line shrinks', () => {
    expect(deviation(straight(a, b, 0.5))).toBeCloseTo(1, 1)
    expect(deviation(a.map((value, i) => (value + b[i]) / 2)) ** 2).toBeCloseTo(0.5, 1)
  })

  test('the arc keeps the law of many coordinates, and in the plane throws some points far out', () => {
    expect(deviation(slerp(a, b, 0.5, 64))).toBeCloseTo(1, 1)
    expect(slerp(a, b, 0.5, 64).every(value => Math.abs(value) < 6)).toBe(true)
    expect(slerp(a, b, 0.5, 2).some(value => Math.abs(value) > 20)).toBe(true)
  })

  test('the ends are the points', () => {
    const [first, last] = [slerp(a, b, 0, 2), slerp(a, b, 1, 2)]
    for (let i = 0; i < 100; i++) {
      expect(first[i]).toBeCloseTo(a[i], 12)
      expect(last[i]).toBeCloseTo(b[i], 12)
    }
  })

  test('points in one direction, or at 0, are joined by a line', () => {
    expect([...slerp(Float64Array.of(1, 0), Float64Array.of(2, 0), 0.5, 2)]).toEqual([1.5, 0])
    expect([...slerp(Float64Array.of(0, 0), Float64Array.of(2, 0), 0.5, 2)]).toEqual([1, 0])
  })

  test('coordinates can be taken from either', () => {
    expect([...mixed(Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), [1], 2)]).toEqual([1, 6, 3, 8])
  })
})

test('noise up to a time and back keeps the law, and moves further the higher the time', async () => {
  const sigma = 0.7
  const map = gaussianMap(sigma)
  const data = normals(20_000, 3).map(value => sigma * value)
  const moves: number[] = []
  for (const tau of [0.1, 0.5, 1]) {
    const points = await renoised(map, data, tau, random(1, 'renoise'))
    expect(deviation(points) / sigma).toBeCloseTo(1, 1)
    moves.push(Math.sqrt(mean(points.map((value, i) => (value - data[i]) ** 2))))
  }
  expect(moves[1]).toBeGreaterThan(2 * moves[0])
  expect(moves[2]).toBeGreaterThan(moves[1])
})
