import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/autodiff/index.ts'
import {
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedJump,
  unstandardizedVelocity,
} from '../../src/model/index.ts'
import { value, valuesOf } from '../autodiff/values.ts'

const by: Standardization = { shift: [40, -0.3], scale: [12, 0.05] }

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void => {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < actual.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThan(tolerance * Math.max(1, Math.abs(expected[i])))
  }
}

test('is noise at time 1 and in the units of the data at time 0', () => {
  const z = Float64Array.of(0.5, -1, 2, 0)
  close(unstandardized(by, z, 1), z)
  close(unstandardized(by, z), [46, -0.35, 64, -0.3])
  close(standardized(by, Float64Array.of(40, -0.3, 52, -0.25)), [0, 0, 1, 1])
})

test('a column of scale 0 is its shift at time 0, whatever the network gives', () => {
  const constant: Standardization = { shift: [3, -0.3], scale: [0, 0.05] }
  const z = Float64Array.of(0.5, -1, 2, 0)
  close(unstandardized(constant, z), [3, -0.35, 3, -0.3])
  close(standardized(constant, Float64Array.of(3, -0.3, 4, -0.25)), [0, 0, 0, 1])
  close(standardized(constant, unstandardized(constant, z, 0.2), 0.2), z)
  const jump = unstandardizedJump(constant, [2], {
    jump: (x: Tensor, s: Tensor, t: Tensor) => x.add(s).sub(t),
  })
  const times = (time: number) => value([time, time], [2, 1])
  const of = (x: number[], s: number, t: number) =>
    valuesOf(jump, value(x, [2, 2]), times(s), times(t))[0].data
  close(of([0.5, -1, 2, 0], 1, 0), [3, -0.3, 3, -0.25])
  close(of([3, -0.3, 3, -0.25], 0, 1), [-1, -1, -1, 0])
  close(of([3, -0.3, 3, -0.25], 0.5, 0.5), [3, -0.3, 3, -0.25], 1e-9)
})

test('undoes itself at every time', () => {
  const number = fc.double({ min: -1e3, max: 1e3, noNaN: true })
  const scale = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number, number, scale), { minLength: 1, maxLength: 5 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (columns, s) => {
        const own = { shift: columns.map(([, b]) => b), scale: columns.map(([, , k]) => k) }
        const z = Float64Array.from(columns, ([x]) => x)
        close(standardized(own, unstandardized(own, z, s), s), z, 1e-7)
      },
    ),
  )
})

test('moves along the velocity that it gives', () => {
  // A point of the network's space that moves with velocity (0.4, -2) and passes (0.3, 1) at time 0.7.
  const z = (s: number) => Float64Array.of(0.3 + 0.4 * (s - 0.7), 1 - 2 * (s - 0.7))
  const h = 1e-5
  const [before, after] = [0.7 - h, 0.7 + h].map(s => unstandardized(by, z(s), s))
  const slope = before.map((x, i) => (after[i] - x) / (2 * h))
  close(unstandardizedVelocity(by, z(0.7), Float64Array.of(0.4, -2), 0.7), slope, 1e-8)
})

describe('a jump', () => {
  const inner = (x: Tensor, s: Tensor, t: Tensor) => x.mul(t.sub(s).add(1)).add(s.mul(t))
  const outer = unstandardizedJump(by, [2], { jump: inner })
  const times = (time: number) => value([time, time], [2, 1])
  const of = (x: Float64Array, s: number, t: number) =>
    valuesOf(outer, value([...x], [2, 2]), times(s), times(t))[0].data as Float64Array
  const z = Float64Array.of(0.5, -1, 2, 0.1)

  test.each([
    [1, 0],
    [0.8, 0.3],
    [0, 1],
  ])('is the network’s in other units, from %d to %d', (s, t) => {
    const plain = z.map(x => x * (t - s + 1) + s * t)
    close(of(unstandardized(by, z, s), s, t), unstandardized(by, plain, t), 1e-9)
  })
})
