import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../../src/autodiff/index.ts'
import type { DitOptions } from '../../../src/model/dit/options.ts'
import { rotaryAngles, sincosTable, turned } from '../../../src/model/dit/position.ts'
import { random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { small } from './variants.ts'

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0)

/** A query and a key at each of some places, turned: `[places, d]`. */
function turnedEverywhere(options: DitOptions, before: number, row: readonly number[]): Float64Array[] {
  const angles = rotaryAngles(options, before)
  const all = value(
    angles.flatMap(() => row),
    [angles.length, row.length],
  )
  const [{ data }] = valuesOf((x: Tensor) => turned(x, angles), all)
  return angles.map((_, n) => data.slice(n * row.length, (n + 1) * row.length))
}

describe('rotary positions', () => {
  const source = random(1, 'rotary')
  const [q, k] = [0, 1].map(() => Array.from({ length: 4 }, () => source.normal()))

  test('depend on differences of places in the sequence alone', () => {
    const options: DitOptions = { ...small, position: 'rotary' }
    const [queries, keys] = [q, k].map(row => turnedEverywhere(options, 2, row))
    const products = [0, 1, 2, 3].map(n => dot(queries[n], keys[n + 3]))
    for (const product of products) expect(product).toBeCloseTo(products[0], 14)
    expect(Math.abs(dot(queries[0], keys[4]) - products[0])).toBeGreaterThan(1e-2)
    expect(dot(queries[2], keys[2])).toBeCloseTo(dot(q, k), 14)
  })

  test('in two directions depend on differences of rows and of columns', () => {
    const options: DitOptions = { ...small, shape: [6, 6, 2], position: 'rotary2d' }
    const [queries, keys] = [q, k].map(row => turnedEverywhere(options, 1, row))
    const at = (row: number, column: number) => 1 + row * 3 + column
    const product = (a: number, b: number) => dot(queries[a], keys[b])
    // One row down and one column to the right, from three places.
    const steps = [at(0, 0), at(1, 0), at(1, 1)].map(from => product(from, from + 4))
    for (const step of steps) expect(step).toBeCloseTo(steps[0], 14)
    const [down, right] = [product(at(0, 0), at(1, 0)), product(at(0, 0), at(0, 1))]
    expect(Math.abs(down - right)).toBeGreaterThan(1e-2)
  })

  test('leave tokens before the patches as they are in two directions', () => {
    const options: DitOptions = { ...small, position: 'rotary2d' }
    expect([...turnedEverywhere(options, 1, q)[0]]).toEqual(q)
  })

  test('turn the first pair once a place, by the formula', () => {
    const [, , second] = turnedEverywhere({ ...small, position: 'rotary' }, 0, q)
    const [a, b, c, d] = q
    const slow = 2 / 100
    const expected = [
      a * Math.cos(2) - b * Math.sin(2),
      a * Math.sin(2) + b * Math.cos(2),
      c * Math.cos(slow) - d * Math.sin(slow),
      c * Math.sin(slow) + d * Math.cos(slow),
    ]
    expected.forEach((v, i) => {
      expect(second[i]).toBeCloseTo(v, 14)
    })
  })
})

test('added positions put the column first, sines before cosines', () => {
  const table = sincosTable({ ...small, shape: [4, 6, 1], width: 8 })
  const last = table.slice(-8)
  // Row 1 and column 2, with the frequencies 1 and 1/100.
  const expected = [
    ...[2, 0.02].map(Math.sin),
    ...[2, 0.02].map(Math.cos),
    ...[1, 0.01].map(Math.sin),
    ...[1, 0.01].map(Math.cos),
  ]
  expect(table).toHaveLength(48)
  last.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 14)
  })
})

test('added positions of a sequence are sines before cosines of the place, with all frequencies', () => {
  const table = sincosTable({ shape: [6, 5], patch: 2, width: 8 })
  const frequencies = [1, 0.1, 0.01, 0.001]
  const expected = [...frequencies.map(f => Math.sin(2 * f)), ...frequencies.map(f => Math.cos(2 * f))]
  expect(table).toHaveLength(24)
  table.slice(-8).forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 14)
  })
})
