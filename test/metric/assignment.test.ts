import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assign } from '../../src/metric/assignment.ts'
import { random } from '../../src/random/random.ts'

/** The least total over all permutations. */
function exhaustive(cost: Float64Array, n: number, row = 0, taken = 0): number {
  if (row === n) return 0
  let least = Infinity
  for (let j = 0; j < n; j++) {
    if (taken & (1 << j)) continue
    least = Math.min(least, cost[row * n + j] + exhaustive(cost, n, row + 1, taken | (1 << j)))
  }
  return least
}

const total = (cost: Float64Array, n: number, columns: Int32Array): number =>
  columns.reduce((sum, j, i) => sum + cost[i * n + j], 0)

/** Feasible prices that add up to the cost prove that no assignment is cheaper. */
function expectOptimal(cost: Float64Array, n: number): void {
  const { columnOf, rowPrice, columnPrice } = assign(cost, n)
  expect(new Set(columnOf).size).toBe(n)
  const scale = cost.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-300)
  let worst = Infinity
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) worst = Math.min(worst, cost[i * n + j] - rowPrice[i] - columnPrice[j])
  }
  expect(worst).toBeGreaterThanOrEqual(-1e-10 * scale)
  const prices = rowPrice.reduce((sum, p) => sum + p, 0) + columnPrice.reduce((sum, p) => sum + p, 0)
  expect(Math.abs(prices - total(cost, n, columnOf))).toBeLessThan(1e-9 * scale * n)
}

const square = (n: number, entry: fc.Arbitrary<number>) =>
  fc.array(entry, { minLength: n * n, maxLength: n * n }).map(cost => ({ n, cost: Float64Array.from(cost) }))

const matrices = (entry: fc.Arbitrary<number>, largest: number) =>
  fc.integer({ min: 1, max: largest }).chain(n => square(n, entry))

describe.each([
  ['numbers', fc.double({ min: -100, max: 100, noNaN: true })],
  ['small integers, full of ties', fc.integer({ min: 0, max: 3 })],
  ['numbers of very different size', fc.double({ min: -1e150, max: 1e150, noNaN: true })],
])('a matrix of %s', (_, entry) => {
  test('costs the least of all permutations', () => {
    fc.assert(
      fc.property(matrices(entry, 6), ({ n, cost }) => {
        const least = exhaustive(cost, n)
        const found = total(cost, n, assign(cost, n).columnOf)
        expect(Math.abs(found - least)).toBeLessThanOrEqual(1e-12 * Math.max(1, ...cost.map(Math.abs)) * n)
      }),
      { numRuns: 200 },
    )
  })

  test('comes with prices that prove it', () => {
    fc.assert(fc.property(matrices(entry, 30), ({ n, cost }) => expectOptimal(cost, n)))
  })
})

test('pairs of points far apart, shifted and stretched', () => {
  const n = 400
  const source = random(1, 'assignment')
  const points = (stretch: number, shift: number) =>
    Array.from({ length: n }, () => [shift + stretch * source.normal(), source.normal()])
  const [a, b] = [points(1, 0), points(2, 5)]
  const cost = Float64Array.from(a.flatMap(([x, y]) => b.map(([u, v]) => (x - u) ** 2 + (y - v) ** 2)))
  expectOptimal(cost, n)
})

test('equal rows and columns', () => {
  expectOptimal(new Float64Array(2500).fill(3), 50)
})
