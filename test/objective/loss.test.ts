import { describe, expect, test } from 'vitest'
import { grad, type Tensor } from '../../src/autodiff/index.ts'
import { adaptive, cauchy, type ErrorFunction, pseudoHuber, squaredError } from '../../src/objective/index.ts'
import { meanProduct, squaredNorm } from '../../src/objective/loss.ts'
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

describe('parts of errors', () => {
  test('the squared norm of each sample, with or without its axes', () => {
    const [sum, mean, kept] = valuesOf(
      r => [squaredNorm(r, 'sum'), squaredNorm(r, 'mean'), squaredNorm(r, 'sum', true)],
      value([3, 4, 0, -2], [2, 2]),
    )
    expect([...sum.data]).toEqual([25, 4])
    expect([...mean.data]).toEqual([12.5, 2])
    expect([sum.shape, kept.shape]).toEqual([[2], [2, 1]])
    expect([...kept.data]).toEqual([25, 4])
  })

  test('the product of each sample, averaged over coordinates', () => {
    const [product] = valuesOf((a, b) => meanProduct(a, b), a, b)
    expect([...product.data]).toEqual([(4 * 1 + 5 * 1) / 2, (1 * 1 + 0 * 2) / 2])
  })

  test.each([
    ['pseudo-Huber', pseudoHuber(0.1)],
    ['Cauchy', cauchy(0.1)],
  ])('%s: a gradient of zero where there is no error, and a bounded one where it is large', (_, error) => {
    const gradient = (...x: number[]) => [
      ...valuesOf(
        (a, b) => grad((a: Tensor) => error(a, b).sum())(a),
        value(x, [1, 2]),
        value([0, 0], [1, 2]),
      )[0].data,
    ]
    expect(gradient(0, 0)).toEqual([0, 0])
    expect(Math.hypot(...gradient(3000, 4000))).toBeLessThan(1 + 1e-6)
    expect(Math.hypot(...gradient(0.03, 0.04))).toBeGreaterThan(0.1)
  })
})
