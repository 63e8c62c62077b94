import { expect, test } from 'vitest'
import { PLACES, placesOf } from '../../src/data/manifold/places.ts'
import { readingOf } from '../../src/data/manifold/rows.ts'

test('places are those that unit vectors were read from', () => {
  const reading = readingOf('sphere', { count: 2, names: PLACES }, 'radians')
  if (typeof reading === 'string') throw new Error(reading)
  const rows = [
    [52.5, 13.4],
    [-33.9, -70.25],
    [90, 0],
    [-89.99, 179.5],
  ]
  const points = new Float64Array(3 * rows.length)
  for (const [i, row] of rows.entries()) expect(reading.read(row, 0, points, 3 * i)).toBeUndefined()
  const found = [...placesOf(Float32Array.from(points))]
  for (const [i, value] of rows.flat().entries()) expect(found[i]).toBeCloseTo(value, 2)
})
