import { expect, test } from 'vitest'
import { nearest } from '../../src/data/suggest.ts'

test('the nearest name is the one that was meant', () => {
  expect(nearest('hiden', ['layers', 'hidden'])).toBe('hidden')
})

test('a name of a million letters is nothing mistyped, and takes no time', () => {
  const start = performance.now()
  expect(nearest('x'.repeat(1_000_000), Array(50).fill('learningRate'))).toBeUndefined()
  expect(performance.now() - start).toBeLessThan(1000)
})
