import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { guidanceRecord } from '../../src/config/guidance.ts'
import { pointOf, resolveConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { fromVelocity, networkOf, sizeOfNetwork } from '../../src/model/index.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { mapOfModel } from '../../src/serialization/model-map.ts'
import { buildStep } from '../../src/training/step.ts'

const FOLDER = 'examples/images'
const files = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))
const configOf = (name: string) => resolveConfig(parse(readFileSync(`${FOLDER}/${name}`, 'utf8')))
const velocity = fromVelocity(x => x.neg())

/** What samplers are told of a map that such a training makes. */
const GUIDED: Readonly<Record<string, object>> = {
  'velocity.yaml': { applied: 'none', null: true },
  'meanflow.yaml': { applied: 'baked', scale: 2 },
  'self-distillation.yaml': { applied: 'baked', scale: 2 },
  'mid-training.yaml': { applied: 'baked', scale: 2 },
  'decoupled-meanflow.yaml': { applied: 'baked', scale: 2 },
  'tvm.yaml': { applied: 'baked', scale: 2 },
  'imf.yaml': { applied: 'input', range: [1, 8], input: 'complement' },
  'pixel-meanflow.yaml': { applied: 'input', range: [1, 8], input: 'complement' },
  'guidance-free.yaml': { applied: 'input', range: [1, 8], input: 'inverse' },
  'ayf.yaml': { applied: 'input', range: [1, 3], input: 'complement' },
}

describe('recipes for pictures', () => {
  test('are all known here', () => {
    expect([...files].sort()).toEqual(Object.keys(GUIDED).sort())
  })

  test.each(files)('%s builds a training step, and records its guidance', name => {
    const config = configOf(name)
    const point = pointOf(config, generatedDataset('glyphs'))
    const step = buildStep(config, point, { teacher: velocity, pretrained: velocity, weak: velocity })
    expect(step.metrics).toContain('loss')
    expect(guidanceRecord(config)).toMatchObject(GUIDED[name])
  })

  test.each(files)('%s makes a map that is exported', async name => {
    const config = configOf(name)
    const { shape, dimension, labels } = generatedDataset('glyphs')
    const point = pointOf(config, generatedDataset('glyphs'))
    const fingerprint = { sha256: '', rows: null, minimum: [], maximum: [] }
    const model = {
      config,
      dimension,
      data: { name: 'glyphs', dimension, shape, labels, fingerprint },
      parameters: new Float32Array(sizeOfNetwork(networkOf(config.network, point))).fill(0.01),
    }
    const map = await mapOfModel(name, model, nodeRuntime())
    const x = drawNoise(3, dimension, 1)
    const moved = await map.given({ class: '3' }).jump(x, 1, 0.5)
    await map.close()
    expect(moved.every(Number.isFinite)).toBe(true)
    expect(moved.some((value, i) => value !== x[i])).toBe(true)
  })
})
