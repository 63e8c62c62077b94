import { describe, expect, test } from 'vitest'
import { grad, type Tensor } from '../../src/autodiff/index.ts'
import { adaptive, cauchy, type ErrorFunction, pseudoHuber, squaredError } from '../../src/objective/index.ts'
import { value, valuesOf } from '../autodiff/values.ts'

// Residuals (3, 4) and (0, -2): squares sum to 25 and 4.
const a = value([4, 5, 1, 0], [2, 2])
const b = value([1, 1, 1, 2], [2, 2])
const run = (error: ErrorFunction) => [...valuesOf((a, b) => error(a, b), a, b)[0].data]
const expectClose = (found: number[], expected: number[]) =>
  found.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 14)
  })

describe('errors', () => {
  test('squared: the mean over coordinates', () => {
    expect(run(squaredError)).toEqual([12.5, 2])
  })

  test('pseudo-Huber: the sum over coordinates, or the mean', () => {
    expectClose(
      run(pseudoHuber(0.5)),
      [25, 4].map(r2 => Math.sqrt(r2 + 0.25) - 0.5),
    )
    expectClose(
      run(pseudoHuber(0.5, 'mean')),
      [12.5, 2].map(r2 => Math.sqrt(r2 + 0.25) - 0.5),
    )
  })

  test('Cauchy: the sum over coordinates, or the mean', () => {
    expectClose(
      run(cauchy(2)),
      [25, 4].map(r2 => Math.log(1 + r2 / 4)),
    )
    expectClose(
      run(cauchy(2, 'mean')),
      [12.5, 2].map(r2 => Math.log(1 + r2 / 4)),
    )
  })

  test('adaptive: the mean over coordinates, or the sum', () => {
    expectClose(run(adaptive(squaredError, 1, 0.5)), [12.5 / 13, 2 / 2.5])
    expectClose(run(adaptive(squaredError, 0.5, 0.5, 'sum')), [12.5 / Math.sqrt(25.5), 2 / Math.sqrt(4.5)])
  })

  test('adaptive: its weight has no gradient', () => {
    const gradient = (error: ErrorFunction) => [
      ...valuesOf((a, b) => grad((a: Tensor) => error(a, b).sum())(a), a, b)[0].data,
    ]
    const plain = gradient(squaredError)
    const weights = [1 / 13, 1 / 13, 1 / 2.5, 1 / 2.5]
    expectClose(
      gradient(adaptive(squaredError, 1, 0.5)),
      plain.map((g, i) => g * weights[i]),
    )
  })

  test.each([
    ['squared', squaredError],
    ['pseudo-Huber', pseudoHuber(0.1)],
    ['Cauchy', cauchy(0.1)],
    ['adaptive', adaptive(squaredError, 1, 1e-3)],
  ])('%s: zero for equal tensors, of any rank', (_, error) => {
    const x = value([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])
    const [e] = valuesOf(x => error(x, x), x)
    expect(e.shape).toEqual([2])
    expect([...e.data]).toEqual([0, 0])
  })
})
