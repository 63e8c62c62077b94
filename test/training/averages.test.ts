import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { powerExponent } from '../../src/model/index.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { load } from '../../src/serialization/load.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { snapshotSteps } from '../../src/serialization/snapshots.ts'
import { train } from '../../src/training/train.ts'
import type { TrainOptions } from '../../src/training/train-options.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('averages')
let runs = 0

async function trained(config: UserConfig, options: Partial<TrainOptions> = {}): Promise<string> {
  const directory = join(folder, `run-${runs++}`)
  await train({ ...tiny, ...config }, { directory, ...options })
  return directory
}

/** The map's vectors after each step. */
async function statesOf(count: number, config: UserConfig) {
  const every = { ...config, steps: count, chunk: 1, logEvery: 1, checkpointEvery: 1 }
  const directory = await trained(every, { shouldStop: () => true })
  const states = [newestCheckpoint(directory)]
  for (let i = 0; i < count; i++) {
    await train({}, { directory, resume: true, shouldStop: stopAfter(1) })
    states.push(newestCheckpoint(directory))
  }
  return states.map(state => (vector: string) => state[`map.${vector}`].data)
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])))

describe('several averages', () => {
  test('follow the parameters, each at its own decay', async () => {
    const states = await statesOf(3, { ema: 0.9, averages: { fast: 0.5, slow: 0.99 } })
    for (const [vector, decay] of [
      ['average', 0.9],
      ['average_fast', 0.5],
      ['average_slow', 0.99],
    ] as const) {
      states.slice(1).forEach((later, i) => {
        const before = states[i](vector)
        const expected = before.map((a, k) => decay * a + (1 - decay) * later('parameters')[k])
        expect(distance(later(vector), expected)).toBeLessThan(1e-6)
      })
    }
  })

  test('are a target each', async () => {
    const objective = { objective: 'psd', steps: 40 }
    const [one, other, wrong] = await Promise.all([
      trained({ ...objective, ema: 0.8 }),
      trained({ ...objective, ema: 0.999, averages: { fast: 0.8 }, target: 'fast' }),
      trained({ ...objective, ema: 0.999, averages: { fast: 0.8 } }),
    ])
    const parameters = (run: string) => newestCheckpoint(run)['map.parameters'].data
    expect(parameters(other)).toEqual(parameters(one))
    expect(parameters(wrong)).not.toEqual(parameters(one))
    // What a run samples with is `ema`; the others are asked for.
    expect(readModel(other, 'fast').parameters).toEqual(readModel(one).parameters)
    expect(readModel(other).parameters).not.toEqual(readModel(one).parameters)
  })

  test.each<[UserConfig, string]>([
    [{ target: 'fast' }, 'target: expected ema or student, found fast'],
    [{ target: 'slow', averages: { fast: 0.9 } }, 'target: expected ema or student or fast, found slow'],
    [
      { averages: { raw: 0.9 } },
      'averages: expected names of letters and digits, other than ema, raw, student, both',
    ],
    [{ averages: { fast: 1 } }, 'averages.fast: expected'],
    [{ powerAverages: [0.4] }, 'powerAverages.0: expected'],
    [{ powerAverages: [0.1, 0.1] }, 'powerAverages: expected widths that differ'],
  ])('refuses %j', (config, message) => {
    expect(() => resolveConfig({ objective: 'psd', ...config } as UserConfig)).toThrow(message)
  })
})

describe('power-law averages', () => {
  const kept: UserConfig = { steps: 80, checkpointEvery: 5, logEvery: 20, powerAverages: [0.05, 0.1] }
  let straight: string
  beforeAll(async () => {
    straight = await trained(kept)
  })

  test('weigh the parameters after every update by their profile', async () => {
    const states = await statesOf(5, { powerAverages: [0.1] })
    const power = powerExponent(0.1) + 1
    states.slice(1).forEach((later, i) => {
      const n = i + 1
      const expected = new Float64Array(later('parameters').length)
      for (let k = 1; k <= n; k++) {
        const weight = (k ** power - (k - 1) ** power) / n ** power
        states[k]('parameters').forEach((p, j) => {
          expected[j] += weight * p
        })
      }
      expect(distance(later('power_0_1'), expected)).toBeLessThan(1e-6)
    })
  })

  test('are kept at every checkpoint, and make any width', () => {
    expect(snapshotSteps(straight)).toEqual(Array.from({ length: 16 }, (_, i) => 5 * (i + 1)))
    const state = newestCheckpoint(straight)
    for (const [width, vector] of [
      [0.05, 'map.power_0_05'],
      [0.1, 'map.power_0_1'],
    ] as const) {
      expect(distance(readModel(straight, `power:${width}`).parameters, state[vector].data)).toBeLessThan(
        1e-6,
      )
    }
    const between = readModel(straight, 'power:0.07').parameters
    const [narrow, wide] = ['map.power_0_05', 'map.power_0_1'].map(vector => state[vector].data)
    expect(distance(between, narrow)).toBeGreaterThan(1e-4)
    expect(distance(between, wide)).toBeGreaterThan(1e-4)
    expect(distance(between, narrow)).toBeLessThan(distance(wide, narrow))
  })

  test('are the same where the training was stopped on the way', async () => {
    const directory = await trained({ ...kept, chunk: 3 }, { shouldStop: stopAfter(8) })
    expect(checkpointSteps(directory).at(-1)! % 5).toBeGreaterThan(0)
    await train({}, { directory, resume: true })
    expect(snapshotSteps(directory)).toEqual(snapshotSteps(straight))
    for (const step of ['step-000015', 'step-000080']) {
      const [one, other] = [directory, straight].map(run =>
        readFileSync(join(paths(run).snapshots, `${step}.safetensors`)),
      )
      expect(one.equals(other)).toBe(true)
    }
    expect(readModel(directory, 'power:0.07').parameters).toEqual(
      readModel(straight, 'power:0.07').parameters,
    )
  })

  test('of steps that are taken again are dropped', async () => {
    const directory = await trained({ ...kept, steps: 20 })
    for (const step of ['15', '20']) {
      rmSync(join(paths(directory).checkpoints, `step-0000${step}.safetensors`))
    }
    await train({}, { directory, resume: true, shouldStop: () => true })
    expect(snapshotSteps(directory)).toEqual([5, 10])
  })

  test('can be loaded, and say what is wrong', async () => {
    const map = await load(straight, { weights: 'power:0.08' })
    expect((await map.jump(new Float32Array([0.1, 0.2]), 1, 0)).every(Number.isFinite)).toBe(true)
    await map.close()
    await expect(load(straight, { weights: 'power:0.3' })).rejects.toThrow(
      "load: weights: expected ema, raw, one of the run's averages by its name, or power:WIDTH with a width above 0 and at most 0.2887",
    )
    expect(() => readModel(straight, 'fast')).toThrow('keeps no weights "fast"; it has raw, ema')
    expect(() => readModel(straight, 'power:0.001')).toThrow(
      'an average of width 0.001 cannot be computed from 16',
    )
    const without = await trained({ steps: 10 })
    expect(() => readModel(without, 'power:0.1')).toThrow('keeps no power-law averages; train with e.g.')
    expect(() => readModel(paths(straight).model, 'power:0.1')).toThrow('name the run directory')
  })
})
