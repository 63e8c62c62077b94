import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { countOperations, type Graph } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { measureLoss } from '../../src/evaluation/loss-map.ts'
import { networkOf, sizeOfNetwork } from '../../src/model/index.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { decodeAdapterFile, withAdapter } from '../../src/serialization/adapter.ts'
import { networkOfModel } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { openTrainingData } from '../../src/training/data.ts'
import { playersOf } from '../../src/training/players.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, mixture, newestCheckpoint, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('adapter')
const at = (name: string) => join(folder, name)

const glyphs = { glyphs: { size: 8 } } as unknown as UserConfig['data']
const common = { data: glyphs, batch: 16, steps: 24, logEvery: 6, ema: 0.9 } as const
const network = { kind: 'dit', patch: 4, width: 12, depth: 2, heads: 2, hidden: 20, frequencies: 5 } as const
const velocity = {
  ...common,
  objective: 'flow-matching',
  network: { ...network, conditioning: 's' },
  condition: { kind: 'class' },
} as unknown as UserConfig

const tuned = (own: object = {}): UserConfig => ({
  ...common,
  ...{ condition: { kind: 'class' }, objective: 'psd', initFrom: at('velocity'), adapter: { rank: 2 } },
  ...own,
})

beforeAll(async () => {
  await train({ ...velocity, steps: 60, optimizer: { learningRate: 1e-2 } }, { directory: at('velocity') })
  await train(tuned(), { directory: at('straight') })
})

describe('a run with an adapter', () => {
  const file = () => decodeAdapterFile(readFileSync(paths(at('straight')).adapter), 'adapter')

  test('has the defaults of its network', () => {
    const { adapter, optimizer } = readRecord(at('straight')).config
    expect(adapter).toEqual({
      rank: 2,
      alpha: 2,
      targets: ['qkv', 'out', 'mlp', 'modulation'],
      train: ['time'],
    })
    expect(optimizer.learningRate).toBe(3e-3)
    const { optimizer: own, adapter: given } = resolveConfig(
      tuned({ adapter: { alpha: 3, train: [] }, optimizer: { learningRate: 1e-4 } }),
    )
    expect(given).toMatchObject({ rank: 8, alpha: 3, train: [], targets: ['input', 'hidden'] })
    expect(own.learningRate).toBe(1e-4)
    const shown = resolveConfig(
      tuned({
        condition: { kind: 'class' },
        guidance: { rule: 'random', interval: 'drawn' },
        network: { ...network, conditioning: 'decoupled' },
      }),
    )
    expect(shown.adapter!.train).toEqual(['scale', 'interval'])
  })

  test('keeps its factors and changes alone, and the base as it was', () => {
    const { keys, parameters } = file()
    const checkpoint = newestCheckpoint(at('straight'))
    const vectors = Object.keys(checkpoint).filter(name => name !== 'window')
    expect(vectors.sort()).toEqual(['map.average', 'map.first', 'map.parameters', 'map.second'])
    for (const name of vectors) expect(checkpoint[name].data.length, name).toBe(parameters.length)
    expect(checkpoint['map.average'].data).toEqual(parameters)
    expect(keys.rank).toBe(2)
    const [model, base] = [readModel(at('straight')), readModel(paths(at('straight')).base)]
    expect(parameters.length).toBeLessThan(model.parameters.length / 2)
    // A map of two times: the velocity with a second embedder.
    const start = at('start')
    return train(tuned({ adapter: null, steps: 0 }), { directory: start }).then(() => {
      expect(base.parameters).toEqual(readModel(start).parameters)
    })
  })

  test('is the merged map, by its averaged weights and by its raw ones', () => {
    const { keys, parameters } = file()
    const base = readModel(paths(at('straight')).base)
    const whole = withAdapter(networkOfModel(base), base.parameters, keys, parameters)
    expect(readModel(at('straight')).parameters).toEqual(whole)
    const { data } = newestCheckpoint(at('straight'))['map.parameters']
    const raw = withAdapter(networkOfModel(base), base.parameters, keys, data as Float32Array)
    expect(readModel(at('straight'), 'raw').parameters).toEqual(raw)
    expect(raw).not.toEqual(whole)
  })

  test('changes only what is adapted', () => {
    const [model, base] = [readModel(at('straight')), readModel(paths(at('straight')).base)]
    let start = 0
    for (const [name, { shape, group, linear }] of Object.entries(networkOfModel(model).parameters)) {
      const end = start + shape.reduce((a, b) => a * b)
      const [now, before] = [model, base].map(({ parameters }) => parameters.subarray(start, end))
      start = end
      const isChanged = group === 'time' || (linear && /^blocks/.test(name))
      if (isChanged) expect(now, name).not.toEqual(before)
      else expect(now, name).toEqual(before)
    }
  })

  test('has losses by time', async () => {
    const dataset = await openTrainingData(readRecord(at('straight')).config)
    const losses = await measureLoss(nodeRuntime(), at('straight'), dataset, { draws: 64, bins: 1 })
    const last = metricsOf(at('straight')).at(-1)!.terms
    for (const { part, mean } of losses) {
      expect(mean[0][0]! / last[part].residual, part).toBeGreaterThan(0.7)
      expect(mean[0][0]! / last[part].residual, part).toBeLessThan(1.5)
    }
  })

  test('stopped and resumed is the same to the bit, also where the base is gone by then', async () => {
    const copy = at('copy')
    cpSync(at('velocity'), copy, { recursive: true })
    await train(tuned({ initFrom: copy }), { directory: at('stopped'), shouldStop: stopAfter(2) })
    rmSync(copy, { recursive: true })
    const { finished } = await train({}, { directory: at('stopped'), resume: true })
    expect(finished).toBe(true)
    expect(newestCheckpoint(at('stopped'))).toEqual(newestCheckpoint(at('straight')))
    expect(metricsOf(at('stopped'))).toEqual(metricsOf(at('straight')))
    expect(readModel(at('stopped')).parameters).toEqual(readModel(at('straight')).parameters)
    rmSync(paths(at('stopped')).base)
    await expect(train({ steps: 30 }, { directory: at('stopped'), resume: true })).rejects.toThrow(
      /base\.safetensors: is gone/,
    )
    await expect(
      train({ adapter: { rank: 3 } }, { directory: at('straight'), resume: true }),
    ).rejects.toThrow(/^adapter\.rank: cannot change when a run is resumed/)
  })

  test('is begun with by another run', async () => {
    await train(tuned({ initFrom: at('straight'), adapter: null, steps: 0 }), { directory: at('next') })
    expect(readModel(at('next')).parameters).toEqual(readModel(at('straight')).parameters)
  })

  test('adapts the teacher that it trains first, which learns at the rate of a whole network', async () => {
    const config = {
      ...tuned({ teacher: 'train', initFrom: 'teacher', objective: 'lmd', steps: 6 }),
      network,
    }
    await train(config as UserConfig, { directory: at('own') })
    expect(readRecord(at('own/teacher')).config).toMatchObject({
      adapter: null,
      optimizer: { learningRate: 1e-3 },
    })
    const base = readModel(paths(at('own')).base)
    const patch = 4 * 4 * 12
    expect(base.parameters.subarray(0, patch)).toEqual(
      readModel(at('own/teacher')).parameters.subarray(0, patch),
    )
  })
})

describe('trained in full, all of it', () => {
  const groups = ['patch', 'time', 'class', 'modulation', 'qkv', 'out', 'mlp', 'final']
  // theta-, and the stopped student.
  test.each(['psd', 'meanflow'])('%s is the training of the whole network', async objective => {
    const own = { objective, optimizer: { learningRate: 1e-3 } }
    const all = { ...own, adapter: { targets: [], train: groups } }
    await train(tuned(all), { directory: at(`all-${objective}`) })
    await train(tuned({ ...own, adapter: null }), { directory: at(`whole-${objective}`) })
    const [found, expected] = ['all', 'whole'].map(name => metricsOf(at(`${name}-${objective}`)))
    found.forEach(({ loss }, i) => {
      expect(Math.abs(loss / expected[i].loss - 1)).toBeLessThan(1e-3)
    })
    const [a, b] = ['all', 'whole'].map(name => readModel(at(`${name}-${objective}`)).parameters)
    const base = readModel(paths(at(`all-${objective}`)).base).parameters
    const distance = (x: Float32Array, y: Float32Array) => Math.hypot(...x.map((v, i) => v - y[i]))
    expect(distance(a, b)).toBeLessThan(0.02 * distance(b, base))
  })
})

describe('at its first step', () => {
  const first = async (own: object, name: string) => {
    const directory = at(name)
    await train(tuned({ steps: 1, logEvery: 1, ...own }), { directory })
    return metricsOf(directory)[0].terms
  }
  // theta-, the stopped student, a teacher, the student's own guided velocity, a network beside the map.
  test.each<[string, object]>([
    ['lsd', {}],
    ['esd', { target: 'student' }],
    ['meanflow', {}],
    ['meanflow', { guidance: { rule: 'mix', omega: 0.8, kappa: 0.2 } }],
    ['ayf-emd', { teacher: 'velocity' }],
    ['psd', { network: { ...network, conditioning: 'decoupled' } }],
  ])('%s with %o has the losses of the whole network', async (objective, own) => {
    const given = { objective, ...own, ...('teacher' in own && { teacher: at('velocity') }) }
    const name = `${objective}-${JSON.stringify(own).length}`
    const [adapted, whole] = [
      await first(given, `${name}-adapted`),
      await first({ ...given, adapter: null }, `${name}-whole`),
    ]
    expect(Object.keys(adapted)).toEqual(Object.keys(whole))
    for (const [term, { residual }] of Object.entries(whole)) {
      expect(Math.abs(adapted[term].residual / residual - 1), term).toBeLessThan(1e-5)
    }
  })
})

describe('the step of an adapter', () => {
  const point = { shape: [8, 8, 1] }
  const config = (adapter: object | null, objective = 'meanflow') =>
    resolveConfig({ ...common, network, objective, initFrom: 'base', adapter } as never)
  const whole = networkOf(config(null).network, point)
  const base = Float32Array.from({ length: sizeOfNetwork(whole) }, (_, i) => Math.sin(i))
  const graphOf = (adapter: object | null, objective?: string) =>
    buildStep(config(adapter, objective), point, {}, adapter ? base : undefined).graph
  const products = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'matmul')
  const shapes = new Set(
    Object.values(whole.parameters).flatMap(({ shape, linear }) => (linear ? [shape.join()] : [])),
  )
  /** Products that make a gradient of the size of a weight. */
  const gradients = (graph: Graph) =>
    products(graph).filter(({ params, shape }) => {
      const { transposeA } = params as { transposeA: boolean }
      return transposeA && shapes.has(shape.join())
    })

  test('makes no gradient of what stays', () => {
    const weights = Object.values(whole.parameters).filter(({ linear }) => linear)
    const full = graphOf(null)
    expect(gradients(full).length).toBeGreaterThanOrEqual(weights.length)
    expect(gradients(graphOf({ rank: 2, train: [] }))).toHaveLength(0)
    // Of the time embedders alone, which train in full.
    const times = Object.keys(whole.parameters).filter(name => /^time.*weight$/.test(name))
    expect(gradients(graphOf({ rank: 2 }))).toHaveLength(times.length)
  })

  test('has fewer products and operations than that of the whole network', () => {
    for (const objective of ['meanflow', 'psd']) {
      const few = graphOf({ rank: 2, targets: ['out'], train: [] }, objective)
      const full = graphOf(null, objective)
      expect(products(few).length).toBeLessThan(products(full).length)
      expect(countOperations(graphOf({ rank: 1 }, objective))).toBeLessThan(countOperations(full))
    }
  })

  test('carries its own vectors alone', () => {
    const [{ size, network: own }] = playersOf(config({ rank: 2 }), point)
    expect(size).toBe(sizeOfNetwork(own))
    const { inputs } = graphOf({ rank: 2 })
    for (const { params, shape } of inputs.slice(0, 4)) expect(shape, params.name).toEqual([size])
  })
})

describe('a perceptron with an adapter', () => {
  test('comes nearer the data than its base, and keeps its last layer', async () => {
    const plain: UserConfig = {
      ...{ data: mixture, batch: 128, steps: 300, logEvery: 50, ema: 0.95, schedule: { kind: 'cosine' } },
      ...{ network: { hidden: 32, layers: 2, frequencies: 2 } },
    }
    const velocity: UserConfig = {
      ...plain,
      ...{ objective: 'flow-matching', network: { ...plain.network, conditioning: 's' } },
      optimizer: { learningRate: 1e-2 },
    }
    await train(velocity, { directory: at('plain') })
    const { network: _, ...rest } = plain
    const asked: UserConfig = {
      ...{ ...rest, objective: 'lmd', teacher: 'exact', initFrom: at('plain') },
      ...{ adapter: { rank: 4 }, optimizer: { learningRate: 1e-2 } },
    }
    await train(asked, { directory: at('plain-map') })
    await train({ ...asked, adapter: null, steps: 0 }, { directory: at('plain-start') })
    const errors = await Promise.all(
      ['plain-start', 'plain-map'].map(async name => {
        const request = { method: 'jump', steps: [1], count: 200, seed: 1, weights: ['ema', 'raw'] } as const
        const { rows } = await evaluateRun(at(name), { ...request, metrics: ['trajectoryError'] })
        return rows.map(({ metrics }) => metrics.trajectoryError.value!)
      }),
    )
    const [[start], [averaged, raw]] = errors
    expect(averaged).toBeLessThan(0.7 * start)
    expect(raw).toBeLessThan(0.7 * start)
    expect(raw).not.toBe(averaged)
    const [model, base] = [readModel(at('plain-map')), readModel(paths(at('plain-map')).base)]
    expect(model.parameters.slice(-66)).toEqual(base.parameters.slice(-66))
    expect(model.parameters.slice(0, 66)).not.toEqual(base.parameters.slice(0, 66))
  })
})

describe('is refused in a line', () => {
  const refusal = async (own: object): Promise<string> => {
    const directory = at(`refused-${Math.random()}`)
    return train(tuned(own), { directory }).then(
      () => 'nothing',
      (error: Error) => error.message,
    )
  }
  test.each<[object, RegExp]>([
    [{ initFrom: null }, /^adapter: changes a trained network.*--init-from RUN$/],
    [{ adapter: { rank: 2, targets: ['qvk'] } }, /^adapter\.targets: expected some of .*qkv.*; found qvk$/],
    [{ adapter: { rank: 2, train: ['out'] } }, /^adapter\.train: out is among adapter\.targets too/],
    [
      { adapter: { rank: 2, targets: [], train: [] } },
      /^adapter\.targets: neither this key nor adapter\.train/,
    ],
    [{ adapter: { rank: 13 } }, /^adapter\.rank: 13 is more than .* can take; use at most 12/],
    [{ adapter: { rank: 0 } }, /^adapter\.rank: /],
    [
      { adapter: { rank: 2, tragets: ['qkv'] } },
      /^unknown key adapter\.tragets \(did you mean adapter\.targets\?\)$/,
    ],
    [{ adapter: true }, /^adapter: /],
    [
      { adapter: { rank: 2, train: [] } },
      /^adapter\.train: time is new to .*velocity and would stay at zero; add time$/,
    ],
    [{ data: { glyphs: { size: 12 } } }, /^initFrom: .* has points of 64 coordinates/],
    [{ network: { ...network, width: 16 } }, /^initFrom: .* network\.width is 12 there and 16 here/],
  ])('%o', async (own, message) => {
    expect(await refusal(own)).toMatch(message)
  })

  test('what was never told classes, and would not learn them', async () => {
    const { condition: _, ...untold } = velocity as { condition: object }
    await train({ ...untold, steps: 2 } as UserConfig, { directory: at('untold') })
    expect(await refusal({ initFrom: at('untold') })).toMatch(/^adapter\.train: class is new to .*add class$/)
    expect(await refusal({ initFrom: at('untold'), adapter: { rank: 2, train: ['time', 'class'] } })).toBe(
      'nothing',
    )
  })
})
