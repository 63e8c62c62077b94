import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSorter } from '../../src/metric/sort.ts'
import { random } from '../../src/random/random.ts'

test('sorts as the built-in sort does, signed zeros and infinities included', () => {
  const sorter = createSorter(200)
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true, maxLength: 200 }), values => {
      const sorted = values.slice()
      const order = new Uint32Array(values.length)
      sorter.sort(sorted, order)
      expect(sorted).toEqual(values.slice().sort())
      expect(Float32Array.from(order, place => values[place])).toEqual(sorted)
      expect(new Set(order).size).toBe(values.length)
    }),
  )
})

test('sorts many numbers that share digits, in a part of a buffer', () => {
  const stream = random(1, 'sort')
  const buffer = Float32Array.from({ length: 30_000 }, () => stream.normal())
  const part = buffer.subarray(5000, 25_000)
  const expected = part.slice().sort()
  const [before, after] = [buffer.slice(0, 5000), buffer.slice(25_000)]
  createSorter(20_000).sort(part, new Uint32Array(20_000))
  expect(part).toEqual(expected)
  expect(buffer.slice(0, 5000)).toEqual(before)
  expect(buffer.slice(25_000)).toEqual(after)
})
