import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { load, sample, train } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { asRowMap } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { encodeIdx } from '../data/files.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { quick } from '../helpers/training.ts'

const folder = temporaryFolder('shape')
const directory = join(folder, 'run')
const file = join(folder, 'pictures.idx')
const source = random(1, 'pictures')
const pixels = Uint8Array.from({ length: 60 * 64 }, () => source.integer(256))

beforeAll(async () => {
  writeFileSync(file, encodeIdx([60, 8, 8], pixels))
  await train({ ...quick, data: file, steps: 20 }, { directory })
})

describe('a training on pictures of 8 x 8 x 1', () => {
  test('keeps their shape in the record', () => {
    expect(JSON.parse(readFileSync(paths(directory).config, 'utf8')).data).toMatchObject({
      dimension: 64,
      shape: [8, 8, 1],
    })
  })

  test('has it in its ONNX files, and samples the same from each', async () => {
    const bytes = new Uint8Array(readFileSync(paths(directory).onnx))
    const { inputs, program } = await openModel(bytes)
    await program.close()
    expect(inputs.map(({ name, shape }) => [name, ...shape.slice(1)])).toEqual([['x', 8, 8, 1], ['s'], ['t']])
    const noise = drawNoise(5, 64, 2)
    const found: Float32Array[] = []
    for (const file of [directory, paths(directory).model, paths(directory).onnx]) {
      const map = await load(file)
      expect([map.dimension, map.shape]).toEqual([64, [8, 8, 1]])
      found.push((await sample(map, noise, { grid: [1, 0] })).points)
      await map.close()
    }
    expect(found[1]).toEqual(found[0])
    found[2].forEach((value, i) => {
      expect(value).toBeCloseTo(found[0][i], 2)
    })
  })

  test('has it in the sampler as a graph', async () => {
    const { bytes } = encodeOnnxSampler(readModel(directory), { grid: [1, 0], method: 'jump' })
    const { inputs, program } = await openModel(bytes)
    expect(inputs.map(({ name, shape }) => [name, ...shape.slice(1)])).toEqual([['noise', 8, 8, 1]])
    const noise = drawNoise(5, 64, 2)
    const [samples] = await program.run([noise])
    await program.close()
    const map = await load(directory)
    const { points } = await sample(map, noise, { grid: [1, 0] })
    await map.close()
    points.forEach((value, i) => {
      expect(samples[i]).toBeCloseTo(value, 2)
    })
  })

  test('is measured as any other, its map too, and reported', async () => {
    const request = {
      steps: [1],
      method: 'auto',
      count: 20,
      seed: 0,
      weights: ['ema'],
      metrics: 'all',
    } as const
    const { rows, maps } = await evaluateRun(directory, request)
    expect(rows[0].metrics.slicedWasserstein.value).toBeGreaterThan(0)
    const { semigroupError, lagrangianResidual } = maps[0].metrics
    for (const { value } of [semigroupError, lagrangianResidual]) expect(value).toBeGreaterThan(0)
    const { code, stderr } = await runHere(['evaluate', directory, '--steps', '1', '--count', '20'])
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('could be saved')])
  })

  test('has densities where it is small', async () => {
    const small = join(folder, 'small')
    writeFileSync(`${small}.idx`, encodeIdx([60, 4, 4], pixels.subarray(0, 960)))
    await train({ ...quick, data: `${small}.idx`, steps: 20 }, { directory: small })
    const metrics = ['flowNLL', 'jumpNLL'] as const
    const request = { steps: [1], method: 'auto', count: 20, seed: 0, weights: ['ema'], metrics } as const
    const { maps } = await evaluateRun(small, request)
    for (const name of metrics) expect(maps[0].metrics[name].value, name).toBeGreaterThan(0)
  })

  test('has the same map of rows of numbers', async () => {
    const map = await load(directory)
    const rows = drawNoise(5, 64, 2)
    const expected = await map.inner.jump(rows, 1, 0.25)
    const graph = trace(({ x, s, t }) => asRowMap(map.model!).jump(x, s, t), {
      x: spec([5, 64], 'float64'),
      s: spec([5, 1], 'float64'),
      t: spec([5, 1], 'float64'),
    })
    const column = (value: number) => ({ shape: [5, 1], data: new Float64Array(5).fill(value) })
    const [found] = evaluate(graph, [
      { shape: [5, 64], data: Float64Array.from(rows) },
      column(1),
      column(0.25),
    ])
    await map.close()
    expected.forEach((value, i) => {
      expect(found.data[i]).toBeCloseTo(value, 3)
    })
  })
})
