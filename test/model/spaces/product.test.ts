import { expect, test } from 'vitest'
import { flat } from '../../../src/model/index.ts'
import { blocksNamed, curvedSpaces, holdsPoints, spaceNamed } from '../../../src/model/spaces/table.ts'
import { random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'

test('a product is named by its blocks and the numbers of their points', () => {
  expect(spaceNamed('sphere')).toBe(curvedSpaces.sphere)
  expect(blocksNamed('sphere(3) x rotations x flat(1)')).toEqual([
    { name: 'sphere', size: 3 },
    { name: 'rotations', size: 9 },
    { name: 'flat', size: 1 },
  ])
  expect(spaceNamed('torus(2) x flat(1)')).toBe(spaceNamed('torus(2) x flat(1)'))
})

test.each([
  '',
  'simplex',
  'sphere x flat(1)',
  'sphere(1)',
  'rotations(4)',
  'torus(2)x flat(1)',
  'constructor',
])('"%s" names none', name => {
  expect(spaceNamed(name)).toBeUndefined()
})

test('a space holds points of some numbers and not of others', () => {
  for (const [name, size] of [
    ['sphere', 3],
    ['torus', 1],
    ['rotations', 9],
    ['sphere(3) x flat(2)', 5],
  ] as const) {
    expect(holdsPoints(name, size)).toBe(true)
  }
  for (const [name, size] of [
    ['sphere', 1],
    ['rotations', 4],
    ['sphere(3) x flat(2)', 4],
  ] as const) {
    expect(holdsPoints(name, size)).toBe(false)
  }
})

const NAME = 'sphere(3) x flat(2) x hyperbolic(3)'

test('noise of a product is that of its blocks, and log densities add', () => {
  const space = spaceNamed(NAME)!
  const points = new Float32Array(40 * 8)
  space.noise.draw(random(1, 'product'), points, 8)
  const rows = Array.from({ length: 40 }, (_, i) => [...points.subarray(8 * i, 8 * i + 8)])
  for (const row of rows) {
    expect(Math.hypot(...row.slice(0, 3))).toBeCloseTo(1, 5)
    expect(row[6] ** 2 + row[7] ** 2 - row[5] ** 2).toBeCloseTo(-1, 3)
  }
  const part = (from: number, to: number) => Float64Array.from(rows.flatMap(row => row.slice(from, to)))
  const [a, b, c] = [
    curvedSpaces.sphere.noise.logDensity(part(0, 3), 3),
    flat.noise.logDensity(part(3, 5), 2),
    curvedSpaces.hyperbolic.noise.logDensity(part(5, 8), 3),
  ]
  const found = space.noise.logDensity(Float64Array.from(points), 8)
  const [byGraph] = valuesOf(space.geometry.logNoise, value([...points], [40, 8]))
  found.forEach((density, i) => {
    expect(density).toBeCloseTo(a[i] + b[i] + c[i], 12)
    expect(byGraph.data[i]).toBeCloseTo(density, 4)
  })
})

test('squares of distances add', () => {
  const { distance } = spaceNamed('sphere(2) x torus(1) x flat(1)')!.geometry
  const [d] = valuesOf(distance, value([1, 0, 3, 5], [1, 4]), value([0, 1, -3, 7], [1, 4]))
  expect(d.data[0] ** 2).toBeCloseTo((Math.PI / 2) ** 2 + (2 * Math.PI - 6) ** 2 + 4, 12)
})
