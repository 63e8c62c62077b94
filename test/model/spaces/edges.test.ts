import { describe, expect, test } from 'vitest'
import {
  constant,
  jvp,
  onesLike,
  simplify,
  spec,
  type Tensor,
  trace,
  type Value,
} from '../../../src/autodiff/index.ts'
import { spaceNamed } from '../../../src/model/spaces/table.ts'
import { random } from '../../../src/random/random.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { drawPoints } from './points.ts'

// Values, first and second derivatives where formulas have a quotient of nothing by nothing, in either precision.

const runtime = nodeRuntime()
const N = 6
const SIZES: Readonly<Record<string, number>> = { sphere: 3, torus: 2, rotations: 9, hyperbolic: 3 }
const PRECISIONS = [
  ['float32', 1e-5],
  ['float64', 1e-12],
] as const
type Precision = (typeof PRECISIONS)[number][0]

/** Runs a function in a precision of the machine's own. */
async function run(
  dtype: Precision,
  of: (...at: Tensor[]) => Tensor[],
  ...given: Value[]
): Promise<number[][]> {
  const graph = trace(
    at => of(...(at as Tensor[])),
    given.map(({ shape }) => spec(shape, dtype)),
  )
  const program = await runtime.compile(simplify(graph))
  const Numbers = dtype === 'float32' ? Float32Array : Float64Array
  const found = await program.run(given.map(({ data }) => Numbers.from(data as Float64Array)))
  await program.close()
  return found.map(values => [...(values as Float64Array)].map(Number))
}

const worst = (values: readonly number[]): number => Math.max(...values.map(Math.abs))

/** A function of one number for each row, with its slope and its bend there. */
function twice(of: (h: Tensor) => Tensor, at: Tensor): Tensor[] {
  const slope = (h: Tensor) => jvp(of, [h], [onesLike(h)])[1]
  return [of(at), slope(at), jvp(slope, [at], [onesLike(at)])[1]]
}

const each = (like: Tensor, value: number) => constant(value, [N, 1], like.dtype)

describe.each(PRECISIONS)('in %s', (dtype, rounding) => {
  describe.each(Object.entries(SIZES))('%s', (name, size) => {
    const { exp, log, inner, tangent } = spaceNamed(name)!.geometry
    const source = random(8, name)
    const [x, other] = [drawPoints(name, source, N, size), drawPoints(name, source, N, size)]
    const unit = (x: Tensor, a: Tensor) => {
      const u = tangent(x, a.add(0.3))
      return u.div(inner(u, u).sqrt())
    }

    test.each([0, 1e-6, 1e-3])('exp and log of a vector of length %d', async length => {
      const [ends, slopes, bends, back, along, bent] = await run(
        dtype,
        (x, a) => {
          const u = unit(x, a)
          const [end, slope, bend] = twice(h => exp(x, h.mul(u)), each(x, length))
          const [back, along, bent] = twice(h => log(x, exp(x, h.mul(u))), each(x, length))
          return [
            end.sub(x).sub(u.mul(length)),
            slope.sub(u),
            tangent(x, bend),
            back.sub(u.mul(length)),
            along.sub(u),
            bent,
          ]
        },
        x,
        other,
      )
      // What a line leaves of a curve: h^2/2, h.
      expect(worst(ends)).toBeLessThan(4 * length ** 2 + rounding)
      expect(worst(slopes)).toBeLessThan(4 * length + rounding)
      expect(worst(bends)).toBeLessThan(4 * length + rounding)
      expect(worst(back)).toBeLessThan(rounding)
      expect(worst(along)).toBeLessThan(10 * rounding)
      expect(worst(bent)).toBeLessThan(100 * rounding)
    })

    test('log of the same point', async () => {
      const [found, slope] = await run(
        dtype,
        (x, a) => {
          const u = unit(x, a)
          return [log(x, x), jvp(y => log(x, y), [x], [u])[1].sub(u)]
        },
        x,
        other,
      )
      expect(worst(found)).toBeLessThan(rounding)
      expect(worst(slope)).toBeLessThan(rounding)
    })

    const isClosed = name !== 'hyperbolic'
    test.runIf(isClosed)('log comes back from near the cut locus, and is finite on it', async () => {
      // A little short of pi along one angle; on it, and its derivatives.
      const near = dtype === 'float32' ? 1e-2 : 1e-4
      const [back, atCut, slope] = await run(
        dtype,
        (x, a) => {
          const u = name === 'torus' ? x.mul(0).add(constant([1, 0], [1, 2], x.dtype)) : unit(x, a)
          const [value, slope] = twice(h => log(x, exp(x, h.mul(u))), each(x, Math.PI))
          return [log(x, exp(x, u.mul(Math.PI - near))).sub(u.mul(Math.PI - near)), value, slope]
        },
        x,
        other,
      )
      expect(worst(back)).toBeLessThan((100 * rounding) / near)
      for (const value of [...atCut, ...slope]) expect(Number.isFinite(value)).toBe(true)
      expect(worst(atCut)).toBeLessThan(Math.PI * 1.001)
    })
  })

  test('points of the hyperboloid come back from the distance that data may have, and farther ones stay finite', async () => {
    const { exp, log, inner } = spaceNamed('hyperbolic')!.geometry
    const lowest = {
      shape: [N, 3],
      data: Float64Array.from({ length: 3 * N }, (_, i) => Number(i % 3 === 0)),
    }
    const limit = dtype === 'float32' ? 1e-3 : 1e-11
    for (const radius of [1, 3, 6]) {
      const [missed, slope] = await run(
        dtype,
        x => {
          const u = x.mul(0).add(constant([0, 0.6, 0.8], [1, 3], x.dtype))
          const [back, along] = twice(h => log(x, exp(x, h.mul(u))), each(x, radius))
          return [back.sub(u.mul(radius)), along.sub(u)]
        },
        lowest,
      )
      expect(worst(missed)).toBeLessThan(limit)
      expect(worst(slope)).toBeLessThan(10 * limit)
    }
    const [far] = await run(
      dtype,
      x => {
        const u = x.mul(0).add(constant([0, 0.6, 0.8], [1, 3], x.dtype))
        const end = log(x, exp(x, u.mul(12)))
        return [inner(end, end).sqrt()]
      },
      lowest,
    )
    for (const value of far) expect(value).toBeGreaterThan(11)
  })

  test('where the chord has no digits left, distances are those of the product', async () => {
    const { distance } = spaceNamed('hyperbolic')!.geometry
    const radius = dtype === 'float32' ? 20 : 40
    const lowest = { shape: [1, 3], data: Float64Array.of(1, 0, 0) }
    const far = {
      shape: [1, 3],
      data: Float64Array.of(Math.cosh(radius), 0.6 * Math.sinh(radius), 0.8 * Math.sinh(radius)),
    }
    const [[found]] = await run(dtype, (x, y) => [distance(x, y)], lowest, far)
    expect(Math.abs(found - radius)).toBeLessThan(1e-4)
  })
})
