import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/cli/config-file.ts'
import { guidanceRecord } from '../../src/config/guidance.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { fromVelocity, networkOf, sizeOfNetwork } from '../../src/model/index.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { mapOfModel } from '../../src/serialization/model-map.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'

const FOLDER = 'examples/images'
const files = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))
const readRecipe = (name: string): UserConfig => parse(readFileSync(`${FOLDER}/${name}`, 'utf8'))
const configOf = (name: string) => resolveConfig(readRecipe(name))
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

  test.each(files)('%s finds the runs that its commands write from the root of the checkout', async name => {
    const { teacher, initFrom, guidance } = await readConfig(`${FOLDER}/${name}`)
    const { weak } = (guidance ?? {}) as { weak?: unknown }
    for (const run of [teacher, initFrom, weak]) {
      expect([undefined, 'runs/velocity', 'runs/weak']).toContain(run)
    }
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

  describe('train from data to a map', () => {
    const folder = temporaryFolder('recipes')
    const at = (name: string) => join(folder, name)
    /** The recipe with a small network and few samples; its other runs are those of the folder. */
    const small = (name: string): UserConfig => {
      const { initFrom, teacher, guidance, network, coupling, ...user } = readRecipe(name)
      const runs = {
        ...(initFrom && { initFrom: at('velocity') }),
        ...(teacher && { teacher: at('velocity') }),
      }
      return {
        ...user,
        ...runs,
        guidance: { ...guidance, ...(guidance?.weak && { weak: at('velocity') }) },
        network: { ...network, width: 16, depth: 2, heads: 2 },
        ...(coupling && { coupling: { ...coupling, pairs: 16, steps: 2 } }),
        ...{ batch: 8, steps: 2, schedule: {} },
      } as UserConfig
    }
    beforeAll(() => train(small('velocity.yaml'), { directory: at('velocity') }))

    test.each(some(files, ['ayf.yaml', 'mid-training.yaml', 'pixel-meanflow.yaml', 'tvm.yaml']))(
      '%s',
      async name => {
        const { finished, loss } = await train(small(name), { directory: at(name) })
        expect([finished, Number.isFinite(loss)]).toEqual([true, true])
      },
    )
  })
})
