import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataError } from '../../src/data/error.ts'
import { gaussian, gaussianMixture, type MixtureConfig } from '../../src/data/gaussian-mixture.ts'
import { draw, moments } from './draw.ts'

const bent = {
  mean: [1, 2],
  covariance: [
    [2, 0.8],
    [0.8, 0.5],
  ],
}

test('a covariance is kept as scales along orthonormal axes', () => {
  const component = gaussianMixture({ components: [bent] }).mixture!.components[0]
  const { scales, axes } = component
  for (const i of [0, 1]) {
    for (const j of [0, 1]) {
      const rebuilt = scales.reduce((sum, scale, k) => sum + axes![i][k] * scale ** 2 * axes![j][k], 0)
      expect(rebuilt).toBeCloseTo(bent.covariance[i][j], 12)
      expect(axes![0][i] * axes![0][j] + axes![1][i] * axes![1][j]).toBeCloseTo(i === j ? 1 : 0, 12)
    }
  }
})

test('samples have the mean and covariance of the component', () => {
  const { mean, covariance } = moments(draw(gaussianMixture({ components: [bent] }), 200_000))
  const wanted = [1, 2, 2, 0.5, 0.8]
  for (const [i, value] of [...mean, ...covariance].entries()) {
    expect(Math.abs(value - wanted[i])).toBeLessThan(0.03)
  }
})

test('weights are normalised and set how often a component is drawn', () => {
  const dataset = gaussianMixture({
    components: [
      { weight: 6, mean: [-10, 0], std: [1, 0.1] },
      { weight: 3, mean: [0, 0], std: 1 },
      { mean: [10, 0], std: 1 },
    ],
  })
  expect(dataset.mixture!.components.map(({ weight }) => weight)).toEqual([0.6, 0.3, 0.1])
  const points = draw(dataset, 50_000)
  const share = [0, 0, 0]
  for (let i = 0; i < points.length; i += 2) share[Math.round(points[i] / 10) + 1] += 1 / 50_000
  expect(Math.abs(share[0] - 0.6)).toBeLessThan(0.012)
  expect(Math.abs(share[1] - 0.3)).toBeLessThan(0.012)
  const left = Float64Array.from([...points].filter((_, i) => points[i - (i % 2)] < -5))
  const { covariance } = moments(left)
  expect(covariance[0]).toBeCloseTo(1, 1)
  expect(covariance[1]).toBeCloseTo(0.01, 3)
})

test('isotropic and general components mix', () => {
  const dataset = gaussianMixture({ components: [bent, { mean: [1, 2], std: 1 }] })
  const { covariance } = moments(draw(dataset, 200_000))
  const wanted = [1.5, 0.75, 0.4]
  for (const [i, value] of covariance.entries()) expect(Math.abs(value - wanted[i])).toBeLessThan(0.03)
})

test('a gaussian is a mixture of one', () => {
  const dataset = gaussian({ mean: [3, -2, 1], std: 0.5 })
  expect(dataset.mixture!.components).toEqual([{ weight: 1, mean: [3, -2, 1], scales: [0.5, 0.5, 0.5] }])
  expect(dataset.dimension).toBe(3)
})

test('any change of a parameter changes the fingerprint', () => {
  const hash = (std: number) => gaussian({ mean: [0], std }).fingerprint.sha256
  expect(hash(1)).toBe(hash(1))
  expect(hash(1)).not.toBe(hash(1.0000001))
})

test('any positive definite covariance is taken, in any dimension', () => {
  const entry = fc.double({ min: -2, max: 2, noNaN: true })
  const square = fc
    .integer({ min: 1, max: 4 })
    .chain(d => fc.array(fc.array(entry, { minLength: d, maxLength: d }), { minLength: d, maxLength: d }))
  fc.assert(
    fc.property(square, a => {
      const covariance = a.map((row, i) =>
        a.map((other, j) => row.reduce((sum, value, k) => sum + value * other[k], i === j ? 0.1 : 0)),
      )
      const mean = a.map(() => 0)
      const { scales, axes } = gaussianMixture({ components: [{ mean, covariance }] }).mixture!.components[0]
      for (const [i, row] of covariance.entries()) {
        for (const [j, value] of row.entries()) {
          const rebuilt = scales.reduce((sum, scale, k) => sum + axes![i][k] * scale ** 2 * axes![j][k], 0)
          expect(rebuilt).toBeCloseTo(value, 9)
        }
      }
    }),
    { numRuns: 20 },
  )
})

describe('refuses', () => {
  const one = (component: object) => ({ components: [component] })
  const cases: [string, unknown, string][] = [
    ['no block', undefined, 'mixture: expected a block of keys; found nothing'],
    ['an unknown key', { components: [{ mean: [0], std: 1 }], colour: 1 }, 'mixture: unknown key "colour"'],
    ['no components', { components: [] }, 'mixture.components: expected a list of at least 1 item; found []'],
    ['a missing mean', one({ std: 1 }), 'mixture.components[0].mean: '],
    [
      'a word in a mean',
      one({ mean: [0, 'x'], std: 1 }),
      'mixture.components[0].mean[1]: expected number; found "x"',
    ],
    ['NaN in a mean', one({ mean: [Number.NaN], std: 1 }), 'mean[0]: expected number; found NaN'],
    ['an infinite mean', one({ mean: [Number.POSITIVE_INFINITY], std: 1 }), 'components[0].mean[0]: '],
    ['a negative std', one({ mean: [0], std: -1 }), 'components[0].std: expected number to be >0; found -1'],
    [
      'a zero std',
      one({ mean: [0, 0], std: [1, 0] }),
      'components[0].std[1]: expected number to be >0; found 0',
    ],
    [
      'a word for a std',
      one({ mean: [0], std: 'wide' }),
      'components[0].std: expected a positive number or a list of positive numbers; found "wide"',
    ],
    [
      'a short std',
      one({ mean: [0, 0], std: [1] }),
      'components[0].std: expected a number or 2 numbers, found 1',
    ],
    [
      'a zero weight',
      one({ weight: 0, mean: [0], std: 1 }),
      'components[0].weight: expected number to be >0; found 0',
    ],
    [
      'neither std nor covariance',
      one({ mean: [0] }),
      'components[0]: expected one of std and covariance, found neither',
    ],
    [
      'both std and covariance',
      one({ mean: [0], std: 1, covariance: [[1]] }),
      'expected one of std and covariance, found both',
    ],
    [
      'mixed dimensions',
      {
        components: [
          { mean: [0, 0], std: 1 },
          { mean: [0], std: 1 },
        ],
      },
      'components[1].mean: expected 2 numbers like the first, found 1',
    ],
    [
      'a covariance of another size',
      one({ mean: [0, 0], covariance: [[1]] }),
      'components[0].covariance: expected 2 rows of 2 numbers, found [[1]]',
    ],
    [
      'an asymmetric covariance',
      one({
        mean: [0, 0],
        covariance: [
          [1, 0.5],
          [0.4, 1],
        ],
      }),
      'expected a symmetric matrix, found [0][1] = 0.5, [1][0] = 0.4',
    ],
    [
      'an indefinite covariance',
      one({
        mean: [0, 0],
        covariance: [
          [1, 2],
          [2, 1],
        ],
      }),
      'expected a positive definite matrix, found the eigenvalue -1.00000',
    ],
    [
      'a singular covariance',
      one({
        mean: [0, 0],
        covariance: [
          [1, 1],
          [1, 1],
        ],
      }),
      'expected a positive definite matrix',
    ],
    [
      'weights that overflow',
      { components: [1, 2].map(() => ({ weight: 1e308, mean: [0], std: 1 })) },
      'the weights are too large',
    ],
  ]
  test.each(cases)('%s', (_, config, message) => {
    const create = () => gaussianMixture(config as MixtureConfig)
    expect(create).toThrow(DataError)
    expect(create).toThrow(message)
    expect(create).not.toThrow(/\n/)
  })
})
