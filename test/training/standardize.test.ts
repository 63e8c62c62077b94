import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { standardizationOf, standardizedBy } from '../../src/data/standardized.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { type RewardConfig, rewardOf } from '../../src/objective/reward.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { load } from '../../src/serialization/load.ts'
import type { LoadedMap } from '../../src/serialization/loaded-map.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { withSeenRewards } from '../../src/training/reward.ts'
import { train } from '../../src/training/train.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint, quick, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('standardize')
const at = (name: string) => join(folder, name)

/** A Gaussian far from the scale of the noise: the plain network cannot reach it in a few hundred steps. */
const far = { gaussian: { mean: [500, -0.02], std: [40, 0.003] } }
const config = { ...quick, data: far, standardize: 'column', objective: 'lsd' } as const satisfies UserConfig

const columnsOf = (points: Float32Array, dimension = 2) =>
  Array.from({ length: dimension }, (_, i) => points.filter((_, at) => at % dimension === i))
const meanOf = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length

/** Points of a Gaussian as a program would hand them over. */
const given = (name = 'mine'): Dataset => ({ ...generatedDataset(far), name, mixture: undefined })

const using = async <T>(path: string, use: (map: LoadedMap) => Promise<T>): Promise<T> => {
  const map = await load(path)
  return use(map).finally(() => map.close())
}

describe('a run on standardised data', () => {
  beforeAll(() => train(config, { directory: at('run') }))
  const drawn = (path: string, grid: number[], method: 'auto' | 'heun' = 'auto') =>
    using(path, async map => (await sample(map, drawNoise(2000, 2, 3), { grid, method })).points)

  test('gives points in the units of the data', async () => {
    const [x, y] = columnsOf(await drawn(at('run'), [1, 0]))
    expect(Math.abs(meanOf(x) - 500)).toBeLessThan(10)
    expect(Math.abs(meanOf(y) + 0.02)).toBeLessThan(8e-4)
    const [heun] = columnsOf(await drawn(at('run'), [1, 0.75, 0.5, 0.25, 0], 'heun'))
    expect(Math.abs(meanOf(heun) - 500)).toBeLessThan(10)
  })

  test('is the same map from every file, in one jump and in several', async () => {
    for (const grid of [
      [1, 0],
      [1, 0.6, 0.2, 0],
    ]) {
      const expected = await drawn(at('run'), grid)
      for (const path of [paths(at('run')).model, paths(at('run')).onnx]) {
        const found = await drawn(path, grid)
        const scales = [40, 0.003]
        expected.forEach((x, i) => {
          expect(Math.abs(found[i] - x) / scales[i % 2]).toBeLessThan(1e-4)
        })
      }
    }
  })

  test('has jumps that compose in the units of each time', async () => {
    await using(at('run'), async map => {
      const noise = drawNoise(50, 2, 1)
      const through = await map.jump(await map.jump(noise, 1, 0.6), 0.6, 0)
      const { points } = await sample(map, noise, { grid: [1, 0.6, 0] })
      through.forEach((x, i) => {
        expect(Math.abs(x - points[i]) / [40, 0.003][i % 2]).toBeLessThan(1e-4)
      })
    })
  })

  test('has a velocity in the units of each time', async () => {
    await using(at('run'), async map => {
      const noise = drawNoise(50, 2, 1)
      const x = await map.jump(noise, 1, 0.5)
      const [there, back, velocity] = [
        await map.jump(x, 0.5, 0.49),
        await map.jump(x, 0.5, 0.5),
        await map.velocity(x, 0.5),
      ]
      const slopes = there.map((value, i) => (back[i] - value) / 0.01)
      columnsOf(slopes).forEach((slope, i) => {
        const own = columnsOf(velocity)[i]
        const size = Math.max(...own.map(Math.abs))
        slope.forEach((value, k) => {
          expect(Math.abs(value - own[k]) / size).toBeLessThan(0.1)
        })
      })
    })
  })

  test('records the scale, and is measured on it', async () => {
    const { standardization } = readRecord(at('run')).data
    expect(standardization!.scale[0]).toBeCloseTo(40, -0.5)
    const { rows } = await evaluateRun(at('run'), {
      steps: [1, 8],
      count: 2000,
      metrics: ['slicedWasserstein'],
      seed: 0,
      method: 'auto',
      weights: ['ema'],
    })
    for (const { metrics } of rows) expect(metrics.slicedWasserstein.value!).toBeLessThan(0.5)
  })

  test('teaches only runs that see the data as it does', async () => {
    const child = { ...config, objective: 'lmd', teacher: at('run'), steps: 20 } as const
    await train({ ...child, objective: 'lmd' }, { directory: at('child') })
    await expect(train({ ...child, standardize: 'none' }, { directory: at('no-child') })).rejects.toThrow(
      /^teacher: .*run scales its data differently/,
    )
    await expect(train({ ...child, teacher: 'exact' }, { directory: at('no-child') })).rejects.toThrow(
      'teacher: exact only works in the original units of the data; use --standardize none',
    )
  })

  test('hands its scale to a run that starts from it, unless that says otherwise', async () => {
    const moved = { ...config, data: { gaussian: { mean: [900, 1], std: 1 } }, standardize: undefined }
    const start = { ...moved, initFrom: at('run'), steps: 0 } as const
    await train({ ...start, standardize: 'auto' }, { directory: at('start') })
    const scale = (name: string) => readRecord(at(name)).data.standardization
    expect(scale('start')).toEqual(scale('run'))
    await train({ ...start, standardize: 'column' }, { directory: at('anew') })
    expect(scale('anew')!.shift[0]).toBeCloseTo(900, -1)
  })
})

describe('data from a program', () => {
  const { data: _, ...rest } = config
  const options: UserConfig = { ...rest, steps: 60 }

  test('trains, stops and goes on as it would have', async () => {
    await train(options, { directory: at('whole'), data: given() })
    await train(options, { directory: at('parts'), data: given(), shouldStop: stopAfter(1) })
    expect(checkpointSteps(at('parts')).at(-1)).toBeLessThan(60)
    await train(options, { directory: at('parts'), data: given(), resume: true })
    expect(newestCheckpoint(at('parts'))).toEqual(newestCheckpoint(at('whole')))
    expect(readFileSync(paths(at('parts')).onnx).equals(readFileSync(paths(at('whole')).onnx))).toBe(true)
    expect(readRecord(at('whole')).config.data).toEqual({ given: 'mine' })
  })

  test('is asked for again where it is needed', async () => {
    await expect(train(options, { directory: at('whole'), resume: true })).rejects.toThrow(
      /^data: "mine" was given by a program/,
    )
  })
})

test('auto leaves data without end alone, scales tables by column and pictures as a whole', () => {
  const whole = generatedDataset({ gaussian: { mean: [0, 10], std: [1, 3] } })
  expect(standardizationOf('auto', whole)).toBeUndefined()
  const statistics = { mean: [0, 10], deviation: [1, 3] }
  const split = { training: 9, heldOut: 1, take: () => {} }
  const finite: Dataset = { ...whole, statistics, split }
  expect(standardizationOf('auto', finite)).toEqual({ shift: [0, 10], scale: [1, 3] })
  const picture: Dataset = { ...finite, shape: [1, 2, 1] }
  const deviation = Math.sqrt((1 + 9 + 25 + 25) / 2)
  expect(standardizationOf('auto', picture)).toEqual({ shift: [5, 5], scale: [deviation, deviation] })
  expect(standardizationOf('none', picture)).toBeUndefined()
})

test('a constant column has the scale 0 about its value, whatever else is asked for', () => {
  const statistics = { mean: [7, 1e6], deviation: [0, 1e-3] }
  const split = { training: 9, heldOut: 1, take: () => {} }
  const dataset: Dataset = { ...generatedDataset('ring'), statistics, split }
  expect(standardizationOf('column', dataset)).toEqual({ shift: [7, 1e6], scale: [0, 1e-3] })
  expect(standardizationOf('none', dataset)).toEqual({ shift: [7, 0], scale: [0, 1] })
  const whole = standardizationOf('whole', dataset)!
  expect([whole.shift[0], whole.scale[0]]).toEqual([7, 0])
  expect(whole.scale[1]).toBeGreaterThan(0)
})

test('a constant column comes back as that constant from every file and by every method', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => [Math.sin(i * i), 1e-6, 1e-9 * Math.cos(i)]).flat()
  const data = pointsDataset(rows, { dimension: 3 })
  for (const standardize of ['auto', 'none'] as const) {
    const directory = at(`constant-${standardize}`)
    await train({ ...quick, standardize, objective: 'psd', steps: 20 }, { directory, data })
    for (const path of [directory, paths(directory).model, paths(directory).onnx]) {
      await using(path, async map => {
        const { points } = await sample(map, drawNoise(50, 3, 1), { grid: [1, 0.5, 0] })
        expect(new Set(columnsOf(points, 3)[1])).toEqual(new Set([Math.fround(1e-6)]))
        const there = await map.jump(points, 0, 1)
        expect(there.every(Number.isFinite)).toBe(true)
        if (standardize === 'auto')
          expect(Math.max(...columnsOf(points, 3)[2].map(Math.abs))).toBeLessThan(1e-7)
      })
    }
    await using(directory, async map => {
      const { points } = await sample(map, drawNoise(50, 3, 1), { grid: [1, 0.5, 0], method: 'heun' })
      expect(new Set(columnsOf(points, 3)[1])).toEqual(new Set([Math.fround(1e-6)]))
      const graph = encodeOnnxSampler(map.model!, { grid: [1, 0.5, 0], method: 'auto' })
      const { program } = await openModel(graph.bytes)
      const [samples] = await program.run([drawNoise(50, 3, 1)])
      await program.close()
      expect(new Set(columnsOf(samples as Float32Array, 3)[1])).toEqual(new Set([Math.fround(1e-6)]))
    })
  }
})

test('data is seen at mean 0 and deviation 1, its held-out rows too', () => {
  const raw = generatedDataset(far)
  const by = standardizationOf('column', raw)
  const take = (_: unknown, source: Parameters<Dataset['sample']>[0], out: Float32Array | Float64Array) =>
    raw.sample(source, out)
  const seen = standardizedBy(by, { ...raw, split: { training: 5, heldOut: 5, take } })
  for (const draw of [
    (out: Float32Array) => seen.sample(random(1, 'seen'), out),
    (out: Float32Array) => seen.split!.take('heldOut', random(2, 'seen'), out),
  ]) {
    const out = new Float32Array(20_000)
    draw(out)
    for (const column of columnsOf(out)) {
      expect(Math.abs(meanOf(column))).toBeLessThan(0.05)
      expect(Math.abs(meanOf(column.map(v => v * v)) - 1)).toBeLessThan(0.08)
    }
  }
})

test.each<RewardConfig>([
  { kind: 'gaussian', center: [480, -0.021], scale: [30, 0.004] },
  {
    kind: 'gaussians',
    centers: [
      [480, -0.021],
      [440, -0.024],
    ],
    weights: [1, -0.5],
    scale: [30, 0.004],
  },
])('a reward in the units of the data is the same reward of what the network sees: $kind', reward => {
  const asked = resolveConfig({
    ...config,
    objective: 'itm',
    options: { reward },
    teacher: 'x',
  } as UserConfig)
  const seen = standardizedBy(standardizationOf('column', generatedDataset(far)), generatedDataset(far))
  const inner = withSeenRewards(asked, seen).options.reward as RewardConfig
  const x = [490, -0.02, 430, -0.025]
  const z = x.map((v, i) => (v - seen.standardization!.shift[i % 2]) / seen.standardization!.scale[i % 2])
  const of = (config: RewardConfig, points: number[]) => [
    ...valuesOf((x: Tensor) => rewardOf(config)(x).add(constant(0, [], 'float64')), value(points, [2, 2]))[0]
      .data,
  ]
  const [expected, found] = [of(asked.options.reward as RewardConfig, x), of(inner, z)]
  expected.forEach((r, i) => {
    expect(found[i]).toBeCloseTo(r, 10)
  })
})
