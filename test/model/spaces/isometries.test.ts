import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../../src/autodiff/index.ts'
import { finiteField } from '../../../src/model/spaces/finite.ts'
import { spaceNamed } from '../../../src/model/spaces/table.ts'
import { random } from '../../../src/random/random.ts'
import { type value, valuesOf } from '../../autodiff/values.ts'
import { drawPoints } from './points.ts'

// What has no preferred place must not show one: isometries commute with all that a space offers.

const N = 5

const matrix = (rows: readonly (readonly number[])[], like: Tensor) =>
  constant(rows.flat(), [rows.length, rows[0].length], like.dtype)
const [c, s, C, S] = [Math.cos(0.8), Math.sin(0.8), Math.cosh(0.7), Math.sinh(0.7)]

/** An isometry of points, and its differential of vectors. */
interface Isometry {
  readonly size: number
  readonly of: (x: Tensor) => Tensor
  readonly slope: (u: Tensor) => Tensor
}

const linear = (size: number, rows: readonly (readonly number[])[]): Isometry => {
  const of = (x: Tensor) => x.matmul(matrix(rows, x))
  return { size, of, slope: of }
}

const boost = linear(3, [
  [C, S, 0],
  [S, C, 0],
  [0, 0, 1],
])

const isometries: Readonly<Record<string, Isometry>> = {
  // About two axes at once.
  sphere: linear(4, [
    [c, s, 0, 0],
    [-s, c, 0, 0],
    [0, 0, s, c],
    [0, 0, -c, s],
  ]),
  torus: { size: 2, of: x => x.add(constant([0.7, -1.9], [1, 2], x.dtype)), slope: u => u },
  // `Q R`, row after row.
  rotations: linear(
    9,
    Array.from({ length: 9 }, (_, i) =>
      Array.from({ length: 9 }, (_, j) => {
        const Q = [c, -s, 0, s, c, 0, 0, 0, 1]
        return i % 3 === j % 3 ? Q[3 * Math.floor(j / 3) + Math.floor(i / 3)] : 0
      }),
    ),
  ),
  hyperbolic: boost,
}

type Points = ReturnType<typeof value>
const largest = (of: (...at: Tensor[]) => Tensor, ...given: Points[]) =>
  Math.max(...[...valuesOf(of, ...given)[0].data].map(Number).map(Math.abs))

/** How far the velocity of finite data is from going along with an isometry of points and data. */
function fieldMissed(name: string, { size, of, slope }: Isometry): number {
  const space = spaceNamed(name)!
  const source = random(6, name)
  const [far, data] = [drawPoints(name, source, N, size), drawPoints(name, source, 2, size)]
  const rows = (points: Points) =>
    [0, 1].map(i => [...points.data.slice(i * size, (i + 1) * size)].map(Number))
  const [moved] = valuesOf(of, data)
  const [here, there] = [data, moved].map(points => finiteField(space, rows(points), [0.6, 0.4]))
  return largest(
    (far, data) => {
      // Near the first point, where noise leads.
      const first = data.slice(0, 0, 1).broadcastTo([N, size])
      const x = space.geometry.exp(first, space.geometry.log(first, far).mul(0.5))
      const time = constant(0.8, [N, 1], x.dtype)
      return there.velocity(of(x), time).sub(slope(here.velocity(x, time)))
    },
    far,
    data,
  )
}

describe.each(Object.entries(isometries))('%s', (name, isometry) => {
  const { size, of, slope } = isometry
  const { geometry } = spaceNamed(name)!
  const { exp, log, tangent, transport, distance, transverse } = geometry
  const source = random(5, name)
  const [x, y, a] = [1, 2, 3].map(() => drawPoints(name, source, N, size))

  test('exp, log, distances and transport commute with an isometry', () => {
    const missed = (x: Tensor, y: Tensor, a: Tensor) => {
      const u = tangent(x, a.mul(0.3))
      const [Qx, Qy, Qu] = [of(x), of(y), slope(u)]
      return [
        exp(Qx, Qu).sub(of(exp(x, u))),
        log(Qx, Qy).sub(slope(log(x, y))),
        transport(Qx, Qy, Qu).sub(slope(transport(x, y, u))),
        transverse(Qx, log(Qx, Qy), Qu).sub(slope(transverse(x, log(x, y), u))),
        distance(Qx, Qy).sub(distance(x, y)).broadcastTo([N, size]),
      ].reduce((worst, part) => worst.maximum(part.abs()), x.mul(0))
    }
    expect(largest(missed, x, y, a)).toBeLessThan(1e-9)
  })

  test('what is no isometry does not', () => {
    const stretched = (x: Tensor) => x.add(x.slice(-1, 0, 1).mul(0.1))
    expect(largest((x, y) => distance(stretched(x), stretched(y)).sub(distance(x, y)), x, y)).toBeGreaterThan(
      1e-3,
    )
  })

  if (name === 'hyperbolic') return
  test('so does the velocity of finite data where the noise is uniform', () => {
    expect(fieldMissed(name, isometry)).toBeLessThan(1e-9)
  })
})

test('the noise of the hyperboloid has a middle, about which alone its velocity may be turned', () => {
  const turned = linear(3, [
    [1, 0, 0],
    [0, c, s],
    [0, -s, c],
  ])
  expect(fieldMissed('hyperbolic', turned)).toBeLessThan(1e-9)
  expect(fieldMissed('hyperbolic', boost)).toBeGreaterThan(1e-3)
})
