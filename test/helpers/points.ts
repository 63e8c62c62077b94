import { expect } from 'vitest'

/** The same points but for the rounding of another engine, beside the largest number of them. */
export function expectSamePoints(found: Float32Array, expected: Float32Array, within = 1e-5): void {
  expect(found).toHaveLength(expected.length)
  const scale = Math.max(1, ...expected.map(Math.abs))
  const off = Math.max(...found.map((value, i) => Math.abs(value - expected[i])))
  // Not a number is not less.
  expect(off).toBeLessThan(within * scale)
}
