import { describe, expect, test } from 'vitest'
import { exactAhead, mixtureOf, posterior, tilted } from '../../src/model/exact-tilt.ts'
import { innerVelocity } from '../../src/steering/posterior.ts'
import { deviation, exact, gaussian, mean, NEAR, normals, observed, TWO } from './worlds.ts'

/** A sum over a grid that covers the mixtures here. */
function integrate(f: (x: number, y: number) => number): number {
  const [low, step, count] = [-5, 0.02, 500]
  let sum = 0
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) sum += f(low + (i + 0.5) * step, low + (j + 0.5) * step)
  }
  return sum * step * step
}

const density = (x: number, y: number): number =>
  TWO.components.reduce((sum, { weight, mean: [a, b], scales: [s] }) => {
    const square = ((x - a) ** 2 + (y - b) ** 2) / s ** 2
    return sum + (weight * Math.exp(-square / 2)) / (2 * Math.PI * s * s)
  }, 0)
const reward = (x: number, y: number): number => -((x - 0.2) ** 2 + (y - 0.8) ** 2) / 0.72

describe('the tilted law', () => {
  const law = tilted(TWO, NEAR)

  test('has the normaliser and the mean of quadrature', () => {
    const Z = integrate((x, y) => density(x, y) * Math.exp(reward(x, y)))
    const first = integrate((x, y) => x * density(x, y) * Math.exp(reward(x, y))) / Z
    expect(law.logZ).toBeCloseTo(Math.log(Z), 10)
    expect(law.components.reduce((sum, c) => sum + c.weight * c.mean[0], 0)).toBeCloseTo(first, 10)
  })

  test('noised is the tilt of the noised law by the value: its velocity is v - t/(1-t) grad V*', async () => {
    const [x, t] = [[0.3, -0.2], 0.6]
    const ahead = exactAhead(TWO, NEAR, x, 1 - t, t)
    const before = await exact(TWO).velocity(Float64Array.from(x), t)
    const after = await exact(mixtureOf(law.components)).velocity(Float64Array.from(x), t)
    for (const i of [0, 1]) {
      expect(before[i] - (t / (1 - t)) * ahead.gradient[i]).toBeCloseTo(after[i], 9)
      // The sign of Doob's term is seen.
      expect(Math.abs(before[i] + (t / (1 - t)) * ahead.gradient[i] - after[i])).toBeGreaterThan(0.01)
    }
  })

  test('grows with t and 1 to the normaliser', () => {
    expect(exactAhead(TWO, NEAR, [0.1, 0.2], 0, 1).value).toBeCloseTo(law.logZ, 12)
  })

  test('is refused where it has no mass', () => {
    const away = { ...observed(0, 0.5), A: [[-4]] }
    expect(() => tilted(gaussian(1), away)).toThrow(/no mass/)
  })
})

test('the posterior has the mean and the variance of the Gaussian formulas', () => {
  const [sigma, t, x] = [0.7, 0.4, 0.9]
  const k2 = (1 - t) ** 2 * sigma ** 2 + t ** 2
  const { components, logZ } = posterior(gaussian(sigma), [x], 1 - t, t)
  expect(components[0].mean[0]).toBeCloseTo(((1 - t) * sigma ** 2 * x) / k2, 12)
  expect(components[0].covariance[0][0]).toBeCloseTo((sigma ** 2 * t ** 2) / k2, 12)
  expect(logZ).toBeCloseTo(-(x * x) / (2 * k2) - Math.log(2 * Math.PI * k2) / 2, 12)
})

describe('the inner velocity', () => {
  const [tau, s] = [0.7, 0.55]
  const xTau = Float64Array.of(0.35, -0.57)
  const z = Float64Array.of(-0.8, 0.4)

  test('is the velocity of the posterior as a mixture', async () => {
    const law = mixtureOf(posterior(TWO, [...xTau], 1 - tau, tau).components)
    const wanted = await exact(law).velocity(z, s)
    const found = await innerVelocity(exact(TWO), z, s, xTau, tau)
    for (const i of [0, 1]) expect(found[i]).toBeCloseTo(wanted[i], 10)
  })

  test('is the velocity itself where the condition is noise', async () => {
    const [found, wanted] = [await innerVelocity(exact(TWO), z, s, xTau, 1), await exact(TWO).velocity(z, s)]
    for (const i of [0, 1]) expect(found[i]).toBeCloseTo(wanted[i], 12)
  })
})

test('Eulerian constancy: the reward where the flow leads does not change along it', async () => {
  const map = exact(TWO)
  const start = normals(8, 3)
  const end = await map.jump(start, 1, 0)
  const later = await map.jump(await map.jump(start, 1, 0.4), 0.4, 0)
  for (const [i, value] of later.entries()) expect(value).toBeCloseTo(end[i], 7)
})

test('the divergence of laws is the integral of (1-t)/t |v~ - v|^2 along the tilted path', async () => {
  const [sigma, y, sd] = [0.8, 1.2, 0.6]
  const q = observed(y, sd)
  const law = tilted(gaussian(sigma), q)
  const [{ mean: m, covariance }] = law.components
  const variance = covariance[0][0]
  const divergence =
    (variance / sigma ** 2 + m[0] ** 2 / sigma ** 2 - 1 - Math.log(variance / sigma ** 2)) / 2
  // With Gaussians v~ - v is linear in x, so two points of each time give its square's mean.
  const [before, after] = [exact(gaussian(sigma)), exact(mixtureOf(law.components))]
  const steps = 1500
  let sum = 0
  for (let k = 0; k < steps; k++) {
    const t = (k + 0.5) / steps
    const [v, w] = await Promise.all([before, after].map(map => map.velocity(Float64Array.of(0, 1), t)))
    const slope = w[1] - w[0] - (v[1] - v[0])
    const at = w[0] - v[0] + slope * (1 - t) * m[0]
    const spread = (1 - t) ** 2 * variance + t ** 2
    sum += ((1 - t) / t) * (at ** 2 + slope ** 2 * spread)
  }
  expect(sum / steps).toBeCloseTo(divergence, 4)
})

test('helpers of tests: mean and deviation', () => {
  expect(mean([1, 3])).toBe(2)
  expect(deviation([1, 3])).toBeCloseTo(Math.SQRT2)
})
