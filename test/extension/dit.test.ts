import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { load, sample, train } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { encodeIdx } from '../data/files.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { metricsOf, quick, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('dit')
const at = (name: string) => join(folder, name)

/** Bars that stand, lie or, in a third class, are two: pictures of 8 x 8 that a few steps learn. */
function writePictures(name: string, classes: number): object {
  const source = random(1, 'bars')
  const labels = Uint8Array.from({ length: 240 }, (_, n) => n % classes)
  const pixels = Uint8Array.from(labels).reduce<number[]>((all, label) => {
    const place = 1 + source.integer(6)
    for (let i = 0; i < 64; i++) {
      const [row, column] = [i >> 3, i & 7]
      const ink = [column === place, row === place, column === place || row === place][label]
      all.push(ink ? 230 + source.integer(25) : source.integer(25))
    }
    return all
  }, [])
  writeFileSync(at(`${name}.idx`), encodeIdx([labels.length, 8, 8], pixels))
  writeFileSync(at(`${name}-labels.idx`), encodeIdx([labels.length], labels))
  return { idx: { path: at(`${name}.idx`), labels: at(`${name}-labels.idx`) } }
}

const data = writePictures('bars', 2)
const user = {
  ...quick,
  data,
  condition: { kind: 'class' },
  objective: 'flow-matching',
  network: { kind: 'dit', patch: 4, width: 16, depth: 2, heads: 2, conditioning: 's', frequencies: 8 },
  batch: 32,
  steps: 60,
  logEvery: 10,
} as const

beforeAll(async () => {
  await train(user as never, { directory: at('velocity') })
})

describe('a transformer on pictures with classes', () => {
  test('trains: its error falls', () => {
    const lines = metricsOf(at('velocity'))
    expect(lines.at(-1)!.terms.diagonal.residual).toBeLessThan(0.8 * lines[0].terms.diagonal.residual)
    expect(readRecord(at('velocity')).config.network).toMatchObject({ kind: 'dit', hidden: null, width: 16 })
  })

  test('goes on after a stop to the same parameters', async () => {
    await train(user as never, { directory: at('stopped'), shouldStop: stopAfter(1) })
    await train({}, { directory: at('stopped'), resume: true })
    expect(readModel(at('stopped')).parameters).toEqual(readModel(at('velocity')).parameters)
  })

  test("becomes a map of two times, at first by Euler's steps", async () => {
    const { network: _, ...plain } = user
    const next = { ...plain, objective: 'psd', initFrom: at('velocity'), steps: 0 }
    await train(next as never, { directory: at('euler') })
    expect(readRecord(at('euler')).config.network).toMatchObject({ conditioning: 's,t', width: 16 })
    const noise = drawNoise(6, 64, 3)
    const found: Float32Array[] = []
    for (const run of ['velocity', 'euler']) {
      const map = await load(at(run))
      found.push((await sample(map.given({ class: 1 }), noise, { grid: [1, 0.4, 0], method: 'jump' })).points)
      await map.close()
    }
    found[1].forEach((value, i) => {
      expect(value).toBeCloseTo(found[0][i], 4)
    })
    await train({ ...next, steps: 10 } as never, { directory: at('map') })
  })

  test('is not the start of one that is told other classes', async () => {
    const { network: _, ...plain } = user
    const other = { ...plain, data: writePictures('others', 3), initFrom: at('velocity'), steps: 0 }
    await expect(train(other as never, { directory: at('others') })).rejects.toThrow(
      /initFrom: .* cannot start this run: it knows 2 classes, and this run 3 classes/,
    )
  })

  test('is refused for pictures that its patch does not divide, and for points', async () => {
    const refused = (change: object) => train({ ...user, ...change } as never, { directory: at('refused') })
    await expect(refused({ network: { ...user.network, patch: 3 } })).rejects.toThrow(
      /^network\.patch: .*8 x 8 \(1, 2, 4, 8\); found 3$/,
    )
    await expect(refused({ data: 'ring' })).rejects.toThrow(/^network\.kind: dit is for pictures/)
  })

  test('has the tensors of its names in files, weights as other programs hold them', () => {
    const { model } = paths(at('velocity'))
    const { tensors } = decodeSafetensors(readFileSync(model), model)
    expect(tensors['patch.weight'].shape).toEqual([16, 16])
    expect(tensors['blocks.1.modulation.weight'].shape).toEqual([96, 16])
    expect(tensors['blocks.0.mlp.0.weight'].shape).toEqual([64, 16])
    expect(tensors['class.table'].shape).toEqual([3, 16])
  })

  test('gives the same pictures from every file, of each class and of none', async () => {
    const { model, onnx } = paths(at('map'))
    const { inputs, program } = await openModel(new Uint8Array(readFileSync(onnx)))
    await program.close()
    expect(inputs.map(({ name, shape }) => [name, ...shape.slice(1)])).toEqual([
      ['x', 8, 8, 1],
      ['s'],
      ['t'],
      ['class'],
    ])
    const noise = drawNoise(6, 64, 3)
    const classes = ['0', '1', null] as const
    const found: Float32Array[][] = []
    for (const file of [at('map'), model, onnx]) {
      const map = await load(file)
      const each: Float32Array[] = []
      for (const name of classes) {
        each.push((await sample(map.given({ class: name }), noise, { grid: [1, 0] })).points)
      }
      found.push(each)
      await map.close()
    }
    classes.forEach((_, k) => {
      expect(found[1][k]).toEqual(found[0][k])
      found[2][k].forEach((value, i) => {
        expect(value).toBeCloseTo(found[0][k][i], 2)
      })
    })
    expect(found[0][0]).not.toEqual(found[0][1])
  })

  long('is measured, sampled, exported and reported by the command line', async () => {
    const { rows, maps } = await evaluateRun(at('map'), {
      ...{ count: 20, seed: 1, steps: [1], method: 'auto', weights: ['ema'] },
      metrics: ['slicedWasserstein', 'semigroupError'],
    })
    expect(rows[0].metrics.slicedWasserstein.value).toBeGreaterThan(0)
    expect(maps[0].metrics.semigroupError.value).toBeGreaterThan(0)
    for (const args of [
      ['sample', at('map'), '--class', '1', '--count', '4', '--steps', '1', '--out', at('bars.png')],
      ['export', at('map'), '--sampler', '--steps', '2', '--out', at('sampler.onnx')],
      ['evaluate', at('map'), '--count', '20', '--steps', '1'],
      ['report', at('map')],
    ]) {
      const { code, stderr } = await runHere(args)
      expect(code, `${args[0]}: ${stderr}`).toBe(0)
    }
  })
})

describe('the default recipe', () => {
  test('trains a velocity of the same kind first', async () => {
    const { objective: _, steps: __, network, ...recipe } = user
    const { conditioning: ___, ...keys } = network
    await train(
      {
        ...recipe,
        network: { ...keys, velocityHead: 1, scale: 'inverse' },
        steps: 10,
        teacherTraining: { steps: 10 },
        coupling: { pairs: 64, steps: 4 },
      } as never,
      { directory: at('recipe') },
    )
    const { config } = readRecord(at('recipe'))
    expect(config).toMatchObject({ recipe: 'one-step', network: { velocityHead: 1, scale: 'inverse' } })
    expect(readRecord(join(at('recipe'), 'teacher')).config.network).toMatchObject({
      ...{ kind: 'dit', velocityHead: 0, scale: 'none', conditioning: 's' },
    })
  })
})
