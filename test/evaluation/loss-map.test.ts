import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pointOf, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { binLosses } from '../../src/evaluation/loss-bins.ts'
import { type LossMap, measureLoss } from '../../src/evaluation/loss-map.ts'
import { parameterCount } from '../../src/model/index.ts'
import { compile, nodeRuntime } from '../../src/runtime/node.ts'
import { readCheckpoint } from '../../src/serialization/checkpoint.ts'
import { load } from '../../src/serialization/load.ts'
import { RunError } from '../../src/serialization/run.ts'
import { batchSource } from '../../src/training/batches.ts'
import { buildStep } from '../../src/training/step.ts'
import { openTeachers } from '../../src/training/teacher.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { mixture, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('loss-map')
const dataset = generatedDataset(mixture)
const STEPS = 40
const base: UserConfig = { ...tiny, data: mixture, steps: STEPS }

async function trained(name: string, config: UserConfig): Promise<string> {
  const directory = join(folder, name)
  await train({ ...base, ...config }, { directory })
  return directory
}

/** Mean over all samples of a part. */
function meanOf({ mean, count }: LossMap): number {
  const cells = mean.flatMap((row, i) => row.map((value, j) => ({ value: value ?? 0, n: count[i][j] })))
  const total = cells.reduce((sum, { n }) => sum + n, 0)
  return cells.reduce((sum, { value, n }) => sum + value * n, 0) / total
}

describe('the loss by time', () => {
  test('of flow matching is the error of the velocity at each time', async () => {
    const directory = await trained('flow-matching', { objective: 'flow-matching' })
    const draws = 64
    const [found, ...others] = await measureLoss(nodeRuntime(), directory, dataset, { draws, bins: 4 })
    expect(others).toEqual([])
    expect([found.part, found.times]).toEqual(['diagonal', ['s']])
    expect(found.edges).toEqual([0, 0.25, 0.5, 0.75, 1])

    const config = resolveConfig({ ...base, objective: 'flow-matching', batch: draws, chunk: 1 })
    const { turns } = buildStep(config, plane)
    const [x0, eps, s] = batchSource(config, dataset, turns).draw(STEPS + 1, 1) as Float32Array[]
    const map = await load(directory)
    const bins = Array.from({ length: 4 }, () => [] as number[])
    for (let i = 0; i < draws; i++) {
      const [a, b] = [0, 1].map(j => (1 - s[i]) * x0[2 * i + j] + s[i] * eps[2 * i + j])
      const v = await map.velocity(Float32Array.of(a, b), s[i])
      const errors = [0, 1].map(j => (v[j] - (eps[2 * i + j] - x0[2 * i + j])) ** 2)
      bins[Math.min(3, Math.floor(4 * s[i]))].push((errors[0] + errors[1]) / 2)
    }
    await map.close()
    expect(found.count.map(([n]) => n)).toEqual(bins.map(values => values.length))
    bins.forEach((values, i) => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length
      expect(found.mean[i][0]).toBeCloseTo(mean, 4)
    })
  })

  test.each([
    ['psd', { objective: 'psd' }],
    ['lsd with weights and a robust loss', { objective: 'lsd', loss: { kind: 'cauchy', gapWeight: 2 } }],
    ['meanflow', { objective: 'meanflow' }],
    ['lmd on a teacher', { objective: 'lmd', teacher: 'exact' }],
    ['alphaflow, whose alpha falls', { objective: 'alphaflow' }],
    ['freeflow, of two parts', { objective: 'freeflow', teacher: 'exact' }],
  ] as [string, UserConfig][])('of %s is what the step calls its residual', async (name, user) => {
    const own: UserConfig = { ...user, ema: 0, target: 'student' }
    const directory = await trained(name.replace(/\W+/g, '-'), own)
    const draws = 128
    const found = await measureLoss(nodeRuntime(), directory, dataset, { draws, bins: 5 })

    const config = resolveConfig({ ...base, ...own, batch: draws, chunk: 1 })
    const step = buildStep(config, plane, openTeachers(config, dataset))
    const drawn = batchSource(config, dataset, step.turns).draw(STEPS + 1, 1)
    const program = await compile(step.graph)
    const { state } = readCheckpoint(directory)!
    const metrics = (await program.run([...step.state.map(name => state[name]!), ...drawn])).at(-1)!
    await program.close()
    expect(found.length).toBeGreaterThan(0)
    for (const map of found) {
      const expected = Number(metrics[step.metrics.indexOf(`${map.part}Residual`)])
      expect(meanOf(map) / expected, map.part).toBeCloseTo(1, 4)
    }
  })

  test('of jumps lies below the diagonal, and of jumps to the data over the source alone', async () => {
    const [, pairs] = await measureLoss(
      nodeRuntime(),
      await trained('pairs', { objective: 'psd' }),
      dataset,
      {
        draws: 4096,
      },
    )
    expect(pairs.times).toEqual(['s', 't'])
    const cells = pairs.mean.flatMap((row, i) => row.map((value, j) => ({ value, above: j > i })))
    expect(cells.filter(({ above }) => above).every(({ value }) => value === null)).toBe(true)
    expect(cells.filter(({ above }) => !above).every(({ value }) => value !== null)).toBe(true)
    const [single] = await measureLoss(
      nodeRuntime(),
      await trained('to-data', { objective: 'ct' }),
      dataset,
      { draws: 512 },
    )
    expect(single.times).toEqual(['s'])
    expect(single.mean.every(row => row.length === 1)).toBe(true)
  })

  test('is refused where there is no checkpoint', async () => {
    const directory = await trained('gone', { steps: 1 })
    rmSync(join(directory, 'checkpoints'), { recursive: true })
    await expect(measureLoss(nodeRuntime(), directory, dataset)).rejects.toThrow(RunError)
  })
})

test('on the sphere the loss is of geodesics between data and uniform noise', async () => {
  const config = resolveConfig({ ...base, data: 'sphere-vmf', objective: 'flow-matching' })
  const sphere = generatedDataset('sphere-vmf')
  const size = parameterCount(config, pointOf(config, sphere))
  const [{ mean }] = await binLosses({
    ...{ config, dataset: sphere, teachers: {}, step: 1, draws: 2 ** 14, bins: 4 },
    parameters: { map: new Float32Array(size) },
    compile: graph => compile(graph),
  })
  // Of a network of zeros the squared distance: with the angle's density sin/2 its mean is (pi^2 - 4)/2, wherever the data is.
  for (const [value] of mean) expect(value).toBeCloseTo((Math.PI ** 2 - 4) / 2, 0)
  const all = mean.reduce((sum, [value]) => sum + value! / mean.length, 0)
  expect(Math.abs(all - (Math.PI ** 2 - 4) / 2)).toBeLessThan(0.08)
})
