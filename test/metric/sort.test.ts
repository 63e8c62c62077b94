import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSorter } from '../../src/metric/sort.ts'
import { random } from '../../src/random/random.ts'

test('sorts as the built-in sort does, signed zeros and infinities included', () => {
  const sorter = createSorter(200)
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true, maxLength: 200 }), values => {
      const sorted = values.slice()
      sorter.sort(sorted)
      expect(sorted).toEqual(values.slice().sort())
    }),
  )
})

test('sorts many numbers that share digits, in a part of a buffer', () => {
  const stream = random(1, 'sort')
  const buffer = Float32Array.from({ length: 30_000 }, () => stream.normal())
  const part = buffer.subarray(5000, 25_000)
  const expected = part.slice().sort()
  const [before, after] = [buffer.slice(0, 5000), buffer.slice(25_000)]
  createSorter(20_000).sort(part)
  expect(part).toEqual(expected)
  expect(buffer.slice(0, 5000)).toEqual(before)
  expect(buffer.slice(25_000)).toEqual(after)
})
