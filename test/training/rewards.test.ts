import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('rewards')
const at = (name: string) => join(folder, name)

/** Tilted by `e^(beta x)` the Gaussian moves to `MEAN + beta STD^2`, and keeps its width. */
const [MEAN, STD, BETA] = [0.5, 0.6, 1.5]
const data = { gaussian: { mean: [MEAN, 0], std: STD } }
const reward = { kind: 'linear', b: [1, 0] }
const common: UserConfig = {
  data,
  network: { hidden: 48, layers: 2 },
  batch: 256,
  optimizer: { learningRate: 4e-3 },
  schedule: { kind: 'cosine' },
}

/** Mean of the first coordinate, and the deviation of both. */
async function moments(directory: string, steps: number, method: 'jump' | 'heun') {
  const map = await load(directory)
  const grid = Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps)
  const { points } = await sample(map, drawNoise(4000, 2, 2), { grid, method })
  await map.close()
  const column = (d: number) => Array.from({ length: 4000 }, (_, i) => points[2 * i + d])
  return [0, 1].map(d => {
    const mean = column(d).reduce((sum, x) => sum + x, 0) / 4000
    const square = column(d).reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000
    return { mean, deviation: Math.sqrt(square) }
  })
}

async function expectTilted(directory: string, steps: number, method: 'jump' | 'heun'): Promise<void> {
  const [first, second] = await moments(directory, steps, method)
  expect(Math.abs(first.mean - MEAN - BETA * STD ** 2)).toBeLessThan(0.08)
  expect(Math.abs(second.mean)).toBeLessThan(0.06)
  for (const { deviation } of [first, second]) expect(Math.abs(deviation - STD)).toBeLessThan(0.08)
}

const velocity: UserConfig = {
  ...common,
  network: { ...common.network, conditioning: 's' },
  teacher: 'exact',
  steps: 700,
}

test.each<[string, UserConfig]>([
  ['mfm-ft', { objective: 'mfm-ft', options: { beta: BETA, reward } }],
  ['itm from the posterior', { objective: 'itm', options: { beta: BETA, reward, draw: 'posterior' } }],
  [
    'itm from the posterior with a center, on data of another scale',
    { objective: 'itm', options: { beta: BETA, reward, draw: 'posterior', center: 1 } },
  ],
  [
    'itm with a center of the batch',
    { objective: 'itm', coupling: { kind: 'independent' }, options: { beta: BETA, reward, center: true } },
  ],
])('%s learns the tilted velocity', async (name, keys) => {
  const directory = at(name)
  await train(
    { ...velocity, posterior: { steps: 4 }, coupling: { kind: 'independent' }, ...keys },
    { directory },
  )
  await expectTilted(directory, 16, 'heun')
})

describe('with a stochastic map that was trained', () => {
  const map = at('stochastic')
  beforeAll(async () => {
    await train(
      { ...common, objective: 'lmd', teacher: 'exact', condition: { kind: 'state' }, steps: 2000 },
      { directory: map },
    )
  }, 120_000)

  test('mfm-ft tilts a map, as the diagonal term beside its jumps', async () => {
    const directory = at('tilted map')
    await train(
      {
        ...common,
        objective: 'lsd',
        teacher: 'exact',
        posterior: { map },
        diagonal: { objective: 'mfm-ft', fraction: 0.5, options: { beta: BETA, reward } },
        steps: 1500,
      },
      { directory },
    )
    await expectTilted(directory, 8, 'heun')
    const [first] = await moments(directory, 2, 'jump')
    expect(Math.abs(first.mean - MEAN - BETA * STD ** 2)).toBeLessThan(0.2)
  })

  test('a run that is told no noisy point is no such map', async () => {
    const plain = at('plain')
    await train({ ...common, objective: 'psd', steps: 1 }, { directory: plain })
    const run = train(
      { ...velocity, objective: 'mfm-ft', posterior: { map: plain }, options: { reward } },
      { directory: at('refused') },
    )
    await expect(run).rejects.toThrow(/^posterior\.map: .* was trained without states/)
  })
})

describe('reward-backprop', () => {
  const base = at('base')
  const backprop = (options: object): UserConfig => ({
    ...common,
    objective: 'reward-backprop',
    teacher: base,
    initFrom: base,
    options: { beta: BETA, reward, ...options },
    steps: 400,
  })
  beforeAll(async () => {
    await train({ ...common, objective: 'lmd', teacher: 'exact', steps: 1500 }, { directory: base })
  }, 60_000)

  test('leaves the data without a leash', async () => {
    await train(backprop({ leash: 0 }), { directory: at('free') })
    const [free] = await moments(at('free'), 1, 'jump')
    expect(free.mean).toBeGreaterThan(MEAN + 3 * BETA * STD ** 2)
  })

  test('with a leash by points stops where the two pulls are even', async () => {
    const leash = 1.5
    await train(backprop({ leash }), { directory: at('l2') })
    const [held] = await moments(at('l2'), 1, 'jump')
    // beta = 2 leash times the way.
    expect(Math.abs(held.mean - MEAN - BETA / (2 * leash))).toBeLessThan(0.1)
  })
})

test.each<[UserConfig, RegExp]>([
  [
    { objective: 'mfm-ft', teacher: 'exact', interpolant: 'trig' },
    /^interpolant: mfm-ft draws data given a noisy point of the linear path/,
  ],
  [
    { objective: 'mfm-ft', teacher: 'exact', condition: { kind: 'class' } },
    /^condition\.kind: mfm-ft draws data given a noisy point, which is known of the data as a whole/,
  ],
  [{ objective: 'psd', posterior: { map: 'runs/other' } }, /^posterior\.map: psd draws no data given/],
])('%j makes no sense', (keys, message) => {
  expect(() => resolveConfig(keys)).toThrow(message)
})
