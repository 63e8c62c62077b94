import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Dataset } from '../../src/data/dataset.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { load, sample, train } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { expectSamePoints } from '../helpers/points.ts'
import { metricsOf, quick, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('transformer')
const at = (name: string) => join(folder, name)
const [LENGTH, SYMBOLS] = [6, 4]

/** Words that read the same from both ends, one-hot, whose class is their first symbol. */
function mirrored(): Dataset {
  const source = random(1, 'words')
  const labels: number[] = []
  const values = Array.from({ length: 300 }, () => {
    const half = Array.from({ length: LENGTH / 2 }, () => source.integer(SYMBOLS))
    labels.push(half[0])
    return [...half, ...half.toReversed()].flatMap(symbol =>
      Array.from({ length: SYMBOLS }, (_, k) => Number(k === symbol)),
    )
  }).flat()
  const rows = pointsDataset(values, { name: 'mirrored', dimension: LENGTH * SYMBOLS, labels })
  return { ...rows, shape: [LENGTH, SYMBOLS] }
}

const data = mirrored()
const user = {
  ...quick,
  condition: 'class',
  objective: 'flow-matching',
  network: { kind: 'transformer', width: 16, depth: 2, heads: 2, conditioning: 's', position: 'learned' },
  batch: 64,
  steps: 60,
  logEvery: 10,
} as const
const { network: _, ...plain } = user

beforeAll(async () => {
  await train(user as never, { data, directory: at('velocity') })
  await train({ ...plain, objective: 'psd', initFrom: at('velocity'), steps: 10 } as never, {
    data,
    directory: at('map'),
  })
})

describe('a transformer on sequences with classes', () => {
  test('trains: its error falls', () => {
    const lines = metricsOf(at('velocity'))
    expect(lines.at(-1)!.terms.diagonal.residual).toBeLessThan(0.8 * lines[0].terms.diagonal.residual)
    expect(readRecord(at('velocity')).config.network).toMatchObject({ kind: 'transformer', patch: 1 })
  })

  test('goes on after a stop to the same parameters', async () => {
    await train(user as never, { data, directory: at('stopped'), shouldStop: stopAfter(1) })
    await train({}, { data, directory: at('stopped'), resume: true })
    expect(readModel(at('stopped')).parameters).toEqual(readModel(at('velocity')).parameters)
  })

  test('becomes a map of two times, with an adapter too', async () => {
    expect(readRecord(at('map')).config.network).toMatchObject({ conditioning: 's,t', position: 'learned' })
    const next = { ...plain, objective: 'psd', initFrom: at('velocity'), steps: 4 }
    await train({ ...next, adapter: { rank: 2 } } as never, { data, directory: at('adapted') })
    expect(readRecord(at('adapted')).config.adapter).toMatchObject({
      targets: ['qkv', 'out', 'mlp', 'modulation'],
      train: ['time'],
    })
  })

  test('has the tensors of its names in files', () => {
    const { model } = paths(at('velocity'))
    const { tensors } = decodeSafetensors(readFileSync(model), model)
    expect(tensors['patch.weight'].shape).toEqual([16, SYMBOLS])
    expect(tensors.position.shape).toEqual([LENGTH, 16])
    expect(tensors['final.out.weight'].shape).toEqual([SYMBOLS, 16])
  })

  test('gives the same points from every file, of each class and of none', async () => {
    const { model, onnx } = paths(at('map'))
    const { inputs, program } = await openModel(new Uint8Array(readFileSync(onnx)))
    await program.close()
    expect(inputs.map(({ name, shape }) => [name, ...shape.slice(1)])).toEqual([
      ['x', LENGTH, SYMBOLS],
      ['s'],
      ['t'],
      ['class'],
    ])
    const noise = drawNoise(5, LENGTH * SYMBOLS, 3)
    const classes = ['0', '1', null] as const
    const found: Float32Array[][] = []
    for (const file of [at('map'), model, onnx]) {
      const map = await load(file)
      const each: Float32Array[] = []
      for (const name of classes) {
        each.push((await sample(map.given({ class: name }), noise, { grid: [1, 0.5, 0] })).points)
      }
      found.push(each)
      await map.close()
    }
    classes.forEach((_, k) => {
      expect(found[1][k]).toEqual(found[0][k])
      expectSamePoints(found[2][k], found[0][k])
    })
    expect(found[0][0]).not.toEqual(found[0][1])
  })

  test('is measured, sampled and exported by the command line', async () => {
    const { rows } = await evaluateRun(
      at('map'),
      {
        ...{ count: 40, seed: 1, steps: [1], method: 'jump', weights: ['ema'] },
        metrics: ['slicedWasserstein'],
      },
      data,
    )
    expect(rows[0].metrics.slicedWasserstein.value).toBeGreaterThan(0)
    for (const args of [
      ['sample', at('map'), '--class', '1', '--count', '4', '--steps', '1', '--out', at('points.csv')],
      ['export', at('map'), '--out', at('exported.onnx')],
      ['export', at('map'), '--sampler', '--steps', '2', '--out', at('sampler.onnx')],
    ]) {
      const { code, stderr } = await runHere(args)
      expect(code, `${args[0]}: ${stderr}`).toBe(0)
    }
    expect(
      readFileSync(at('points.csv'), 'utf8').trim().split('\n').at(-1)!.split(',').length,
    ).toBeGreaterThanOrEqual(LENGTH * SYMBOLS)
  })
})

test('a batch and a velocity of its own kind are the defaults of a recipe', async () => {
  const { objective: _, network, ...recipe } = user
  const { conditioning: __, ...keys } = network
  await train(
    {
      ...recipe,
      network: keys,
      steps: 4,
      teacherTraining: { steps: 4 },
      coupling: { pairs: 64, steps: 4 },
    } as never,
    { data, directory: at('recipe') },
  )
  expect(readRecord(at('recipe')).config).toMatchObject({ recipe: 'one-step', network: keys })
  expect(readRecord(join(at('recipe'), 'teacher')).config.network).toMatchObject({
    ...keys,
    conditioning: 's',
  })
})
