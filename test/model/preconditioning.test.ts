import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jvp, onesLike, type Tensor } from '../../src/autodiff/index.ts'
import type { UserConfig } from '../../src/config/index.ts'
import { drawNoise, load, sample, train, uniformGrid } from '../../src/index.ts'
import {
  type BoundNetwork,
  flowMap,
  gaussianFlowMap,
  interpolants,
  type ParameterizationName,
} from '../../src/model/index.ts'
import { numberOf, value, valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const network: BoundNetwork = (x, s, t) => x.mul(s.add(2)).add(t.square()).sin()
const nothing: BoundNetwork = x => x.mul(0)
const unit = (parameterization: ParameterizationName, inner = network) =>
  flowMap(inner, {
    parameterization,
    least: 0.004,
    path: interpolants[parameterization === 'trigflow' ? 'trig' : 'linear'],
  })
const time = fc.double({ min: 0, max: 1, noNaN: true })
const point = fc.double({ min: -3, max: 3, noNaN: true })

describe('edm', () => {
  test('of a network that gives nothing is the exact velocity of data of deviation 1', () => {
    const exact = gaussianFlowMap([0], 1)
    fc.assert(
      fc.property(point, time, (x, s) => {
        const [found, expected] = valuesOf(
          (x, s) => [unit('edm', nothing).velocity(x, s), exact.velocity(x, s)],
          value([x], [1, 1]),
          value([s], [1, 1]),
        )
        expect(found.data[0]).toBeCloseTo(expected.data[0], 12)
      }),
    )
  })

  test('is what its authors write, on points of the exploding path', () => {
    const [x, s] = [0.7, 0.3]
    const sigma = s / (1 - s)
    const [skip, out, into] = [
      1 / (sigma ** 2 + 1),
      sigma / Math.sqrt(sigma ** 2 + 1),
      1 / Math.sqrt(sigma ** 2 + 1),
    ]
    const exploding = x / (1 - s)
    const [level, least] = [Math.log(sigma) / 4, Math.log(0.004) / 4]
    const denoised = skip * exploding + out * Math.sin(into * exploding * (level + 2) + least ** 2)
    expect(numberOf((x, s) => unit('edm').jump(x, s, s.mul(0)), x, s)).toBeCloseTo(denoised, 12)
  })
})

describe('consistency', () => {
  test('keeps a point of the least noise as it is', () => {
    const s = 0.004 / 1.004
    expect(numberOf((x, s) => unit('consistency').jump(x, s, s.mul(0)), 0.7, s)).toBeCloseTo(0.7 / (1 - s), 4)
  })
})

describe('trigflow', () => {
  const map = unit('trigflow')

  test('has the step of its authors at any length, and its velocity in the limit', () => {
    fc.assert(
      fc.property(point, time, time, (x, s, t) => {
        const output = Math.sin(x * (s + 2) + t ** 2)
        const angle = (Math.PI / 2) * (s - t)
        const expected = Math.cos(angle) * x - Math.sin(angle) * output
        expect(numberOf((x, s, t) => map.jump(x, s, t), x, s, t)).toBeCloseTo(expected, 7)
        const limit = (Math.PI / 2) * Math.sin(x * (s + 2) + s ** 2)
        expect(numberOf((x, s) => map.velocity(x, s), x, s)).toBeCloseTo(limit, 7)
      }),
    )
  })
})

test.each(['edm', 'consistency', 'trigflow'] as const)(
  '%s is finite with its derivatives at every time',
  name => {
    const map = unit(name)
    const slope = (at: (time: Tensor) => Tensor, t: Tensor) => jvp(at, [t], [onesLike(t)])[1]
    for (const s of [0, 1e-6, 0.5, 1]) {
      for (const t of [0, s / 2, s]) {
        const found = [
          numberOf((x, s, t) => map.jump(x, s, t), 0.7, s, t),
          numberOf((x, s, t) => slope(s => map.jump(x, s, t), s), 0.7, s, t),
          numberOf((x, s, t) => slope(t => map.jump(x, s, t), t), 0.7, s, t),
        ]
        expect(found.every(Number.isFinite), `${s} ${t}: ${found}`).toBe(true)
      }
    }
  },
)

describe('a training with one of them', () => {
  const folder = temporaryFolder('preconditioning')
  const data = { gaussian: { mean: [0, 0], std: [0.5, 0.5] } }
  const settings: [string, UserConfig][] = [
    ['edm', { objective: 'flow-matching', network: { parameterization: 'edm', conditioning: 's' } }],
    ['consistency', { objective: 'ct', network: { parameterization: 'consistency', conditioning: 's' } }],
    [
      'trigflow',
      {
        objective: 'flow-matching',
        interpolant: 'trig',
        network: { parameterization: 'trigflow', conditioning: 's' },
      },
    ],
    ['trigflow', { objective: 'psd', interpolant: 'trig', network: { parameterization: 'trigflow' } }],
  ]
  test.each(settings)('%s: %j learns', async (_, config) => {
    const directory = join(folder, JSON.stringify(config).replace(/\W+/g, '-'))
    const network = { ...tiny.network, ...config.network }
    await train(
      {
        ...tiny,
        ...config,
        network,
        data,
        standardize: 'column',
        steps: 300,
        optimizer: { learningRate: 5e-3 },
        ema: 0.9,
      },
      { directory },
    )
    const map = await load(directory)
    const { points } = await sample(map, drawNoise(2000, 2, 1), { grid: uniformGrid(8) })
    await map.close()
    const deviation = Math.sqrt(points.reduce((sum, x) => sum + x * x, 0) / points.length)
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.1)
  })

  test.each<[UserConfig, RegExp]>([
    [
      {
        network: { parameterization: 'consistency' },
        interpolant: 'trig',
        objective: 'ct',
        times: { minimum: 0.01 },
      },
      /interpolant: the consistency parameterization belongs to the linear path, found trig/,
    ],
    [
      { network: { parameterization: 'trigflow' } },
      /interpolant: the trigflow parameterization belongs to the trig path, found linear/,
    ],
    [
      { network: { parameterization: 'consistency' }, times: { minimum: 0 }, objective: 'ct' },
      /times.minimum: the consistency parameterization divides by s/,
    ],
    [{ network: { parameterization: 'consistency' }, objective: 'lsd' }, /consistency divides by the time/],
  ])('%j is refused', async (config, message) => {
    await expect(train(config, { directory: join(folder, 'never') })).rejects.toThrow(message)
  })
})
