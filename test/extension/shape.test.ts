import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { load, pointsDataset, sample, train } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { quick } from '../helpers/training.ts'

const directory = join(temporaryFolder('shape'), 'run')
const source = random(1, 'pictures')
const pixels = Float32Array.from({ length: 60 * 64 }, () => Math.floor(256 * source.uniform()))
const pictures = pointsDataset(pixels, { dimension: 64, image: [8, 8, 1] })

beforeAll(async () => {
  await train({ ...quick, data: undefined, steps: 20 } as never, { directory, data: pictures })
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
})
