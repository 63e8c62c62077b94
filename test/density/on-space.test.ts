import { expect, test } from 'vitest'
import { constant, jvp, type Tensor } from '../../src/autodiff/index.ts'
import { negativeLogLikelihood, spaceLogDensity } from '../../src/density/on-space.ts'
import { finiteField } from '../../src/model/spaces/finite.ts'
import { spaceNamed } from '../../src/model/spaces/table.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { drawPoints } from '../model/spaces/points.ts'

const runtime = nodeRuntime()
const still = { velocity: (x: Tensor) => x.mul(0) }

test.each([
  ['sphere', 3, 2.531],
  ['torus', 2, 3.676],
  ['rotations', 9, 4.369],
])('where nothing moves on %s, points cost what the noise costs', async (name, size, nats) => {
  const space = spaceNamed(name)!
  const points = Float64Array.from(drawPoints(name, random(1, name), 5, size).data)
  const found = await negativeLogLikelihood(runtime, still, space, points, size, { steps: 2 })
  for (const value of found) expect(value).toBeCloseTo(nats, 3)
})

const N = 20
const START = 0.6
const SIZES: Readonly<Record<string, number>> = {
  sphere: 3,
  torus: 2,
  rotations: 9,
  hyperbolic: 3,
  'sphere(3) x hyperbolic(3) x flat(1)': 7,
}

/** Where noise is uniform on what has no boundary, fronts of finite data meet and the velocity jumps: there is one point then. */
const JUMPS = ['torus', 'rotations']

/** A field of points near each other, points of its law at a time, and their log density. */
function finite(name: string) {
  const size = SIZES[name]
  const space = spaceNamed(name)!
  const { exp, log } = space.geometry
  const source = random(4, name)
  const [far, noise] = [drawPoints(name, source, 3, size), drawPoints(name, source, N, size)]
  const [data] = valuesOf(x => {
    const first = x.slice(0, 0, 1).broadcastTo([3, size])
    return exp(first, log(first, x).mul(0.3))
  }, far)
  const count = JUMPS.includes(name) ? 1 : 3
  const rows = Array.from({ length: count }, (_, i) =>
    [...data.data.slice(i * size, (i + 1) * size)].map(Number),
  )
  const field = finiteField(space, rows, count === 1 ? [1] : [0.5, 0.3, 0.2])
  const firsts = value(Array.from({ length: N }, (_, i) => rows[i % count]).flat(), [N, size])
  const [points, density] = valuesOf(
    (y, eps) => {
      const x = space.path({} as never, y, eps).at(constant(START, [N, 1], y.dtype))
      return [x, field.logDensity(x, constant(START, [N, 1], y.dtype))]
    },
    firsts,
    noise,
  )
  return {
    space,
    size,
    field,
    points: Float64Array.from(points.data),
    density: [...density.data].map(Number),
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

test.each(Object.keys(SIZES))('the field of finite data on %s gives points their density', async name => {
  const { space, size, field, points, density } = finite(name)
  const error = async (steps: number) => {
    const found = await spaceLogDensity(runtime, field, space, points, size, { steps, start: START })
    return median(density.map((expected, i) => Math.abs(found[i] - expected)))
  }
  const [coarse, fine] = [await error(20), await error(80)]
  expect(fine).toBeLessThan(1e-5)
  // Midpoint steps: four times as many, sixteen times as near.
  expect(coarse / fine).toBeGreaterThan(12)
  expect(coarse / fine).toBeLessThan(20)
})

test('the trace of the space around is off by -2 <x, N>, unless the point is normalised', () => {
  const { geometry } = spaceNamed('sphere')!
  const x = drawPoints('sphere', random(5, 'trace'), 6, 3)
  const network = (x: Tensor): Tensor =>
    x
      .add(constant([0.3, -0.5, 1], [1, 3], x.dtype))
      .sin()
      .mul(2)
  const projected = (x: Tensor): Tensor => geometry.tangent(x, network(x))
  const trace = (field: (x: Tensor) => Tensor, x: Tensor): Tensor =>
    [0, 1, 2]
      .map(k => {
        const e = constant(
          [0, 1, 2].map(i => Number(i === k)),
          [1, 3],
          x.dtype,
        ).broadcastTo([...x.shape])
        return jvp(field, [x], [e])[1].slice(-1, k, k + 1)
      })
      .reduce((a, b) => a.add(b))
  const [exact, plain, normalised, along] = valuesOf(
    x => [
      geometry
        .frame(x)
        .map(e => geometry.inner(e, jvp(projected, [x], [e])[1]))
        .reduce((a, b) => a.add(b)),
      trace(projected, x),
      trace(x => projected(x.div(geometry.inner(x, x).sqrt())), x),
      geometry.inner(x, network(x)),
    ],
    x,
  ).map(({ data }) => [...data].map(Number))
  exact.forEach((divergence, i) => {
    expect(normalised[i]).toBeCloseTo(divergence, 12)
    expect(plain[i] - divergence).toBeCloseTo(-2 * along[i], 12)
  })
  expect(Math.max(...along.map(Math.abs))).toBeGreaterThan(0.5)
})
