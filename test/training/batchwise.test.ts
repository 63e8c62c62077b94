import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evaluate, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { remarksOn } from '../../src/config/validate.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { initialClassifier } from '../../src/model/classifier.ts'
import { objectives, timeLaws } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import * as runtime from '../../src/runtime/node.ts'
import { readCheckpoint, writeCheckpoint } from '../../src/serialization/checkpoint.ts'
import { classifierFile } from '../../src/serialization/classifier-file.ts'
import { paths, readMetrics } from '../../src/serialization/run.ts'
import { batchSource } from '../../src/training/batches.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { Trainer } from '../../src/training/trainer.ts'
import { roundOf } from '../../src/training/turns.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const quick: UserConfig = {
  network: { hidden: 16, layers: 2, frequencies: 4 },
  batch: 32,
  steps: 12,
  chunk: 4,
  logEvery: 4,
  checkpointEvery: 4,
}
const frechet: UserConfig = { ...quick, objective: 'frechet', features: 'random:12' }
const root = temporaryFolder('batchwise')
const folder = (name: string): string => join(root, name)

describe('groups of the same times', () => {
  const drawn = (user: UserConfig) => {
    const config = resolveConfig({ ...quick, ...user })
    const turns = roundOf(config)
    const [{ inputs }] = turns.flatMap(({ terms }) => terms)
    const arrays = batchSource(config, generatedDataset('ring'), turns).draw(1, 1)
    return Object.fromEntries(inputs.map((name, i) => [name, [...(arrays[i] as Float32Array)]]))
  }
  test('four samples after one another have one triple, the next four another', () => {
    const { s, t, m } = drawn({ objective: 'imm' })
    for (const times of [s, t, m]) {
      for (let i = 0; i < 32; i++) expect(times[i]).toBe(times[i - (i % 4)])
      expect(new Set(times).size).toBeGreaterThan(4)
    }
  })
  test('a batch that is no whole number of groups is refused', () => {
    const refused = (user: UserConfig) => () => resolveConfig({ ...quick, objective: 'imm', ...user })
    expect(refused({ times: { group: 5 } })).toThrow(/^times\.group: 32 samples of a batch train imm/)
    expect(refused({ consistency: { fraction: 0.47 } })).toThrow(/^times\.group: 15 samples/)
    expect(refused({ times: { group: 1 }, options: { diagonal: false } })).toThrow(/^options\.diagonal/)
    expect(refused({ objective: 'psd', times: { group: 4 } })).toThrow(/^times\.group: psd compares no/)
    expect(refused({ objective: 'drifting', times: { group: 4 } })).toThrow(/^times\.group/)
    expect(refused({ optimizer: { accumulate: 2 } })).toThrow(/^optimizer\.accumulate: imm compares/)
    expect(refused({ loss: { learned: true } })).toThrow(/^loss\.learned/)
    expect(refused({ loss: { adaptive: { p: 1, c: 1 } } })).toThrow(/^loss\.adaptive/)
    expect(refused({ times: { minimum: 0.5 } })).toThrow(/^times\.minimum: ratio-step/)
  })
})

describe('the law of times', () => {
  test('m is a step below s in the ratio of noise to data, and not below t', () => {
    const law = timeLaws['ratio-step']({ minimum: 0.006, levels: 8 })
    const times = { s: 0, t: 0, m: 0 }
    const ratio = (t: number) => t / (1 - t)
    let stepped = 0
    let state = 7
    const uniform = () => {
      state = (state * 16807) % 2147483647
      return state / 2147483647
    }
    for (let i = 0; i < 500; i++) {
      law({ uniform, normal: uniform, integer: () => 0 }, times)
      const { s, t, m } = times
      expect(s).toBeGreaterThanOrEqual(0.006)
      expect(s).toBeLessThanOrEqual(0.994)
      expect(t).toBeGreaterThanOrEqual(0.006 - 1e-5)
      expect(t).toBeLessThanOrEqual(m)
      expect(m).toBeLessThan(s)
      if (m > t) {
        stepped++
        expect(ratio(s) - ratio(m)).toBeCloseTo(160 / 256, 9)
      } else expect(ratio(s) - ratio(t)).toBeLessThanOrEqual(160 / 256 + 1e-9)
    }
    expect(stepped).toBeGreaterThan(50)
  })
})

describe('features', () => {
  test('are refused where nothing is compared by them, or there are no such', () => {
    const refused = (user: UserConfig) => () => resolveConfig({ ...quick, ...user })
    expect(refused({ objective: 'imm', features: 'random:8' })).toThrow(/^features: imm compares no samples/)
    for (const features of ['random:', 'random:0', 'random:1.5', 'random:9999'])
      expect(refused({ objective: 'frechet', features })).toThrow(/^features: expected random:COUNT/)
  })
  test('a file that is not there is named', async () => {
    const user = { ...frechet, features: '/nowhere/net.onnx' }
    await expect(train(user, { directory: folder('absent') })).rejects.toThrow(
      /^features: \/nowhere\/net\.onnx/,
    )
  })
  test('a network is kept beside the run, which goes on with it where the file is gone', async () => {
    const file = folder('net.onnx')
    const flat = initialClassifier({ shape: [2], classes: 2 }, random(1, 'test'))
    writeFileSync(
      file,
      classifierFile(generatedDataset('two-moons'), flat, { format: 'oxbow-features', classes: '["0","1"]' }),
    )
    for (const objective of ['drifting', 'frechet']) {
      const [whole, parts] = ['whole', 'parts'].map(name => folder(`${objective}-${name}`))
      const user: UserConfig = { ...quick, data: 'two-moons', objective, features: file }
      await train(user, { directory: whole })
      await train({ ...user, steps: 8 }, { directory: parts })
      const kept = paths(parts).compared
      expect(readFileSync(kept).equals(readFileSync(file))).toBe(true)
      renameSync(file, `${file}.gone`)
      await train({ steps: 12 }, { directory: parts, resume: true })
      expect(readCheckpoint(parts)!.state).toEqual(readCheckpoint(whole)!.state)
      renameSync(kept, `${kept}.gone`)
      const again = train({ steps: 16 }, { directory: parts, resume: true })
      await expect(again).rejects.toThrow(
        /compared-features\.onnx: is gone, the network that the run compares/,
      )
      renameSync(`${file}.gone`, file)
    }
  })
  test('what is narrow, and what is blind, is said', () => {
    const said = (user: UserConfig) => {
      const config = resolveConfig({ ...quick, ...user })
      return remarksOn(config, objectives.get(config.objective)!).join()
    }
    expect(said({ objective: 'drifting', options: { temperatures: [0.02] } })).toMatch(/only see near data/)
    expect(said({ objective: 'drifting' })).toBe('')
    expect(said({ objective: 'frechet' })).toMatch(/which a Gaussian matches exactly/)
    for (const objective of ['imm', 'gan']) {
      expect(said({ objective })).toBe('')
      expect(said({ objective, target: 'ema' })).toMatch(/^target: .* has no theta-, so ema has no effect/)
    }
    expect(said({ objective: 'psd', target: 'ema' })).not.toMatch(/theta-/)
    expect(said(frechet)).toBe('')
  })
})

describe('a list among the options', () => {
  test.each([
    ['0.1,0.9', [0.1, 0.9]],
    [
      [0.1, 0.9],
      [0.1, 0.9],
    ],
  ])('is written %j', (range, wanted) => {
    const of = (objective: string, options: object) =>
      resolveConfig({ ...quick, objective, teacher: 'exact', options } as UserConfig).options
    expect(of('dmd', { range }).range).toEqual(wanted)
    expect(of('tmd', { times: '0.8,0.4' }).times).toEqual([0.8, 0.4])
    expect(() => of('dmd', { range: '0.1,x' })).toThrow(/^options\.range/)
    expect(() => of('dmd', { range: '0.1,' })).toThrow(/^options\.range/)
    expect(() => of('dmd', { range: '0.1' })).toThrow(/^options\.range/)
    expect(() => of('drifting', { temperatures: '0.2,-0.1' })).toThrow(/found -0\.1$/)
    expect(() => of('drifting', { temperatures: 0 })).toThrow(/found 0$/)
  })
})

describe('the class of a sample', () => {
  /** The loss of a step on samples and data of two classes, by what they are. */
  const lossOf = (labels: readonly bigint[]): number => {
    const config = resolveConfig({
      ...quick,
      batch: 4,
      objective: 'drifting',
      condition: { kind: 'class', drop: 0 },
      options: { normaliseDrift: false, temperatures: [0.2] },
    })
    const { terms } = roundOf(config)[0]
    const { loss } = terms[0].parts({})[0]
    const graph = trace(
      inputs => {
        const { x0, eps, label } = inputs as Record<string, Tensor>
        const none = undefined as never
        const map = { velocity: none, jump: (x: Tensor) => x }
        return loss({
          ...(none as object),
          map,
          path: { x0, eps },
          t: eps.slice(1, 0, 1),
          label,
        } as never).slice(0, 0, 1)
      },
      { x0: spec([4, 2]), eps: spec([4, 2]), label: spec([4], 'int64') },
    )
    const points = [0, 0, 1, 0, 0, 1, 1, 1]
    const [found] = evaluate(graph, [
      { shape: [4, 2], data: Float64Array.from(points) },
      { shape: [4, 2], data: Float64Array.from([0.2, 0.1, 0.7, 0.3, 0.4, 0.9, 0.8, 0.6]) },
      { shape: [4], data: Float64Array.from(labels, Number) },
    ])
    return found.data[0]
  }
  test('decides which samples it is compared with', () => {
    const alike = [0n, 0n, 0n, 0n]
    const apart = [0n, 0n, 1n, 1n]
    // A class that the first sample has alone leaves it where it is.
    expect(lossOf([0n, 1n, 1n, 1n])).toBe(0)
    expect(lossOf(apart)).toBeGreaterThan(0)
    expect(lossOf(alike)).not.toBeCloseTo(lossOf(apart), 3)
  })
})

describe('a memory', () => {
  test('begins with samples of the start, is saved, and a resumed run has the same bits', async () => {
    const [whole, parts] = ['whole', 'parts'].map(name => folder(name))
    await train(frechet, { directory: whole })
    await train({ ...frechet, steps: 8 }, { directory: parts })
    await train({ steps: 12 }, { directory: parts, resume: true })
    const [a, b] = [whole, parts].map(directory => readCheckpoint(directory)!.state)
    expect(Object.keys(a)).toEqual(expect.arrayContaining(['moments.samples', 'moments.data']))
    expect(Object.keys(a).some(name => /^moments\.(first|second|average)$/.test(name))).toBe(false)
    expect(a['moments.samples'].length).toBe(12 + 144)
    expect(b).toEqual(a)
    expect(readMetrics(parts).at(-1)!.loss).toBe(readMetrics(whole).at(-1)!.loss)
  })

  test('follows the samples, and what stands for the data stays', async () => {
    const directory = folder('moves')
    await train(frechet, { directory })
    const before = readCheckpoint(directory)!.state
    await train({ steps: 16 }, { directory, resume: true })
    const after = readCheckpoint(directory)!.state
    expect(after['moments.data']).toEqual(before['moments.data'])
    expect(after['moments.samples']).not.toEqual(before['moments.samples'])
    // A new batch has a hundredth of it.
    const change = after['moments.samples'].reduce(
      (most, x, i) => Math.max(most, Math.abs(x - before['moments.samples'][i])),
      0,
    )
    expect(change).toBeLessThan(0.2)
  })

  test('the distance at the start is that of two sets of samples, and not of nothing', async () => {
    const directory = folder('start')
    const exact: UserConfig = { ...frechet, features: null, steps: 1, options: { beta: 0.999 } }
    await train(exact, { directory })
    const [{ measures }] = readMetrics(directory)
    // The ring has a variance of 8.02 in each coordinate, the first map's samples about 1: (2.83 - 1)^2 each.
    expect(measures!.distance).toBeGreaterThan(4)
    expect(measures!.distance).toBeLessThan(9)
  })

  test('watches the same samples in features that no run trains by, which tell what coordinates do not', async () => {
    const directory = folder('elsewhere')
    // Coordinates alone: two moments, which a Gaussian has as well as the ring.
    const blind: UserConfig = { ...frechet, features: null, options: { beta: 0.9 }, steps: 500, batch: 128 }
    await train({ ...blind, optimizer: { learningRate: 3e-3 } }, { directory })
    const log = readMetrics(directory)
    const [first, last] = [log[0].measures!, log.at(-1)!.measures!]
    const left = last.distance / first.distance
    expect(left).toBeLessThan(0.4)
    expect(last.distanceElsewhere / first.distanceElsewhere).toBeGreaterThan(1.5 * left)
    const { state } = readCheckpoint(directory)!
    expect(state['elsewhere.data'].length).toBe(24 + 24 * 24)
  })

  test('goes on from a checkpoint of before anything was watched, and from none without what it trains by', async () => {
    const [whole, before, less] = ['watched', 'unwatched', 'unremembered'].map(name => folder(name))
    for (const directory of [before, less]) await train({ ...frechet, steps: 8 }, { directory })
    await train(frechet, { directory: whole })
    const without = (directory: string, name: string): void => {
      const kept = readCheckpoint(directory)!
      const state = Object.fromEntries(Object.entries(kept.state).filter(([key]) => !key.startsWith(name)))
      writeCheckpoint(directory, { ...kept, state })
    }
    without(before, 'elsewhere.')
    await train({ steps: 12 }, { directory: before, resume: true })
    const [a, b] = [whole, before].map(directory => readCheckpoint(directory)!.state)
    // It is begun with samples of the map as it is now; nothing else depends on it.
    expect({
      ...b,
      ...Object.fromEntries(['elsewhere.samples', 'elsewhere.data'].map(key => [key, a[key]])),
    }).toEqual(a)
    expect(b['elsewhere.data'].length).toBe(a['elsewhere.data'].length)
    expect(readMetrics(before).at(-1)!.measures!.distanceElsewhere).toBeGreaterThan(0)
    without(less, 'moments.')
    await expect(train({ steps: 12 }, { directory: less, resume: true })).rejects.toThrow(
      /the checkpoint has 0 numbers of moments\.samples/,
    )
  })

  describe('of the newest samples', () => {
    const queued: UserConfig = { ...frechet, options: { queue: 72 } }

    test('has the batch in front, those of before behind it, and goes on with the same bits', async () => {
      const [whole, parts] = ['queue-whole', 'queue-parts'].map(name => folder(name))
      await train(queued, { directory: whole })
      await train({ ...queued, steps: 11 }, { directory: parts })
      const before = readCheckpoint(parts)!.state
      await train({ steps: 12 }, { directory: parts, resume: true })
      const after = readCheckpoint(parts)!.state
      expect(after).toEqual(readCheckpoint(whole)!.state)
      const [old, now] = [before, after].map(state => [...state['moments.samples']])
      expect(now.length).toBe(72 * 12)
      expect(now.slice(32 * 12)).toEqual(old.slice(0, 40 * 12))
      expect(now.slice(0, 32 * 12)).not.toEqual(old.slice(0, 32 * 12))
      expect(after['moments.data'].length).toBe(12 + 144)
    })
    test('begins full', async () => {
      const directory = folder('queue-start')
      await train({ ...queued, steps: 1 }, { directory })
      const kept = readCheckpoint(directory)!.state['moments.samples']
      for (let i = 0; i < 72; i++) expect(kept.slice(12 * i, 12 * i + 12).some(x => x !== 0)).toBe(true)
    })
    test('and of classes', async () => {
      const directory = folder('queue-classes')
      const condition = { kind: 'class', drop: 0.25 } as const
      await train({ ...queued, condition, options: { queue: 72, classes: true } }, { directory })
      const { state } = readCheckpoint(directory)!
      const classes = 8 + 1
      expect(state['moments.samples'].length).toBe(72 * (12 + classes))
      // Each sample is of one class.
      for (let i = 0; i < 72; i++) {
        const row = [...state['moments.samples'].slice(i * (12 + classes), (i + 1) * (12 + classes))]
        expect(row.slice(12).filter(x => x === 1).length).toBe(1)
        expect(row.slice(12).filter(x => x === 0).length).toBe(classes - 1)
      }
      const parts = [...state['moments.data'].slice(-classes)]
      expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
      expect(parts.at(-1)).toBeGreaterThan(0.2)
      expect(parts.at(-1)).toBeLessThan(0.3)
      expect(readMetrics(directory).every(({ loss }) => Number.isFinite(loss))).toBe(true)
    })
    test('is refused where it makes no sense', () => {
      const refused = (user: UserConfig) => () => resolveConfig({ ...frechet, ...user })
      expect(refused({ options: { queue: 31 } })).toThrow(/^options\.queue: a batch has 32 samples/)
      expect(refused({ options: { queue: 64, beta: 0.9 } })).toThrow(
        /^options\.beta: with a queue, moments are not averaged/,
      )
      expect(refused({ options: { classes: true } })).toThrow(/^options\.classes: frechet compares samples/)
      const config = resolveConfig(queued)
      expect(remarksOn(config, objectives.get('frechet')!).join()).toMatch(/72 samples are few/)
    })
  })

  test('a training that has none is told so', async () => {
    const config = resolveConfig(frechet)
    const dataset = generatedDataset('ring')
    const step = buildStep(config, { shape: [2] })
    const program = await runtime
      .openRuntime({ device: 'cpu' })
      .then(opened => opened.compileScan(step.graph, step.state.length))
    expect(() => new Trainer(config, dataset, step, program)).toThrow(/filledMemories/)
    await program.close()
  })
})
