import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { LEFT } from '../../src/config/scheduled-values.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { interpolants, uncertaintyNetwork } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { load } from '../../src/serialization/load.ts'
import { networksOf } from '../../src/training/networks.ts'
import { train } from '../../src/training/train.ts'
import { type SampleWeight, weightOf } from '../../src/training/weights.ts'
import { numberOf, value, valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { mixture, newestCheckpoint, quick } from '../helpers/training.ts'

const folder = temporaryFolder('weights')

const S = [1, 0.9, 0.5, 0.2]
const T = [0, 0.7, 0.1, 0.2]
const LOSSES = [1, 2, 3, 4]

/** What a weight makes of four losses. */
function weighed(weight: SampleWeight, term: 'diagonal' | 'consistency', losses = LOSSES): number[] {
  const column = (times: number[]) => value(times, [times.length, 1])
  const [result] = valuesOf(
    (l, s, t) => weight(l, s, term === 'diagonal' ? s : t),
    value(losses, [losses.length]),
    column(S),
    column(T),
  )
  return [...result.data]
}
const weightFor = (loss: UserConfig['loss'], left = 1, rest: UserConfig = {}) =>
  weightOf(resolveConfig({ objective: 'esd', loss, ...rest }), { [LEFT]: left })

test('there is no weight where none is asked for', () => {
  expect(weightFor({})).toBeUndefined()
})

describe('the gap weight', () => {
  test.each([1, 0.75, 0])('with %s of the training left', q => {
    const expected = S.map((s, i) => LOSSES[i] * (1 - q + 2 * q * (1 - (s - T[i]))))
    weighed(weightFor({ gapWeight: 2 }, q)!, 'consistency').forEach((found, i) => {
      expect(found).toBeCloseTo(expected[i], 12)
    })
  })

  test('leaves the diagonal alone, and all at the end', () => {
    expect(weighed(weightFor({ gapWeight: 2 }, 0.5)!, 'diagonal')).toEqual(LOSSES)
    expect(weighed(weightFor({ gapWeight: 2 }, 0)!, 'consistency')).toEqual(LOSSES)
  })
})

describe('the Min-SNR weight', () => {
  /** `min(SNR, gamma)` times the squared error of the data that a velocity's error stands for. */
  test.each(Object.keys(interpolants) as (keyof typeof interpolants)[])('on the %s path', name => {
    const { alpha, sigma } = interpolants[name]
    const network = { parameterization: ['ve', 'edm'].includes(name) ? 'edm' : 'average-velocity' } as const
    const found = weighed(
      weightFor({ minSnr: 3 }, 1, { interpolant: name, network })!,
      'diagonal',
      [1, 1, 1, 1],
    )
    S.forEach((s, i) => {
      const [a, b] = [numberOf(alpha, s), numberOf(sigma, s)]
      const slope = (f: (t: Tensor) => Tensor) => (numberOf(f, s + 1e-6) - numberOf(f, s)) / 1e-6
      const dataError = b / (slope(alpha) * b - a * slope(sigma))
      const expected = Math.min((a / b) ** 2, 3) * dataError ** 2
      expect(Math.abs(found[i] - expected)).toBeLessThan(1e-4 * expected + 1e-12)
    })
  })

  test('is (1-s)^2 on the linear path but for the gamma', () => {
    const found = weighed(weightFor({ minSnr: 1e9 })!, 'consistency', [1, 1, 1, 1])
    S.forEach((s, i) => {
      expect(found[i]).toBeCloseTo((1 - s) ** 2, 12)
    })
  })
})

describe('a learned weight', () => {
  test('comes after the others, and is least where u is the logarithm of the loss', () => {
    const at = (u: number) =>
      weighed(
        weightOf(resolveConfig({ loss: { learned: true, gapWeight: 1 } }), { [LEFT]: 0 }, s =>
          s.mul(0).add(u),
        )!,
        'consistency',
        [5, 5, 5, 5],
      )[0]
    expect(at(0)).toBeCloseTo(5, 12)
    expect(at(Math.log(5))).toBeCloseTo(1 + Math.log(5), 12)
    expect(at(Math.log(5) - 0.1)).toBeGreaterThan(at(Math.log(5)))
    expect(at(Math.log(5) + 0.1)).toBeGreaterThan(at(Math.log(5)))
  })

  test('learns the logarithm of the loss at each time', async () => {
    const directory = join(folder, 'learned')
    const user: UserConfig = {
      ...quick,
      network: { ...quick.network, conditioning: 's' },
      objective: 'flow-matching',
      steps: 1500,
      loss: { learned: true },
    }
    await train(user, { directory })
    const config = resolveConfig(user)
    const [map, own] = networksOf(config, plane)
    expect([map.name, own.name]).toEqual(['map', 'uncertainty'])
    const parameters = newestCheckpoint(directory)['uncertainty.parameters'].data
    expect(parameters).toHaveLength(own.size)
    const layer = {
      weight: constant([...parameters.subarray(0, own.size - 1)], [own.size - 1, 1], 'float64'),
      bias: constant([parameters[own.size - 1]], [1], 'float64'),
    }
    const learnt = (time: number) =>
      valuesOf(s => uncertaintyNetwork.apply(layer)(s, s, s), value([time], [1, 1]))[0].data[0]

    const count = 4000
    const [source, x0] = [random(5, 'loss'), new Float32Array(2 * count)]
    generatedDataset(mixture).sample(source, x0)
    const eps = x0.map(() => source.normal())
    const trained = await load(directory)
    const logs: number[] = []
    for (const time of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const points = x0.map((value, i) => (1 - time) * value + time * eps[i])
      const velocity = await trained.velocity(points, time)
      const squares = velocity.map((v, i) => (v - (eps[i] - x0[i])) ** 2)
      logs.push(Math.log(squares.reduce((a, b) => a + b) / squares.length))
      expect(Math.abs(learnt(time) - logs.at(-1)!), `time ${time}`).toBeLessThan(0.12)
    }
    await trained.close()
    // They differ by more than what is allowed above.
    expect(Math.max(...logs) - Math.min(...logs)).toBeGreaterThan(0.4)
  })
})
