import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant, evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { type Config, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { evaluateRun, exactVelocity } from '../../src/evaluation/evaluate.ts'
import { flowMap, fromVelocity, networkOf, unflatten, type VelocityField } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { compile, nodeRuntime } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { batchSource } from '../../src/training/batches.ts'
import { initialParameters } from '../../src/training/initial-parameters.ts'
import { networksOf } from '../../src/training/networks.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { metricsOf, mixture, newestCheckpoint, quick } from '../helpers/training.ts'

const folder = temporaryFolder('networks')
const dataset = generatedDataset(mixture)

const small: UserConfig = {
  network: { hidden: 8, layers: 1, frequencies: 2 },
  batch: 64,
  steps: 10,
  objective: 'freeflow',
  teacher: 'any',
  loss: { adaptive: null },
  optimizer: { clip: null },
}
const configOf = (user: UserConfig = {}) => resolveConfig({ ...small, ...user })
const teachers = { teacher: fromVelocity(x => x.neg()) }

/** Sizes of the networks of a configuration, by name. */
const sizes = (config: Config) =>
  Object.fromEntries(networksOf(config, plane).map(({ name, size }) => [name, size]))

/** How far each network moves in the first step, and its new parameters. */
async function firstStep(
  config: Config,
  change: (parameters: Record<string, Float32Array>) => void = () => {},
) {
  const { graph, turns, state, players, metrics } = buildStep(config, plane, teachers)
  const before = freshParameters(config)
  change(before)
  const carried = state.map(name => {
    const [player, vector] = name.split('.')
    return ['parameters', 'average'].includes(vector)
      ? before[player].slice()
      : new Float32Array(before[player].length)
  })
  const drawn = batchSource(config, dataset, turns).draw(1, 1)
  const program = await compile(graph)
  const outputs = await program.run([...carried, ...drawn])
  await program.close()
  const parts = players.map(({ name }) => {
    const after = outputs[state.indexOf(`${name}.parameters`)] as Float32Array
    const moved = Math.hypot(...after.map((p, i) => p - before[name][i]))
    return [name, { moved, after: [...after] }] as const
  })
  const { map, auxiliary } = Object.fromEntries(parts)
  return { map, auxiliary, gradientNorm: (outputs.at(-1) as Float32Array)[metrics.indexOf('gradientNorm')] }
}

/** What the networks of a configuration begin with, by name. */
const freshParameters = (config: Config, initial?: Float32Array): Record<string, Float32Array> =>
  Object.fromEntries(
    networksOf(config, plane).map(trained => [
      trained.name,
      initialParameters(config, trained, initial && { map: initial }),
    ]),
  )

/** With a huge epsilon Adam's first step is the gradient itself, scaled. */
const plain = { epsilon: 1e4, learningRate: 1e3 } as const

describe('networks that train together', () => {
  test('are the map alone, and with it what the objective and the loss ask for', () => {
    expect(Object.keys(sizes(resolveConfig({})))).toEqual(['map'])
    expect(Object.keys(sizes(configOf()))).toEqual(['map', 'auxiliary'])
    expect(Object.keys(sizes(configOf({ loss: { adaptive: null, learned: true } })))).toEqual([
      'map',
      'auxiliary',
      'uncertainty',
    ])
    expect(sizes(configOf()).auxiliary).toBeLessThan(sizes(configOf()).map)
  })

  test('begin apart: the auxiliary drawn by a stream of its own, a learned weight of one', () => {
    const config = configOf({ loss: { adaptive: null, learned: true } })
    const { map, auxiliary, uncertainty } = freshParameters(config)
    expect(map).toEqual(freshParameters(configOf({ objective: 'lmd' })).map)
    // Weights of the first layers, brought to one scale: 2 coordinates and 4 features of each time.
    const first = map.slice(0, 8).map(p => p * Math.sqrt(2 + 2 * 4))
    const second = auxiliary.slice(0, 8).map(p => p * Math.sqrt(2 + 4))
    expect(Math.max(...first.map((p, i) => Math.abs(p - second[i])))).toBeGreaterThan(0.1)
    expect(uncertainty.every(p => p === 0)).toBe(true)
    const sevens = new Float32Array(map.length).fill(7)
    expect(freshParameters(config, sevens)).toEqual({ map: sevens, auxiliary, uncertainty })
  })

  test('are clipped each on its own', async () => {
    const free = await firstStep(configOf({ optimizer: plain, options: { correctionWeight: 0.3 } }))
    const ratio = free.map.moved / free.auxiliary.moved
    expect(Math.abs(Math.log(ratio))).toBeGreaterThan(0.2)

    const both = { ...plain, clip: 1e-3 }
    const clipped = await firstStep(configOf({ optimizer: both, options: { correctionWeight: 0.3 } }))
    expect(clipped.map.moved / clipped.auxiliary.moved).toBeCloseTo(1, 1)
    expect(clipped.gradientNorm).toBeCloseTo(free.gradientNorm, 4)

    // A limit between the two norms shortens the larger one alone.
    const scale = free.map.moved / free.gradientNorm
    const norms = { map: free.map.moved / scale, auxiliary: free.auxiliary.moved / scale }
    const [larger, smaller] = ratio > 1 ? (['map', 'auxiliary'] as const) : (['auxiliary', 'map'] as const)
    const clip = Math.sqrt(norms.map * norms.auxiliary)
    const one = await firstStep(
      configOf({ optimizer: { ...plain, clip }, options: { correctionWeight: 0.3 } }),
    )
    expect(one[smaller].moved / free[smaller].moved).toBeCloseTo(1, 3)
    expect(one[larger].moved / free[larger].moved).toBeCloseTo(clip / norms[larger], 2)
  })
})

describe('FreeFlow', () => {
  const weight = (correctionWeight: number) => configOf({ optimizer: plain, options: { correctionWeight } })
  /** Another auxiliary velocity. */
  const another = ({ auxiliary }: Record<string, Float32Array>) => {
    for (let i = 0; i < auxiliary.length; i++) auxiliary[i] *= -1.5
  }

  test('corrects the student by the auxiliary, and only by the weight of the correction', async () => {
    const [none, other] = [await firstStep(weight(0)), await firstStep(weight(0), another)]
    expect(other.map.after).toEqual(none.map.after)
    const [some, same] = [await firstStep(weight(0.5)), await firstStep(weight(0.5), another)]
    expect(some.map.after).not.toEqual(none.map.after)
    expect(same.map.after).not.toEqual(some.map.after)
  })

  test('trains the auxiliary by its own loss alone, which never moves the student', async () => {
    const [none, some] = [await firstStep(weight(0)), await firstStep(weight(0.5))]
    expect(some.auxiliary.after).toEqual(none.auxiliary.after)
    expect(none.auxiliary.moved).toBeGreaterThan(0)
  })

  test('trains its correction and its auxiliary as they stand, the prediction as the loss says', async () => {
    const directory = join(folder, 'plain')
    const loss = { kind: 'pseudo-huber', adaptive: null, learned: true } as const
    await train({ ...small, data: mixture, teacher: 'exact', loss }, { directory })
    const [{ terms }] = metricsOf(directory)
    expect(terms.correction.loss).toBe(terms.correction.residual)
    expect(terms.auxiliary.loss).toBe(terms.auxiliary.residual)
    expect(terms.prediction.loss).not.toBeCloseTo(terms.prediction.residual, 2)
  })

  describe('trained', () => {
    const directory = join(folder, 'freeflow')
    const user: UserConfig = {
      ...quick,
      objective: 'freeflow',
      teacher: 'exact',
      steps: 1000,
      loss: { adaptive: null },
      optimizer: { ...quick.optimizer, clip: null },
      options: { correctionWeight: { kind: 'linear', from: 0, to: 0.1, start: 0.1, end: 0.4 } },
    }
    beforeAll(() => train(user, { directory }))

    test('has an auxiliary velocity near that of its samples', async () => {
      const lines = metricsOf(directory)
      expect(Object.keys(lines[0].terms)).toEqual(['prediction', 'correction', 'auxiliary'])
      const [first, last] = [lines[0], lines.at(-1)!].map(({ terms }) => terms.auxiliary.residual)
      expect(last).toBeLessThan(0.75 * first)

      const config = resolveConfig(user)
      const flat = newestCheckpoint(directory)['auxiliary.parameters']
      const [x0, noise] = [new Float32Array(600), drawNoise(300, 2, 4)]
      dataset.sample(random(4, 'points'), x0)
      const pointsAt = (time: number) =>
        Float64Array.from(x0, (value, i) => (1 - time) * value + time * noise[i])
      const shape = { x: spec([300, 2], 'float64'), t: spec([300, 1], 'float64') }
      const at = (field: VelocityField, time: number) =>
        evaluate(
          trace(({ x, t }) => field.velocity(x, t), shape),
          [
            { shape: [300, 2], data: pointsAt(time) },
            { shape: [300, 1], data: new Float64Array(300).fill(time) },
          ],
        )[0].data
      const network = networkOf({ ...config.network, conditioning: 's' }, plane)
      const parameters = constant(Array.from(flat.data), [flat.data.length], 'float64')
      const auxiliary = flowMap(network.apply(unflatten(parameters, network)))
      const { velocity, close } = await exactVelocity(nodeRuntime(), dataset.mixture!, 'linear')
      for (const time of [0.4, 0.7]) {
        const exact = await velocity(pointsAt(time), time)
        const found = at(auxiliary, time)
        const size = Math.hypot(...exact)
        expect(Math.hypot(...exact.map((v, i) => v - found[i])) / size, `time ${time}`).toBeLessThan(0.4)
      }
      await close()
    })

    test('is saved without it', async () => {
      const model = readModel(directory)
      expect(model.parameters).toHaveLength(sizes(resolveConfig(user)).map)
      expect(readModel(directory, 'raw').parameters).toHaveLength(model.parameters.length)
      const checkpoint = newestCheckpoint(directory)
      for (const [name, size] of Object.entries(sizes(resolveConfig(user)))) {
        expect(checkpoint[`${name}.parameters`].data.length).toBe(size)
      }
      for (const weights of ['ema', 'raw'] as const) {
        const { rows } = await evaluateRun(directory, {
          method: 'jump',
          steps: [1],
          count: 200,
          metrics: ['trajectoryError'],
          seed: 1,
          weights: [weights],
        })
        expect(rows[0].metrics.trajectoryError.value).toBeLessThan(0.6)
      }
    })
  })
})
