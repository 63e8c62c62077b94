import { describe, expect, test } from 'vitest'
import { givenLogDensity } from '../../src/density/given-points.ts'
import { DensityError, sampleWithDensity } from '../../src/density/own-samples.ts'
import { mixtureLogDensity } from '../../src/metric/density.ts'
import {
  curvedFlow,
  type FlowMap,
  flat,
  fromJump,
  gaussianFlow,
  interpolants,
  type Mixture,
  mixtureVelocity,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { uniformGrid } from '../../src/sampler/sampler.ts'

const normals = (count: number, deviation = 1, name = 'own'): Float64Array => {
  const source = random(3, name)
  return Float64Array.from({ length: count }, () => deviation * source.normal())
}

const own = (map: FlowMap, grid: readonly number[], options: object = {}, noise = normals(60)) =>
  sampleWithDensity(nodeRuntime(), map, noise, 2, grid, { density: 'jump', ...options })

const farthest = (a: Float64Array, b: Float64Array): number =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)

const MEAN = [0.7, -0.4]
const SCALES = [0.5, 1.3]
const gaussian: Mixture = { components: [{ weight: 1, mean: MEAN, scales: SCALES }] }

describe('the density of own samples', () => {
  test.each([
    ['linear', 1],
    ['linear', 4],
    ['trig', 3],
  ] as const)('of an exact Gaussian flow, %s path, %s jumps', async (path, steps) => {
    const flow = gaussianFlow(MEAN, SCALES, interpolants[path])
    const { points, logDensity, folded, sign, evaluations } = await own(flow, uniformGrid(steps))
    expect(farthest(logDensity, mixtureLogDensity(gaussian, points))).toBeLessThan(1e-12)
    expect(folded).toBe(0)
    expect([...sign].every(each => each === 1)).toBe(true)
    expect(evaluations).toBe(3 * steps)
  })

  test('of a base that is not standard normal', async () => {
    // A path that ends with noise of deviation 5: that of ve, k^2 = scales^2 + (5t)^2.
    const path = {
      alpha: interpolants.linear.alpha,
      sigma: (t: Parameters<typeof interpolants.linear.sigma>[0]) => t.mul(5),
    }
    const flow = gaussianFlow(MEAN, SCALES, path)
    const { points, logDensity } = await own(flow, [1, 0.4, 0], { deviation: 5 }, normals(60, 5))
    expect(farthest(logDensity, mixtureLogDensity(gaussian, points))).toBeLessThan(1e-12)
    const wrong = await own(flow, [1, 0.4, 0], {}, normals(60, 5))
    expect(farthest(wrong.logDensity, mixtureLogDensity(gaussian, points))).toBeGreaterThan(1)
  })

  const rotation = [
    [Math.cos(0.8), -Math.sin(0.8)],
    [Math.sin(0.8), Math.cos(0.8)],
  ]
  /** `log q` of `x = Q sinh y`, `y` normal about 0.3 with deviation 0.6. */
  function bentDensity(points: Float64Array): Float64Array {
    return Float64Array.from({ length: points.length / 2 }, (_, i) =>
      [0, 1].reduce((sum, k) => {
        const turned = points[2 * i] * rotation[0][k] + points[2 * i + 1] * rotation[1][k]
        const y = Math.asinh(turned)
        const z = (y - 0.3) / 0.6
        return sum - z ** 2 / 2 - Math.log(0.6 * Math.sqrt(2 * Math.PI)) - Math.log(Math.cosh(y))
      }, 0),
    )
  }

  /** The same in other coordinates at time 1 too: noise `x` stands for `y = arsinh x`, which is normal there. */
  const bent = (): { flow: FlowMap; noise: Float64Array } => {
    const noise = normals(60, 1, 'bent')
    const curved = noise.map((_, i) => {
      const row = i - (i % 2)
      return [0, 1].reduce((sum, k) => sum + rotation[i % 2][k] * Math.sinh(noise[row + k]), 0)
    })
    return { flow: curvedFlow(0.3, 0.6, rotation), noise: curved }
  }

  test('of a flow that bends, by jumps and by following it', async () => {
    const { flow, noise } = bent()
    // Its law at time 1 is no normal one: what is left is `log N(y) - log cosh y`.
    const atNoise = (points: Float64Array) =>
      Float64Array.from({ length: points.length / 2 }, (_, i) =>
        [0, 1].reduce((sum, k) => {
          const y = Math.asinh(points[2 * i] * rotation[0][k] + points[2 * i + 1] * rotation[1][k])
          return sum - y ** 2 / 2 - Math.log(2 * Math.PI) / 2 - Math.log(Math.cosh(y))
        }, 0),
      )
    const normal = flat.noise.logDensity(noise, 2)
    for (const [options, grid, limit] of [
      [{ density: 'jump' }, [1, 0], 1e-11],
      [{ density: 'jump' }, [1, 0.7, 0.2, 0], 1e-11],
      [{ density: 'flow', tolerance: 1e-10 }, [1, 0], 1e-7],
    ] as const) {
      const { points, logDensity } = await own(flow, grid, options, noise)
      const q = logDensity.map((value, i) => value - normal[i] + atNoise(noise)[i])
      expect(farthest(q, bentDensity(points))).toBeLessThan(limit)
    }
  })

  test('is missed when the determinant has the wrong sign', async () => {
    const flow = gaussianFlow(MEAN, SCALES, interpolants.linear)
    const { points, logDensity, logDeterminant } = await own(flow, [1, 0.5, 0])
    const wrong = logDensity.map((value, i) => value + 2 * logDeterminant[i])
    expect(farthest(wrong, mixtureLogDensity(gaussian, points))).toBeGreaterThan(0.8)
  })

  test('of the steps of Euler and Heun are those of the steps, not of the flow', async () => {
    const flow = gaussianFlow(MEAN, SCALES, interpolants.linear)
    for (const method of ['euler', 'heun']) {
      const { points, logDensity } = await own(flow, uniformGrid(4), { method })
      // Steps of a linear velocity are affine: their law is a Gaussian, which two points for each axis tell.
      const ends = await own(flow, uniformGrid(4), { method }, Float64Array.of(0, 0, 1, 1))
      const [a, b] = [ends.points.subarray(0, 2), ends.points.subarray(2, 4)]
      const law: Mixture = {
        components: [{ weight: 1, mean: [a[0], a[1]], scales: [b[0] - a[0], b[1] - a[1]] }],
      }
      expect(farthest(logDensity, mixtureLogDensity(law, points))).toBeLessThan(1e-11)
      expect(farthest(logDensity, mixtureLogDensity(gaussian, points))).toBeGreaterThan(0.01)
    }
  })

  test('refuses samplers without one, probes for determinants, and too many coordinates', async () => {
    const flow = gaussianFlow(MEAN, SCALES, interpolants.linear)
    await expect(own(flow, [1, 0], { method: 'renoise' })).rejects.toThrow(DensityError)
    await expect(own(flow, [1, 0], { method: 'renoise' })).rejects.toThrow(/renoise adds noise/)
    await expect(own(flow, [1, 0], { divergence: 'rademacher' })).rejects.toThrow(/determinants are exact/)
    await expect(own(flow, [1, 0.5])).rejects.toThrow(/to end at 0/)
    const wide = sampleWithDensity(nodeRuntime(), flow, new Float64Array(600), 600, [1, 0], {
      density: 'jump',
    })
    await expect(wide).rejects.toThrow(/at most 512 coordinates, found 600; use density flow with probes/)
  })
})

describe('a map that folds', () => {
  /** `F(z, 1, 0) = z^3 - 3 z` in one dimension: three preimages in the middle, one outside. */
  const cubic = fromJump(x => x.square().mul(x).sub(x.mul(3)))
  const COUNT = 40_000
  const target = (x: number) => -(x * x) / 2 / 1.5 ** 2

  test('has a mean weight of Z times the mean number of preimages, and with signs of Z', async () => {
    const found = await sampleWithDensity(nodeRuntime(), cubic, normals(COUNT, 1, 'fold'), 1, [1, 0], {
      density: 'jump',
    })
    const logZ = Math.log(1.5 * Math.sqrt(2 * Math.PI))
    const weights = found.logDensity.map((log, i) => Math.exp(target(found.points[i]) - log - logZ))
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    const average = mean(weights)
    const error = Math.sqrt(mean(weights.map(w => (w - average) ** 2)) / COUNT)
    // Preimages of x under z^3 - 3z: three between -2 and 2.
    const source = random(0, 'target')
    const preimages = mean(
      Float64Array.from({ length: COUNT }, () => (Math.abs(1.5 * source.normal()) < 2 ? 3 : 1)),
    )
    expect(Math.abs(mean(weights) - preimages)).toBeLessThan(4 * error + 0.03)
    expect(mean(weights)).toBeGreaterThan(1.5)
    const signed = mean(weights.map((w, i) => w * found.sign[i]))
    expect(Math.abs(signed - 1)).toBeLessThan(4 * error)
    // |z| < 1 is turned over.
    expect(found.folded).toBeGreaterThan(0.66)
    expect(found.folded).toBeLessThan(0.7)
  })
})

describe('the density of given data through several jumps', () => {
  const starts = normals(800, 1, 'starts')
  const data = normals(40, 1, 'data')

  test('is that of the Gaussian whose exact flow it is', async () => {
    const flow = gaussianFlow(MEAN, SCALES, interpolants.linear)
    for (const bothWays of [false, true]) {
      const found = await givenLogDensity(nodeRuntime(), flow, data, 2, starts, {
        grid: [1, 0.6, 0.3, 0],
        bothWays,
      })
      expect([found.missed, found.folded]).toEqual([0, 0])
      expect(farthest(found.logDensity, mixtureLogDensity(gaussian, data))).toBeLessThan(1e-8)
      expect(Math.max(...found.residual)).toBeLessThan(1e-8)
    }
  })

  test('agrees with that of own samples', async () => {
    const flow = curvedFlow(0.3, 0.6, [
      [1, 0],
      [0, 1],
    ])
    const grid = [1, 0.5, 0]
    const samples = await own(flow, grid)
    const found = await givenLogDensity(nodeRuntime(), flow, samples.points, 2, starts, { grid })
    expect(found.missed).toBe(0)
    expect(farthest(found.logDensity, samples.logDensity)).toBeLessThan(1e-7)
  })

  test('reports points that no noise leads to', async () => {
    const squared = fromJump((x, s) =>
      x
        .square()
        .mul(s)
        .add(x.mul(s.mul(-1).add(1))),
    )
    const found = await givenLogDensity(nodeRuntime(), squared, Float64Array.of(-4, -5, 1, 1), 2, starts, {
      grid: [1, 0.5, 0],
    })
    expect(found.missed).toBe(0.5)
    expect(found.logDensity[0]).toBeNaN()
    expect(found.residual[0]).toBeGreaterThan(0.1)
    expect(found.residual[1]).toBeLessThan(1e-8)
  })
})

describe('a divergence by probes', () => {
  const mixture: Mixture = {
    components: [
      { weight: 0.5, mean: [-1.5, 0.3], scales: [0.3, 0.6] },
      { weight: 0.5, mean: [1, 1.2], scales: [0.5, 0.5] },
    ],
  }
  test.each(['rademacher', 'gaussian'] as const)(
    '%s: own samples have log q without bias',
    async divergence => {
      const noise = Float64Array.from({ length: 1200 }, (_, i) => [0.4, -0.9][i % 2])
      const field = mixtureVelocity(mixture, interpolants.linear)
      const map: FlowMap = { velocity: (x, s) => field.velocity(x, s), jump: x => x }
      const exact = await own(map, [1, 0], { density: 'flow' }, noise.slice(0, 2))
      const probed = await own(map, [1, 0], { density: 'flow', divergence, tolerance: 1e-5 }, noise)
      const values = [...probed.logDensity]
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
      expect(sd).toBeGreaterThan(0.01)
      expect(Math.abs(mean - exact.logDensity[0])).toBeLessThan((3.5 * sd) / Math.sqrt(values.length))
    },
  )
})
