import { describe, expect, test } from 'vitest'
import { headLogDensity, planeMass } from '../../src/density/head.ts'
import { DensityError, sampleWithDensity } from '../../src/density/own-samples.ts'
import { mixtureLogDensity } from '../../src/metric/density.ts'
import {
  divergenceOf,
  type FlowMap,
  gaussianFlow,
  interpolants,
  type Mixture,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { uniformGrid } from '../../src/sampler/sampler.ts'

const MEAN = [0.7, -0.4]
const SCALES = [0.5, 1.3]
const gaussian: Mixture = { components: [{ weight: 1, mean: MEAN, scales: SCALES }] }

/** The exact flow of a Gaussian with its average divergence, `sum log(k(t)/k(s))/(t-s)`, times a factor. */
function headed(path: keyof typeof interpolants, factor = 1): FlowMap {
  const { alpha, sigma } = interpolants[path]
  const flow = gaussianFlow(MEAN, SCALES, interpolants[path])
  return {
    ...flow,
    divergence: divergenceOf((x, s, t) => {
      const logs = SCALES.map(scale => {
        const k = (time: typeof t) =>
          alpha(time)
            .square()
            .mul(scale ** 2)
            .add(sigma(time).square())
            .sqrt()
        return k(t).div(k(s)).log()
      })
      return logs[0]
        .add(logs[1])
        .div(t.sub(s))
        .mul(factor)
        .add(x.slice(1, 0, 1).mul(0))
    }, 4),
  }
}

const normals = (count: number): Float64Array => {
  const source = random(3, 'own')
  return Float64Array.from({ length: count }, () => source.normal())
}
const farthest = (a: Float64Array, b: Float64Array): number =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)

describe('the density by a divergence head', () => {
  const points = normals(60)
  const truth = mixtureLogDensity(gaussian, points)

  test.each([
    ['linear', 1],
    ['linear', 4],
    ['trig', 3],
  ] as const)('is the true one where the head is exact: %s path, %s jumps', async (path, steps) => {
    const found = await headLogDensity(nodeRuntime(), headed(path), points, 2, uniformGrid(steps))
    expect(farthest(found, truth)).toBeLessThan(1e-12)
  })

  test('is another with the sign of the paper, or a head that says nothing', async () => {
    for (const factor of [-1, 0]) {
      const found = await headLogDensity(nodeRuntime(), headed('linear', factor), points, 2, [1, 0.4, 0])
      expect(farthest(found, truth)).toBeGreaterThan(0.4)
    }
  })

  test('its mass is 1 where the head is exact, and grows with what the head adds', async () => {
    const box = { low: [-6, -12], high: [6, 12] } as const
    const massOf = (map: FlowMap) => planeMass(x => headLogDensity(nodeRuntime(), map, x, 2, [1, 0]), box)
    const { mass, border } = await massOf(headed('linear'))
    expect(mass).toBeCloseTo(1, 8)
    expect(border).toBeLessThan(1e-8)
    // log k(1)/k(0) is the sum of the logarithms of the deviations, which the head has wrong by a half.
    const off = await massOf(headed('linear', 1.5))
    expect(off.mass).toBeCloseTo(Math.exp(-0.5 * (Math.log(SCALES[0]) + Math.log(SCALES[1]))), 6)
  })

  test('a box that cuts the density shows it at its border', async () => {
    const { border } = await planeMass(async x => mixtureLogDensity(gaussian, x), {
      low: [0, -0.4],
      high: [2, 2],
    })
    expect(border).toBeGreaterThan(1e-3)
  })

  test('of own samples it costs no more than the jumps', async () => {
    const options = { density: 'head' } as const
    const found = await sampleWithDensity(
      nodeRuntime(),
      headed('linear'),
      normals(60),
      2,
      [1, 0.5, 0],
      options,
    )
    expect(farthest(found.logDensity, mixtureLogDensity(gaussian, found.points))).toBeLessThan(1e-12)
    expect(found.evaluations).toBe(2)
  })

  test('needs a head, and jumps', async () => {
    const { divergence: _, ...plain } = headed('linear')
    const own = (map: FlowMap, options: object) =>
      sampleWithDensity(nodeRuntime(), map, normals(4), 2, [1, 0], { density: 'head', ...options })
    await expect(own(plain, {})).rejects.toThrow(DensityError)
    await expect(own(plain, {})).rejects.toThrow(/density head: the map has no divergence head; train one/)
    await expect(own(headed('linear'), { method: 'euler' })).rejects.toThrow(/euler follows the velocity/)
  })
})
