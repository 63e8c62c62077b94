import { describe, expect, test } from 'vitest'
import { constant, jvp, onesLike, type Tensor } from '../../../src/autodiff/index.ts'
import { divergenceIn } from '../../../src/model/spaces/curved.ts'
import { finiteField } from '../../../src/model/spaces/finite.ts'
import { spaceNamed } from '../../../src/model/spaces/table.ts'
import { random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { drawPoints } from './points.ts'

const COORDINATES: Readonly<Record<string, number>> = {
  sphere: 4,
  torus: 3,
  rotations: 9,
  hyperbolic: 3,
  'sphere(3) x torus(2) x rotations x hyperbolic(3) x flat(2)': 19,
}
const N = 6

describe.each(Object.entries(COORDINATES))('%s', (name, D) => {
  const space = spaceNamed(name)!
  const { geometry } = space
  const { exp, log, inner, tangent, transport, transverse, distance, frame } = geometry
  const source = random(3, name)

  const points = () => drawPoints(name, source, N, D)
  const vectors = () =>
    value(
      Array.from({ length: N * D }, () => 0.6 * source.normal()),
      [N, D],
    )
  const [x, y, a, b] = [points(), points(), vectors(), vectors()]
  const largest = (of: (...at: Tensor[]) => Tensor, ...given: (typeof x)[]) =>
    Math.max(...[...valuesOf(of, ...given)[0].data].map(Number).map(Math.abs))

  test('log undoes exp, and has the length of the distance', () => {
    expect(largest((x, a) => log(x, exp(x, tangent(x, a))).sub(tangent(x, a)), x, a)).toBeLessThan(1e-12)
    expect(largest((x, y) => exp(x, log(x, y)).sub(y).sin(), x, y)).toBeLessThan(1e-12)
    expect(
      largest(
        (x, y) =>
          distance(x, y)
            .square()
            .sub(inner(log(x, y), log(x, y))),
        x,
        y,
      ),
    ).toBeLessThan(1e-12)
  })

  test('what is carried keeps its length, and the geodesic its direction', () => {
    const both = (x: Tensor, y: Tensor, a: Tensor, b: Tensor) => {
      const [u, v] = [tangent(x, a), tangent(x, b)]
      const [there, other] = [transport(x, y, u), transport(x, y, v)]
      return inner(there, other).sub(inner(u, v))
    }
    expect(largest(both, x, y, a, b)).toBeLessThan(1e-12)
    expect(largest((x, y) => transport(x, y, log(x, y)).add(log(y, x)), x, y)).toBeLessThan(1e-12)
    if (name === 'torus') return
    // A projection in the place of the transport is no isometry.
    const projected = (x: Tensor, y: Tensor, a: Tensor) => {
      const u = tangent(x, a)
      return inner(tangent(y, u), tangent(y, u)).sub(inner(u, u))
    }
    expect(largest(projected, x, y, a)).toBeGreaterThan(0.05)
  })

  test('transverse is what the derivative of log is, with its sign', () => {
    const missed = (x: Tensor, y: Tensor, a: Tensor) => {
      const v = tangent(x, a)
      const [, dlog] = jvp(x => log(x, y), [x], [v])
      return transverse(x, log(x, y), v).add(tangent(x, dlog))
    }
    expect(largest(missed, x, y, a)).toBeLessThan(1e-11)
  })

  test('exp and log are smooth where nothing is between', () => {
    const none = value(new Array(N * D).fill(0), [N, D])
    const twice = (of: (h: Tensor) => Tensor, at: Tensor) => {
      const slope = (h: Tensor) => jvp(of, [h], [onesLike(h)])[1]
      return [slope(at), jvp(slope, [at], [onesLike(at)])[1]] as const
    }
    const zero = (like: Tensor) => constant(0, [N, 1], like.dtype)
    // exp_x(h u) = x + h u + h^2/2 x'' + ..., x'' across the space: no part of it is tangent.
    const [first, second] = valuesOf(
      (x, a) => {
        const u = tangent(x, a)
        const [slope, bend] = twice(h => exp(x, h.mul(u)), zero(x))
        return [slope.sub(u), tangent(x, bend)]
      },
      x,
      a,
    )
    expect(Math.max(...first.data.map(Math.abs))).toBeLessThan(1e-13)
    expect(Math.max(...second.data.map(Math.abs))).toBeLessThan(1e-13)
    // log_x of that is h u, at 0 too.
    const [slope, bend] = valuesOf(
      (x, a) => {
        const u = tangent(x, a)
        const [slope, bend] = twice(h => log(x, exp(x, h.mul(u))), zero(x))
        return [slope.sub(u), bend]
      },
      x,
      a,
    )
    expect(Math.max(...slope.data.map(Math.abs))).toBeLessThan(1e-13)
    expect(Math.max(...bend.data.map(Math.abs))).toBeLessThan(1e-12)
    expect(largest((x, none) => log(x, x).add(exp(x, none).sub(x)), x, none)).toBeLessThan(1e-13)
  })

  test('has the same numbers on both sides of where its series end', () => {
    const at = (size: number) => (x: Tensor, a: Tensor) => {
      const u = tangent(x, a)
      const unit = u.div(inner(u, u).sqrt())
      return log(x, exp(x, unit.mul(size)))
        .div(size)
        .sub(unit)
    }
    for (const size of [0.0999, 0.1, 0.1001, 0.19, 0.2, 0.21])
      expect(largest(at(size), x, a)).toBeLessThan(1e-12)
  })

  test('has an orthonormal frame', () => {
    const missed = (x: Tensor) => {
      const vectors = frame(x)
      return vectors
        .flatMap((e, i) =>
          vectors.map((f, j) =>
            inner(e, f)
              .sub(Number(i === j))
              .abs(),
          ),
        )
        .concat(vectors.map(e => tangent(x, e).sub(e).abs().max(-1, true)))
        .reduce((a, b) => a.maximum(b))
    }
    expect(largest(missed, x)).toBeLessThan(1e-12)
  })

  test('the field of finite data carries its density', () => {
    const data = [0, 1, 2].map(i => [...y.data.slice(i * D, (i + 1) * D)].map(Number))
    const field = finiteField(space, data, [0.5, 0.3, 0.2])
    // Near enough to the first that noise leads there; d_s log p + v . grad log p + div v = 0.
    const balance = (far: Tensor, y: Tensor) => {
      const first = y.slice(0, 0, 1).broadcastTo([N, D])
      const x = exp(first, log(first, far).mul(0.6))
      const s = constant(0.85, [N, 1], x.dtype)
      const v = field.velocity(x, s)
      const [, along] = jvp((x, s) => field.logDensity(x, s), [x, s], [v, onesLike(s)])
      return along.add(divergenceIn(geometry, x => field.velocity(x, s), x))
    }
    expect(largest(balance, x, y)).toBeLessThan(1e-9)
  })

  test('its path leads from data to noise, as the conditional velocity says', () => {
    const missed = (x: Tensor, y: Tensor) => {
      const path = space.path({} as never, x, y)
      const s = constant(0.4, [N, 1], x.dtype)
      const at = path.at(s)
      return path.velocity(s).add(log(at, x).div(s))
    }
    expect(largest(missed, x, y)).toBeLessThan(1e-12)
  })
})
