import { describe, expect, test } from 'vitest'
import { exactAhead } from '../../src/model/exact-tilt.ts'
import { interpolants } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { uniformGrid } from '../../src/sampler/sampler.ts'
import { doobCoefficient } from '../../src/steering/denoised.ts'
import { byGradient, byPosterior, guided } from '../../src/steering/guided.ts'
import { bridge, eulerMaruyamaKernel } from '../../src/steering/kernels.ts'
import { lookAhead } from '../../src/steering/look-ahead.ts'
import { innerPosterior } from '../../src/steering/posterior.ts'
import type { SteerableMap } from '../../src/steering/steerable.ts'
import {
  deviation,
  exact,
  gaussian,
  gaussianMap,
  gaussianPosterior,
  mean,
  NEAR,
  normals,
  observed,
  quadraticReward,
  TWO,
} from './worlds.ts'

/** Mean and standard deviation that an affine flow takes noise to. */
async function endOf(
  sigma: number,
  y: number,
  sd: number,
  kind: 'denoiser' | 'jump' | 'denoiser-covariance',
) {
  const map = gaussianMap(sigma)
  const reward = quadraticReward(observed(y, sd))
  // Small steps at both ends, where the steering is stiff.
  const grid = Array.from({ length: 1501 }, (_, k) => (1 + Math.cos((Math.PI * k) / 1500)) / 2)
  grid[1500] = 0
  const ahead = lookAhead(kind, { map, reward, beta: 1, schedule: 'one' })
  const [a, b] = await guided(map, byGradient(map, ahead), Float64Array.of(0, 1), { grid })
  return { mean: a, sd: Math.abs(b - a) }
}

describe('a guided flow of Gaussian data ends where it is known to', () => {
  test.each([
    [1, 1.5, 0.3, 1.3761, 0.2873, 1.7043, 0.0039],
    [1, 1.5, 1, 0.75, Math.SQRT1_2, 1.0872, 0.6065],
    [0.5, 1, 0.2, 0.8621, 0.1857, 1.2547, 0.022],
  ])('sigma %d, y %d, sd %d', async (sigma, y, sd, m, spread, biased, biasedSpread) => {
    const right = await endOf(sigma, y, sd, 'denoiser-covariance')
    expect(right.mean).toBeCloseTo(m, 2)
    expect(right.sd).toBeCloseTo(spread, 2)
    const byDenoiser = await endOf(sigma, y, sd, 'denoiser')
    expect(byDenoiser.mean).toBeCloseTo(biased, 2)
    expect(byDenoiser.sd).toBeCloseTo(biasedSpread, 2)
    const byJump = await endOf(sigma, y, sd, 'jump')
    expect(byJump.mean).toBeCloseTo(y, 2)
    expect(byJump.sd).toBeLessThan(0.01)
  })
})

test('the value of Gaussian data: covariance is exact, the denoiser is off by its level', async () => {
  const [map, q, x, t] = [gaussianMap(0.8), observed(1.2, 0.6), 0.4, 0.5]
  const at = (kind: 'denoiser' | 'denoiser-covariance') =>
    lookAhead(kind, { map, reward: quadraticReward(q), beta: 1 }).gradient!(Float64Array.of(x), t)
  const wanted = exactAhead(gaussian(0.8), q, [x], 1 - t, t)
  const right = await at('denoiser-covariance')
  expect(right.value[0]).toBeCloseTo(wanted.value, 10)
  expect(right.gradient[0]).toBeCloseTo(wanted.gradient[0], 10)
  expect(Math.abs((await at('denoiser')).value[0] - wanted.value)).toBeGreaterThan(0.1)
})

describe('look-aheads by samples', () => {
  const [sigma, q, t] = [0.8, observed(1.2, 0.6), 0.5]
  const [map, reward] = [gaussianMap(sigma), quadraticReward(q)]
  const wanted = exactAhead(gaussian(sigma), q, [0.4], 1 - t, t).value
  const many = 40_000
  const x = new Float64Array(many).fill(0.4)

  const exponentials = async (
    kind: 'posterior' | 'weighted',
    over: Partial<typeof map> = {},
    beta = 1,
  ): Promise<Float64Array> => {
    const own = { ...map, ...over }
    const posterior = gaussianPosterior(sigma, 5)
    const ahead = lookAhead(kind, { map: own, reward, beta, samples: 4, posterior, random: random(5, 'up') })
    return (await ahead.value(x, t)).map(Math.exp)
  }
  const off = (values: Float64Array, from: number) =>
    Math.abs(mean(values) - from) / (deviation(values) / Math.sqrt(many))

  test('posterior: the mean of e^g is e^V, and g itself is low', async () => {
    const values = await exponentials('posterior')
    expect(off(values, Math.exp(wanted))).toBeLessThan(3.5)
    expect(mean(values.map(Math.log))).toBeLessThan(wanted - 0.02)
  })

  test('weighted: the mean of w is 1, that of w e^r is e^V; without a density it is not', async () => {
    expect(off(await exponentials('weighted', {}, 0), 1)).toBeLessThan(3.5)
    expect(off(await exponentials('weighted'), Math.exp(wanted))).toBeLessThan(3.5)
    const without = { logDensity: async (y: Float64Array) => new Float64Array(y.length) }
    expect(off(await exponentials('weighted', without), Math.exp(wanted))).toBeGreaterThan(3.5)
  })
})

test('guidance by posterior samples: one steers nothing, many are the tilted velocity', async () => {
  const [sigma, q, t] = [0.8, observed(1.2, 0.6), 0.5]
  const [map, reward] = [gaussianMap(sigma), quadraticReward(q)]
  const x = Float64Array.of(0.4)
  const v = await map.velocity!(x, t)
  const by = (samples: number) =>
    byPosterior(map, gaussianPosterior(sigma, 2), reward, { beta: 1, samples })(x, t, v)
  expect(await by(1)).toEqual(v)
  const { gradient } = exactAhead(gaussian(sigma), q, [x[0]], 1 - t, t)
  expect((await by(100_000))[0]).toBeCloseTo(v[0] - (t / (1 - t)) * gradient[0], 2)
})

test('a clip cuts the steering and nothing else', async () => {
  const map = exact(TWO)
  const ahead = lookAhead('denoiser', { map, reward: quadraticReward(NEAR), beta: 1 })
  const noise = normals(20, 4)
  const grid = uniformGrid(8)
  const plain = await guided(map, async (_x, _s, v) => v, noise, { grid })
  const hardly = await guided(map, byGradient(map, ahead), noise, { grid, clip: 1e-12 })
  for (const [i, value] of hardly.entries()) expect(value).toBeCloseTo(plain[i], 8)
  const freely = await guided(map, byGradient(map, ahead), noise, { grid, clip: 1e9 })
  expect(freely).toEqual(await guided(map, byGradient(map, ahead), noise, { grid }))
})

test("Doob's coefficient is t/(1-t) on the linear path, and keeps Gaussians on each", () => {
  expect(doobCoefficient(interpolants.linear, 0.3)).toBeCloseTo(0.3 / 0.7, 12)
  // v = alpha'/alpha x - c score: for normal data on the trigonometric path nothing moves, and the score is -x.
  const t = 0.3
  expect(doobCoefficient(interpolants.trig, t)).toBeCloseTo((Math.PI / 2) * Math.tan((Math.PI / 2) * t), 10)
})

describe('the bridge', () => {
  const map = { interpolant: interpolants.linear }

  test("is Bayes' reverse kernel at eta 1", () => {
    const [s, t] = [0.8, 0.35]
    const { fromData, fromPoint, noise } = bridge(map, s, t, 1)
    // Of x_t ~ N((1-t) y, t^2) and x_s = a x_t + q n.
    const a = (1 - s) / (1 - t)
    const q2 = s ** 2 - (a * t) ** 2
    const precision = 1 / t ** 2 + a ** 2 / q2
    expect(noise ** 2).toBeCloseTo(1 / precision, 12)
    expect(fromPoint).toBeCloseTo(a / q2 / precision, 12)
    expect(fromData).toBeCloseTo((1 - t) / t ** 2 / precision, 12)
  })

  test.each([0, 0.3, 1])('keeps the law of x_t at eta %d', eta => {
    const [s, t, y] = [0.8, 0.35, 1.3]
    const { fromData, fromPoint, noise } = bridge(map, s, t, eta)
    expect(fromData * y + fromPoint * (1 - s) * y).toBeCloseTo((1 - t) * y, 12)
    expect((fromPoint * s) ** 2 + noise ** 2).toBeCloseTo(t ** 2, 12)
  })
})

test('the inner flow samples the posterior as its steps grow', async () => {
  const sigma = 0.8
  const [tau, x] = [0.6, new Float64Array(20_000).fill(0.5)]
  const k2 = ((1 - tau) * sigma) ** 2 + tau ** 2
  const draw = async (steps: number) => innerPosterior(gaussianMap(sigma), steps, random(3, 'inner'))(x, tau)
  const points = await draw(64)
  expect(mean(points)).toBeCloseTo(((1 - tau) * sigma ** 2 * 0.5) / k2, 1)
  expect(deviation(points) / ((sigma * tau) / Math.sqrt(k2))).toBeCloseTo(1, 1)
  // One step is the mean alone.
  expect(deviation(await draw(1))).toBeLessThan(1e-9)
})

test('the kernel euler-maruyama keeps the law', async () => {
  const [sigma, count] = [0.6, 20_000]
  const kernel = eulerMaruyamaKernel(gaussianMap(sigma), random(1, 'em'))
  let x: Float64Array = normals(count, 1)
  const grid = uniformGrid(100)
  for (let k = 1; k < grid.length; k++) x = await kernel(x, grid[k - 1], grid[k])
  expect(deviation(x) / sigma).toBeCloseTo(1, 1)
  expect(Math.abs(mean(x))).toBeLessThan(0.03)
})

describe('the gradient of posterior samples', () => {
  const options = { reward: quadraticReward(NEAR), beta: 0.8, samples: 3 }
  const ahead = (map: SteerableMap<Float64Array>) =>
    // Anew for each look, so that the samples' noise is the same.
    lookAhead('posterior', { map, ...options, posterior: innerPosterior(map, 5, random(4, 'inner')) })

  test('is that of their value, their noise held', async () => {
    const map = exact(TWO)
    const x = Float64Array.of(0.3, -0.2, -0.7, 0.4)
    const { value, gradient } = await ahead(map).gradient!(x, 0.6)
    expect(value).toEqual(await ahead(map).value(x, 0.6))
    for (const [i, slope] of gradient.entries()) {
      const at = async (h: number) => {
        const moved = x.slice()
        moved[i] += h
        return (await ahead(map).value(moved, 0.6))[Math.floor(i / 2)]
      }
      expect(slope).toBeCloseTo(((await at(1e-5)) - (await at(-1e-5))) / 2e-5, 6)
    }
  })

  test('tends to that of the exact value', async () => {
    const [sigma, t, x, count] = [0.7, 0.5, 0.4, 20_000]
    const map = gaussianMap(sigma)
    const reward = quadraticReward(observed(1.2, 0.8))
    const posterior = innerPosterior(map, 64, random(6, 'inner'))
    const many = lookAhead('posterior', { map, reward, beta: 1, samples: count, posterior })
    const { gradient } = await many.gradient!(Float64Array.of(x), t)
    const own = lookAhead('denoiser-covariance', { map, reward, beta: 1 })
    const wanted = (await own.gradient!(Float64Array.of(x), t)).gradient[0]
    expect(Math.abs(gradient[0] / wanted - 1)).toBeLessThan(0.03)
  })

  test('is there where the velocity and the reward have one', () => {
    const { velocityPullback: _, ...map } = exact(TWO)
    expect(ahead(map).gradient).toBeUndefined()
    const { value } = options.reward
    const posterior = innerPosterior(exact(TWO), 5, random(4, 'inner'))
    expect(
      lookAhead('posterior', { map: exact(TWO), reward: { value }, beta: 1, posterior }).gradient,
    ).toBeUndefined()
  })
})
