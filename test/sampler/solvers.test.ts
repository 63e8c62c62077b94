import { describe, expect, test } from 'vitest'
import { coefficientsAt, interpolants, ratioAt, timeOfRatio } from '../../src/model/index.ts'
import { whyUnfit } from '../../src/sampler/fitness.ts'
import { gridTimes, usualGrid } from '../../src/sampler/named-grids.ts'
import type { GridName, SamplingMethod } from '../../src/sampler/names.ts'
import { solverOptions } from '../../src/sampler/solver-choice.ts'
import { solverOf, solvers } from '../../src/sampler/solvers/table.ts'
import {
  between,
  exactField,
  gaussianField,
  MIXTURE,
  type PathName,
  run,
  seeded,
  worst,
} from './solver-world.ts'

const START = Float64Array.from([-0.43, -1.13, 0.67, -1.1, 2.01, 0.92, -0.36, 0.57])
const { linear, trig, vp, cosine } = interpolants
const ALL = { linear, trig, vp, cosine }

describe('what solvers have in common', () => {
  test.each(Object.keys(ALL) as PathName[])('identities on the %s path', name => {
    const path = interpolants[name]
    const field = exactField(MIXTURE, path, 4)
    const grid = [0.95, 0.7, 0.52, 0.3, 0.1]
    const end = (method: SamplingMethod, options: object = {}) =>
      run(method, options, path, field, START, grid)
    const same = (a: Float64Array, b: Float64Array) => expect(worst(a, b)).toBeLessThan(1e-13)
    same(end('dpm++2m', { order: 1 }), end('ddim'))
    same(end('ddim', { eta: 1 }), end('ancestral'))
    same(end('sde-dpm++2m', { order: 1 }), end('ancestral'))
    same(end('euler-maruyama', { scale: 0 }), end('euler'))
    // On the linear path alone are time and the ratio of noise to data as good as each other.
    const apart = worst(end('ddim'), end('euler'))
    if (name === 'linear') expect(apart).toBeLessThan(1e-13)
    else expect(apart).toBeGreaterThan(1e-3)
    expect(worst(end('dpm++2m'), end('ddim'))).toBeGreaterThan(1e-3)
  })

  test('ddim is Euler in x/alpha and sigma/alpha', () => {
    const field = exactField(MIXTURE, vp, 4)
    const [s, t] = [0.8, 0.5]
    const [a, b] = [coefficientsAt(vp, s), coefficientsAt(vp, t)]
    const v = field(START, s)
    const w = a.alpha * a.sigmaRate - a.alphaRate * a.sigma
    const expected = START.map((x, i) => {
      const eps = (a.alpha * v[i] - a.alphaRate * x) / w
      return b.alpha * (x / a.alpha + (b.sigma / b.alpha - a.sigma / a.alpha) * eps)
    })
    expect(worst(run('ddim', {}, vp, field, START, [s, t]), expected)).toBeLessThan(1e-13)
  })

  test("edm's step into the data is ddim's", () => {
    const field = exactField(MIXTURE, trig, 4)
    const ends = (['edm', 'ddim'] as const).map(method => run(method, {}, trig, field, START, [0.2, 0]))
    expect(worst(ends[0], ends[1])).toBeLessThan(1e-13)
  })

  test.each(['ddim', 'dpm++2m'] as const)('%s is exact on a point mass, in any grid', method => {
    // The limit of narrow Gaussian data: x0 does not change.
    const field = gaussianField(vp, 0.7, 0)
    const [coarse, fine] = [[0.9, 0.2], between(0.9, 0.2, 7)].map(grid =>
      run(method, {}, vp, field, START, grid),
    )
    expect(worst(coarse, fine)).toBeLessThan(1e-12)
    const euler = [[0.9, 0.2], between(0.9, 0.2, 7)].map(grid => run('euler', {}, vp, field, START, grid))
    expect(worst(euler[0], euler[1])).toBeGreaterThan(0.1)
  })
})

describe('orders', () => {
  const field = exactField(MIXTURE, linear, 4)
  const exact = run('adaptive', { tolerance: 1e-12 }, linear, field, START, [0.95, 0.05])

  test.each([
    ['euler', 1],
    ['ddim', 1],
    ['heun', 2],
    ['midpoint', 2],
    ['dpm++2m', 2],
    ['edm', 2],
    ['rk4', 4],
  ] as const)('%s converges at its order, %d', (method, order) => {
    const error = (steps: number) =>
      worst(run(method, {}, linear, field, START, between(0.95, 0.05, steps)), exact)
    const found = Math.log2(error(128) / error(256))
    expect(solvers[method].order.path).toBe(order)
    expect(found).toBeGreaterThan(order - 0.1)
    expect(found).toBeLessThan(order + 0.15)
  })
})

/**
 * Mean and variance of a solver's law on Gaussian data, as exact numbers: every solver is affine there, so it is run on 0, on
 * a unit start, and on each unit noise.
 */
function law(method: SamplingMethod, options: object, path: PathName, grid: readonly number[]) {
  const [mean, deviation] = [0.6, 0.5]
  const field = gaussianField(interpolants[path], mean, deviation)
  const none = () => new Float64Array(1)
  const at = (start: number, noise: (k: number) => Float64Array = none): number =>
    run(method, options, interpolants[path], field, Float64Array.of(start), grid, noise)[0]
  const zero = at(0)
  const begin = coefficientsAt(interpolants[path], grid[0])
  const startMean = begin.alpha * mean
  const startVariance = (begin.alpha * deviation) ** 2 + begin.sigma ** 2
  const slope = at(1) - zero
  let variance = slope ** 2 * startVariance
  for (let j = 0; j < grid.length - 1; j++) {
    variance += (at(0, k => Float64Array.of(Number(k === j))) - zero) ** 2
  }
  const end = coefficientsAt(interpolants[path], grid.at(-1)!)
  return {
    mean: zero + slope * startMean - end.alpha * mean,
    variance: variance - ((end.alpha * deviation) ** 2 + end.sigma ** 2),
  }
}

describe('the law of the points', () => {
  test.each([
    ['ddim', { eta: 0.5 }, 1],
    ['ancestral', {}, 1],
    ['sde-dpm++2m', {}, 2],
    ['dpm++2m', {}, 2],
    ['euler-maruyama', { diffusion: 'sigma' }, 1],
    ['euler-maruyama', { scale: 0.25 }, 1],
    ['edm', { churn: 4 }, 2],
  ] as const)('%s %j has the order of its law, %d', (method, options, order) => {
    const error = (steps: number) =>
      Math.abs(law(method, options, 'trig', between(0.95, 0.05, steps)).variance)
    const found = Math.log2(error(64) / error(128))
    expect(solvers[method].order.law).toBe(order)
    expect(found).toBeGreaterThan(order - 0.25)
    expect(found).toBeLessThan(order + 0.4)
  })

  test.each(['ddim', 'ancestral', 'dpm++2m', 'sde-dpm++2m', 'edm'] as const)(
    '%s has the exact mean on any path',
    method => {
      for (const path of ['trig', 'vp'] as const) {
        expect(Math.abs(law(method, {}, path, between(0.95, 0.05, 6)).mean)).toBeLessThan(1e-12)
      }
    },
  )

  test.each(['euler', 'euler-maruyama'] as const)('%s has not', method => {
    expect(Math.abs(law(method, {}, 'trig', between(0.95, 0.05, 6)).mean)).toBeGreaterThan(1e-3)
  })

  test('noise louder than the path says is an error that does not vanish', () => {
    const error = (steps: number) =>
      Math.abs(law('edm', { churn: 20, noiseScale: 1.007 }, 'linear', between(0.95, 0.05, steps)).variance)
    expect(error(128)).toBeGreaterThan(0.4 * error(64))
    expect(error(128)).toBeGreaterThan(1e-3)
  })

  test('the forward variance is a wider law; both become that of the data', () => {
    const error = (variance: string, steps: number) =>
      law('ancestral', { variance }, 'linear', between(0.95, 0.05, steps)).variance
    expect(error('forward', 16)).toBeGreaterThan(error('posterior', 16) + 0.02)
    for (const variance of ['forward', 'posterior']) {
      expect(Math.abs(error(variance, 128))).toBeLessThan(Math.abs(error(variance, 16)) / 4)
    }
  })

  test('nothing is added in the step into the data', () => {
    const field = exactField(MIXTURE, linear, 4)
    const quiet = (k: number) => (k === 3 ? new Float64Array(8).fill(Number.NaN) : seeded(8)(k))
    for (const method of ['ddim', 'ancestral', 'sde-dpm++2m', 'euler-maruyama'] as const) {
      const options = method === 'ddim' ? { eta: 1 } : {}
      const end = run(method, options, linear, field, START, [0.9, 0.6, 0.4, 0.2, 0], quiet)
      expect(end.every(Number.isFinite), method).toBe(true)
    }
  })
})

describe('needs', () => {
  const why = (
    method: SamplingMethod,
    path: PathName,
    grid: readonly number[],
    options = {},
    predicts?: 'eps' | 'x0',
  ) =>
    whyUnfit(
      solverOf(method),
      solverOptions({ method, options }),
      { path: interpolants[path], pathName: path, ...(predicts && { predicts }) },
      grid,
    )

  test.each([
    ['heun', 'vp', [1, 0], {}, /the velocity at the data, which is infinite on the vp path/],
    ['rk4', 'cosine', [1, 0], {}, /infinite on the cosine path/],
    ['edm', 'linear', [1, 0], {}, /at t = 1 the linear path has none/],
    ['edm', 'linear', [0.999, 0], {}, /at most 160, found 999 at t = 0\.999/],
    ['euler-maruyama', 'linear', [1, 0], {}, /must start where some data is left/],
    ['dpm++2m', 'linear', [0, 1], {}, /from noise to data only/],
    ['ddim', 'linear', [0, 1], { eta: 1 }, /from noise to data only/],
    ['ddim', 'vp', [0, 1], {}, /needs the noise at t = 0, which the vp path does not determine there/],
  ] as const)('%s on %s through %j %j is refused', (method, path, grid, options, message) => {
    expect(why(method, path, grid, options)).toMatch(message)
  })

  test.each([
    ['heun', 'vp', [1, 0.001], {}],
    ['heun', 'sub-vp', [1, 0], {}],
    ['euler', 'vp', [1, 0], {}],
    ['dpm++2m', 'linear', [1, 0.5, 0], {}],
    ['edm', 'linear', [0.999, 0], { largest: 1000 }],
    ['edm', 'vp', [1, 0], {}],
    ['euler-maruyama', 'linear', [1, 0], { diffusion: 'sigma' }],
    ['ddim', 'linear', [0, 1], {}],
  ] as const)('%s on %s through %j %j is not', (method, path, grid, options) => {
    expect(why(method, path, grid, options)).toBeUndefined()
  })

  test('a prediction of the noise says nothing where there is no data', () => {
    expect(why('ddim', 'linear', [1, 0], {}, 'eps')).toMatch(
      /predicts eps, which does not determine the data at t = 1/,
    )
    expect(why('ddim', 'vp', [1, 0], {}, 'eps')).toBeUndefined()
  })

  test('a prediction of the data does not tell the velocity where there is no noise', () => {
    expect(why('heun', 'linear', [1, 0], {}, 'x0')).toMatch(
      /which a prediction of the data does not determine there/,
    )
    expect(why('heun', 'linear', [1, 0.001], {}, 'x0')).toBeUndefined()
    expect(why('midpoint', 'linear', [1, 0], {}, 'x0')).toBeUndefined()
    // This path ends with some noise.
    expect(why('heun', 've', [1, 0], {}, 'x0')).toBeUndefined()
  })

  test('an option that is none is refused by its name', () => {
    expect(() => solverOptions({ method: 'ddim', options: { eta: 2 } })).toThrow(/^ddim: eta: /)
    expect(() => solverOptions({ method: 'ddim', options: { churn: 1 } })).toThrow(
      /^ddim: has no option "churn"; its options are eta/,
    )
    expect(() => solverOptions({ method: 'rk4', options: { eta: 1 } })).toThrow(/it has no options/)
  })
})

describe('grids by name', () => {
  const times = (name: GridName, steps: number, options = {}, path: PathName = 'linear') =>
    gridTimes({ name, steps, options }, interpolants[path])

  test('fall from noise to data in as many steps', () => {
    for (const name of ['uniform', 'log-ratio', 'karras', 'cosine', 'shifted', 'discrete'] as const) {
      for (const path of ['linear', 'vp', 'cosine', 've', 'edm', 'ddpm-linear'] as const) {
        for (const steps of [1, 2, 10]) {
          const grid = times(name, steps, {}, path)
          expect(grid, `${name} ${path}`).toHaveLength(steps + 1)
          expect(grid[0]).toBe(1)
          expect(grid.at(-1)).toBe(0)
          expect(grid.every((t, i) => i === 0 || t < grid[i - 1])).toBe(true)
        }
      }
    }
  })

  test('what they are equally spaced in', () => {
    const log = times('log-ratio', 5)
      .slice(1, -1)
      .map(t => Math.log(t / (1 - t)))
    expect(log[1] - log[0]).toBeCloseTo(log[2] - log[1], 12)
    const roots = times('karras', 5)
      .slice(1, -1)
      .map(t => (t / (1 - t)) ** (1 / 7))
    expect(roots[1] - roots[0]).toBeCloseTo(roots[2] - roots[1], 12)
    const angles = times('cosine', 4)
      .slice(1, -1)
      .map(t => Math.atan(t / (1 - t)))
    expect(angles[1]).toBeCloseTo(Math.PI / 4, 12)
    expect(times('shifted', 2, { shift: 3 })[1]).toBeCloseTo(0.75, 12)
    expect(times('discrete', 4)).toEqual([1, 0.75, 0.5, 0.25, 0])
    expect(times('discrete', 4, { spacing: 'leading' })).toEqual([0.751, 0.501, 0.251, 0.001, 0])
  })

  test('angles lie between those of the ends of the path', () => {
    const many = times('cosine', 1000, {}, 've')
    expect(many.every((t, i) => i === 0 || t < many[i - 1])).toBe(true)
    const angles = times('cosine', 4, {}, 've')
      .slice(1, -1)
      .map(t => Math.atan(ratioAt(interpolants.ve, t)))
    expect(angles[0] - angles[1]).toBeCloseTo(angles[1] - angles[2], 12)
    expect(angles[1]).toBeCloseTo((Math.atan(80) + Math.atan(0.002)) / 2, 12)
  })

  test.each([
    [
      'log-ratio',
      { least: 100, largest: 1 },
      'linear',
      'least: expected a ratio below the largest, 1, found 100',
    ],
    ['karras', { least: 100 }, 've', 'least: expected a ratio below the largest, 80, found 100'],
    [
      'log-ratio',
      { least: 1e-5 },
      've',
      'least: expected at least 0.002, the ratio of the path at the data, found 0.00001',
    ],
  ] as const)('%s with %j on %s is refused', (name, options, path, message) => {
    expect(() => times(name, 4, options, path)).toThrow(`${name}: ${message}`)
  })

  test('a solver that needs some data begins at a finite ratio', () => {
    const grid = usualGrid({ method: 'edm' }, linear, 8)
    expect(grid[0]).toBeCloseTo(timeOfRatio(linear, 80), 12)
    expect(usualGrid({ method: 'dpm++2m' }, linear, 8)[0]).toBe(1)
    expect(usualGrid({ method: 'heun' }, linear, 2)).toEqual([1, 0.5, 0])
  })
})
