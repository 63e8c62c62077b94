import { describe, expect, test } from 'vitest'
import {
  concat,
  constant,
  jvp,
  onesLike,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../../src/autodiff/index.ts'
import { flowMap } from '../../../src/model/index.ts'
import { finiteField } from '../../../src/model/spaces/finite.ts'
import { spaceNamed } from '../../../src/model/spaces/table.ts'
import { random } from '../../../src/random/random.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { drawPoints } from './points.ts'

// The parameterization `point`: a network's output is a point, towards which the map leads.

const N = 5
const SIZES: Readonly<Record<string, number>> = { sphere: 3, torus: 2, rotations: 9, hyperbolic: 3 }
const PRODUCT = 'sphere(3) x torus(2) x flat(1) x rotations'

const slice = (x: Tensor, from: number, to: number) => x.slice(-1, from, to)

/** An output that stands for a point, of none of the lengths that would make it easy. */
const outputFor: Readonly<Record<string, (y: Tensor) => Tensor>> = {
  sphere: y => y.mul(2.5),
  torus: y => concat([y.cos().mul(3), y.sin().mul(3)], -1),
  flat: y => y,
  rotations: y => {
    const column = (k: number) =>
      concat(
        [k, k + 3, k + 6].map(i => slice(y, i, i + 1)),
        -1,
      )
    return concat([column(0).mul(2), column(1).add(column(0).mul(0.4))], -1)
  },
  hyperbolic: y => {
    const lowest = concat([slice(y, 0, 1).mul(0).add(1), slice(y, 1, 3).mul(0)], -1)
    return slice(spaceNamed('hyperbolic')!.geometry.log(lowest, y), 1, 3)
  },
}
const outputOf = (name: string): ((y: Tensor) => Tensor) =>
  name === PRODUCT
    ? y =>
        concat(
          (['sphere', 'torus', 'flat', 'rotations'] as const).map((part, i) =>
            outputFor[part](slice(y, [0, 3, 5, 6][i], [3, 5, 6, 15][i])),
          ),
          -1,
        )
    : outputFor[name]

const worst = (values: ArrayLike<unknown>): number =>
  Math.max(...Array.from(values, each => Math.abs(Number(each))))

describe.each([...Object.entries(SIZES), [PRODUCT, 15]] as [string, number][])(
  'on the space %s',
  (name, size) => {
    const space = spaceNamed(name)!
    const source = random(5, name)
    const [x, y] = [drawPoints(name, source, N, size), drawPoints(name, source, N, size)]
    const output = outputOf(name)

    test('an output leads to the point that it stands for, along the shortest way', () => {
      const [missed] = valuesOf((x, y) => space.towards(x, output(y)).sub(space.geometry.log(x, y)), x, y)
      expect(worst(missed.data)).toBeLessThan(1e-11)
      const [numbers] = valuesOf(y => output(y), y)
      expect(numbers.shape).toEqual([N, space.pointOutputs(size)])
    })

    test('the map of one datum is its exact field, and ends there', () => {
      const datum = Array.from(y.data.subarray(0, size), Number)
      const exact = finiteField(space, [datum], [1])
      const map = flowMap(x => output(constant(datum, [1, size], x.dtype).add(x.mul(0))), {
        parameterization: 'point',
        space,
      })
      const time = (x: Tensor, of: number) => constant(of, [N, 1], x.dtype)
      const [velocity, end, two] = valuesOf(x => {
        const [s, m, t, none] = [0.8, 0.5, 0.2, 0].map(of => time(x, of))
        const apart = space.difference(map.jump(map.jump(x, s, m), m, t), map.jump(x, s, t))
        return [
          map.velocity(x, s).sub(exact.velocity(x, s)),
          space.geometry.log(map.jump(x, s, none), constant(datum, [1, size], x.dtype).add(x.mul(0))),
          apart,
        ]
      }, x)
      for (const miss of [velocity, end, two]) expect(worst(miss.data)).toBeLessThan(1e-7)
      // Another time in the denominator is another field.
      const [wrong] = valuesOf(x => {
        const s = time(x, 0.8)
        return map.velocity(x, s).mul(0.8).sub(exact.velocity(x, s))
      }, x)
      expect(worst(wrong.data)).toBeGreaterThan(0.1)
    })
  },
)

describe('at the cut locus', () => {
  const runtime = nodeRuntime()

  /** What leads from `x` to points about a place of its cut locus, its slope along an output, and its length, in float32. */
  async function around(name: string, x: number[], outputs: number[][]) {
    const space = spaceNamed(name)!
    const graph = trace(
      ([x, output]: Tensor[]) => {
        const towards = (output: Tensor) => space.towards(x, output)
        const [u, du] = jvp(towards, [output], [onesLike(output)])
        return [u, du, space.geometry.inner(u, u).sqrt()]
      },
      [spec([outputs.length, x.length], 'float32'), spec([outputs.length, outputs[0].length], 'float32')],
    )
    const program = await runtime.compile(simplify(graph))
    const given = [outputs.flatMap(() => x), outputs.flat()]
    const found = await program.run(given.map(each => Float32Array.from(each)))
    await program.close()
    return found.map(values => Array.from(values as Float32Array, Number))
  }

  const offsets = [0, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, -1e-7, -1e-5, -1e-3]
  test.each([
    ['sphere', [1, 0, 0], (off: number) => [-1, off, 0]],
    ['torus', [1, 0.5], (off: number) => [Math.cos(1 + Math.PI + off), 1, Math.sin(1 + Math.PI + off), 0]],
    ['rotations', [1, 0, 0, 0, 1, 0, 0, 0, 1], (off: number) => [-1, off, 0, -off, -1, 0]],
  ] as [string, number[], (off: number) => number[]][])(
    'on the %s all numbers are finite in float32, and no way is longer than half a turn',
    async (name, x, outputAt) => {
      const outputs = [...offsets.map(outputAt), outputAt(0).map(() => 0)]
      const [u, du, length] = await around(name, x, outputs)
      for (const numbers of [u, du]) expect(numbers.every(Number.isFinite)).toBe(true)
      const angles = name === 'torus' ? outputs.map((_, i) => Math.abs(u[2 * i])) : length
      expect(Math.max(...angles)).toBeLessThan(Math.PI * 1.001)
      // From a hundred-thousandth away on the way is known.
      for (const [i, off] of offsets.entries()) {
        if (Math.abs(off) >= 1e-5) expect(angles[i]).toBeCloseTo(Math.PI - Math.abs(off), 3)
      }
    },
  )

  test('the shortest way round a circle changes sides', () => {
    const torus = spaceNamed('torus')!
    const at = (angle: number) => [Math.cos(angle), Math.sin(angle)]
    const [u] = valuesOf(
      (x, output) => torus.towards(x, output),
      value([3, 3, -3], [3, 1]),
      value([...at(-3), ...at(3 - 0.1), ...at(3)], [3, 2]),
    )
    const seam = 2 * Math.PI - 6
    for (const [i, expected] of [seam, -0.1, -seam].entries())
      expect(Number(u.data[i])).toBeCloseTo(expected, 12)
  })
})
