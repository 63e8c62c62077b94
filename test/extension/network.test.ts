import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configKeys, resolveConfig } from '../../src/config/index.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { load, sample, train } from '../../src/index.ts'
import { networks } from '../../src/model/index.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { planOfModel } from '../../src/studio/engine/model-file.ts'
import { configOf } from '../../src/studio/engine/session.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { expectSamePoints } from '../helpers/points.ts'
import { metricsOf, quick, stopAfter } from '../helpers/training.ts'
import { residual } from './residual.ts'

const folder = temporaryFolder('network-kind')
const at = (name: string) => join(folder, name)
const user = { ...quick, network: { kind: 'residual', units: 24 } }

beforeAll(async () => {
  networks.set(residual.kind, residual)
  await train(user, { directory: at('run') })
})
afterAll(() => {
  networks.delete(residual.kind)
})

describe('a kind of network that is registered and nothing else', () => {
  test('has its keys checked, and suggested', () => {
    expect(configKeys()).toEqual(expect.arrayContaining(['network.kind', 'network.units', 'network.hidden']))
    expect(resolveConfig({ objective: 'psd', network: { kind: 'residual' } }).network.units).toBe(16)
    const refuse = (network: object) => () => resolveConfig({ objective: 'psd', network })
    expect(refuse({ kind: 'residual', hidden: 3 })).toThrow('unknown key network.hidden')
    expect(refuse({ kind: 'residual', units: 0 })).toThrow(/^network\.units: .*>0.*found 0/)
    expect(refuse({ kind: 'residul' })).toThrow(/^network\.kind: .*"mlp".*"residual".*found "residul"/)
    expect(resolveConfig({ network: { kind: 'residual' } })).toMatchObject({
      recipe: 'one-step',
      network: { units: 16 },
    })
  })

  test('trains: its error falls', () => {
    const lines = metricsOf(at('run'))
    expect(lines.at(-1)!.terms.diagonal.residual).toBeLessThan(0.8 * lines[0].terms.diagonal.residual)
    expect(readRecord(at('run')).config.network).toMatchObject({ kind: 'residual', units: 24 })
  })

  test('goes on after a stop to the same parameters', async () => {
    await train(user, { directory: at('stopped'), shouldStop: stopAfter(3) })
    await train({}, { directory: at('stopped'), resume: true })
    expect(readModel(at('stopped')).parameters).toEqual(readModel(at('run')).parameters)
  })

  test('is the start of another run, of its own kind alone', async () => {
    const { network: _, ...plain } = quick
    const next = { ...plain, objective: 'psd', initFrom: at('run'), steps: 0 }
    await train(next, { directory: at('next') })
    expect(readModel(at('next')).parameters).toEqual(readModel(at('run')).parameters)
    await expect(train({ ...next, network: { kind: 'mlp' } }, { directory: at('other') })).rejects.toThrow(
      /initFrom: .* cannot start this run: network\.kind is "residual" there and "mlp" here/,
    )
    await expect(
      train({ ...next, network: { kind: 'residual', units: 25 } }, { directory: at('other') }),
    ).rejects.toThrow('network.units is 24 there and 25 here')
  })

  test('is trained by the default recipe, whose teacher is of its kind too', async () => {
    const { objective: _, ...recipe } = user
    await train(
      { ...recipe, teacherTraining: { steps: 20 }, coupling: { pairs: 64 } },
      { directory: at('recipe') },
    )
    expect(readRecord(at('recipe')).config).toMatchObject({ recipe: 'one-step', network: user.network })
    expect(readRecord(join(at('recipe'), 'teacher')).config.network).toMatchObject(user.network)
  })

  test('has its own tensors in files, and gives the same points from every one', async () => {
    const { model, onnx } = paths(at('run'))
    const { tensors } = decodeSafetensors(readFileSync(model), model)
    expect(Object.entries(tensors).map(([name, { shape }]) => [name, ...shape])).toEqual([
      ['inner.weight', 24, 4],
      ['inner.bias', 24],
      ['outer', 24, 2],
    ])
    const noise = drawNoise(20, 2, 3)
    const found: Float32Array[] = []
    for (const file of [at('run'), model, onnx]) {
      const map = await load(file)
      found.push((await sample(map, noise, { grid: [1, 0.5, 0] })).points)
      await map.close()
    }
    expect(found[1]).toEqual(found[0])
    expectSamePoints(found[2], found[0])
    expect(found[0]).not.toEqual(noise)
  })

  test('is measured, sampled, exported and reported by the command line', async () => {
    const { rows } = await evaluateRun(at('run'), {
      count: 200,
      seed: 1,
      steps: [1],
      method: 'jump',
      weights: ['ema'],
    })
    expect(rows[0].metrics.slicedWasserstein.value).toBeGreaterThan(0)
    for (const args of [
      ['sample', at('run'), '--count', '5', '--out', at('points.csv')],
      ['export', at('run'), '--sampler', '--steps', '2', '--out', at('sampler.onnx')],
      ['evaluate', at('run'), '--count', '200', '--steps', '1'],
      ['report', at('run')],
    ]) {
      const { code, stderr } = await runHere(args)
      expect(code, `${args[0]}: ${stderr}`).toBe(0)
    }
  })

  test('is a plan of the studio, whose next stage it can train', () => {
    const { model } = paths(at('run'))
    const plan = planOfModel(readFileSync(model), 'model.safetensors')
    expect(plan.start).toMatchObject({ format: 'safetensors', objective: 'lsd' })
    const { network } = readModel(model).config
    expect(configOf(plan, plan.stages[0], true, { network }).network).toMatchObject({
      kind: 'residual',
      units: 24,
    })
  })
})
