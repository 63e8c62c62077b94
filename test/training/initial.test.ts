import { cpSync, renameSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { type Config, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { planComparison, resolveComparison } from '../../src/evaluation/comparison.ts'
import { type EvaluationRequest, evaluateRun } from '../../src/evaluation/evaluate.ts'
import {
  conversionOf,
  flattenArrays,
  mapOf,
  networkOf,
  parameterCount,
  unflattenArray,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { load } from '../../src/serialization/load.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { metricsOf, newestCheckpoint, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('initial')
const at = (name: string) => join(folder, name)

type Network = Config['network']
const base: Network = { ...resolveConfig({}).network, hidden: 7, layers: 3, frequencies: 3 }
const velocity: Network = { ...base, conditioning: 's' }
const layered: Network = { ...velocity, injection: 'layers' }
const decoupled: Network = { ...layered, conditioning: 'decoupled' }

const sizeOf = (network: Network) => parameterCount({ network }, plane)
const conversionProblem = (from: Network, to: Network): string | undefined => {
  const found = conversionOf({ config: from, point: plane }, { config: to, point: plane })
  return typeof found === 'string' ? found : undefined
}
function convertParameters(parameters: Float32Array, from: Network, to: Network): Float32Array {
  const conversion = conversionOf({ config: from, point: plane }, { config: to, point: plane })
  if (typeof conversion === 'string') throw new Error(conversion)
  return flattenArrays(networkOf(to, plane), conversion(unflattenArray(parameters, networkOf(from, plane))))
}
const drawn = (network: Network) => {
  const source = random(4, 'parameters')
  return Float32Array.from({ length: sizeOf(network) }, () => source.uniform() - 0.5)
}

/** `V(x, s, t)` of four points in float64. */
function velocities(network: Network, parameters: Float32Array, s: number, t: number): number[] {
  const field = (x: Tensor, s: Tensor, t: Tensor) =>
    mapOf({ network }, plane, constant(parameters, [parameters.length], 'float64')).velocity(x, s, t)
  const x = value([0.4, -0.9, 1.2, 0.1, -2, 0.3, 0, 0.7], [4, 2])
  const times = [s, t].map(time => value(new Array(4).fill(time), [4, 1]))
  return [...valuesOf(field, x, ...times)[0].data]
}

const TIMES = [0, 0.2, 0.7, 0.9]

describe('a conversion', () => {
  const toMaps = [velocity, layered].flatMap(from =>
    (['s,t', 's,s-t'] as const).flatMap(conditioning =>
      (['input', 'layers'] as const)
        .filter(injection => from.injection === 'input' || injection === 'layers')
        .map((injection): [string, Network, Network] => [
          `${from.injection} to ${conditioning} at ${injection}`,
          from,
          { ...from, conditioning, injection },
        ]),
    ),
  )
  const cases = [...toMaps, ['input to s at layers', velocity, layered] as [string, Network, Network]]

  test.each(cases)('of a velocity from %s is that velocity for every t', (_, from, to) => {
    expect(conversionProblem(from, to)).toBeUndefined()
    const before = drawn(from)
    const after = convertParameters(before, from, to)
    expect(after).toHaveLength(sizeOf(to))
    for (const t of TIMES) expect(velocities(to, after, 0.9, t)).toEqual(velocities(from, before, 0.9, 0.9))
    // Were the new weights not zero, another t would be seen.
    const nudged = after.map(weight => weight || 1e-3)
    if (to.conditioning !== 's')
      expect(velocities(to, nudged, 0.9, 0.2)).not.toEqual(velocities(to, nudged, 0.9, 0.7))
  })

  test.each([null, 1, 2, 3])('to a decoupled map with %s source layers copies it', sourceLayers => {
    const to = { ...decoupled, sourceLayers }
    expect(conversionProblem(layered, to)).toBeUndefined()
    const before = drawn(layered)
    const after = convertParameters(before, layered, to)
    expect(after).toEqual(before)
    for (const s of TIMES) expect(velocities(to, after, s, s)).toEqual(velocities(layered, before, s, s))
    const [euler, jump] = [velocities(layered, before, 0.9, 0.2), velocities(to, after, 0.9, 0.2)]
    expect(Math.max(...jump.map((v, i) => Math.abs(v - euler[i])))).toBeGreaterThan(0.05)
  })

  test('to the same network is a copy of its own', () => {
    const before = drawn(base)
    const after = convertParameters(before, base, base)
    expect(after).toEqual(before)
    expect(after.buffer).not.toBe(before.buffer)
  })

  test('knows what is the same although written otherwise', () => {
    expect(conversionProblem(decoupled, { ...decoupled, sourceLayers: 3 })).toBeUndefined()
    const raw = { ...base, embedding: 'raw' } as const
    expect(conversionProblem(raw, { ...raw, frequencies: 9 })).toBeUndefined()
  })

  const refused: [Network, Network, RegExp][] = [
    [velocity, { ...base, hidden: 8 }, /^network\.hidden is 7 there and 8 here$/],
    [velocity, { ...base, frequencies: 4 }, /^network\.frequencies is 3 there and 4 here$/],
    [
      velocity,
      { ...base, activation: 'tanh', embedding: 'raw' },
      /network\.activation is "silu" there and "tanh" here, network\.embedding is/,
    ],
    [velocity, { ...base, parameterization: 'denoised' }, /^network\.parameterization is "average-velocity"/],
    [
      base,
      { ...base, conditioning: 's,s-t' },
      /conditioning is "s,t" there and "s,s-t" here; only a velocity/,
    ],
    [base, velocity, /only a velocity network \("s"\) becomes another kind/],
    [decoupled, { ...decoupled, sourceLayers: 1 }, /^network\.sourceLayers is 3 there and 1 here/],
    [velocity, { ...base, conditioning: 's-t' }, /a velocity depends on s/],
    [layered, { ...base, injection: 'input' }, /later layers use the time/],
    [velocity, decoupled, /none could see t; train it with --network\.injection layers/],
  ]
  test.each(refused)('is refused where it makes no sense: case %#', (from, to, reason) => {
    expect(conversionProblem(from, to)).toMatch(reason)
  })
})

const data = {
  mixture: {
    components: [
      { weight: 2, mean: [1.5, 0.5], std: 0.4 },
      { weight: 1, mean: [-1, -1], std: [0.3, 0.6] },
    ],
  },
}
const small: UserConfig = {
  data,
  batch: 128,
  steps: 250,
  logEvery: 25,
  ema: 0.95,
  optimizer: { learningRate: 3e-3 },
}
const shape = { hidden: 32, layers: 2, frequencies: 4 } as const

/** Distance of two jumps to the exact flow map. */
async function twoJumpError(name: string): Promise<number> {
  const request: EvaluationRequest = {
    method: 'jump',
    steps: [2],
    count: 200,
    seed: 1,
    weights: ['ema'],
    metrics: ['trajectoryError'],
  }
  const { rows } = await evaluateRun(at(name), request)
  return rows[0].metrics.trajectoryError.value!
}

describe('a run from another', () => {
  beforeAll(async () => {
    const network = { ...shape, conditioning: 's', injection: 'layers' } as const
    const config = { ...small, network, objective: 'flow-matching', steps: 800 }
    await train(config, { directory: at('velocity') })
  })
  const tuned: UserConfig = { ...small, objective: 'meanflow', initFrom: at('velocity') }

  test('of no steps is a map: the velocity on the diagonal, no Euler step beside it', async () => {
    const directory = at('zero')
    const network = { conditioning: 'decoupled' } as const
    const { steps, finished, loss } = await train({ ...tuned, network, steps: 0 }, { directory })
    expect([steps, finished, loss]).toEqual([0, true, Number.NaN])
    expect(checkpointSteps(directory)).toEqual([0])

    const [map, from] = [await load(directory), await load(at('velocity'))]
    const x = drawNoise(300, 2, 3)
    const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i])))
    for (const s of TIMES)
      expect(distance(await map.velocity(x, s), await from.velocity(x, s))).toBeLessThan(1e-6)
    const jump = await map.jump(x, 0.9, 0.2)
    expect(distance(jump, await from.jump(x, 0.9, 0.2))).toBeGreaterThan(0.05)
    // ONNX Runtime's float32 against the evaluator's float64.
    const { model } = map
    const points = drawNoise(4, 2, 3)
    const field = (x: Tensor, s: Tensor, t: Tensor) =>
      mapOf(model!.config, plane, constant(model!.parameters, [model!.parameters.length], 'float64')).jump(
        x,
        s,
        t,
      )
    const times = [0.9, 0.2].map(time => value(new Array(4).fill(time), [4, 1]))
    const [exact] = valuesOf(field, value([...points], [4, 2]), ...times)
    expect(distance(await map.jump(points, 0.9, 0.2), exact.data)).toBeLessThan(1e-5)
    await map.close()
    await from.close()
  })

  test('of no steps is trained on from there', async () => {
    const [directory, straight] = [at('zero-more'), at('zero-straight')]
    await train({ ...tuned, steps: 0 }, { directory })
    await train({ steps: 60 }, { directory, resume: true })
    await train({ ...tuned, steps: 60 }, { directory: straight })
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(straight))
    expect(metricsOf(directory)).toEqual(metricsOf(straight))
  })

  test('begins with its averaged parameters, the same average and no moments', async () => {
    const directory = at('begin')
    const network = { conditioning: 'decoupled' } as const
    await train({ ...tuned, network }, { directory, shouldStop: () => true })
    const checkpoint = newestCheckpoint(directory)
    const [parameters, ema, first, second] = ['parameters', 'average', 'first', 'second'].map(
      vector => checkpoint[`map.${vector}`],
    )
    expect(parameters.data).toEqual(readModel(at('velocity')).parameters)
    expect(parameters.data).not.toEqual(readModel(at('velocity'), 'raw').parameters)
    expect(ema.data).toEqual(parameters.data)
    expect([...first.data, ...second.data].every(moment => moment === 0)).toBe(true)
  })

  test('comes nearer the exact map than its start, and than one from nothing in as many steps', async () => {
    // The adaptive weight, meanflow's default, moves the optimum away from the conditional mean.
    const plain: UserConfig = { ...tuned, batch: 512, loss: { adaptive: null } }
    await train({ ...plain, steps: 0 }, { directory: at('start') })
    await train(plain, { directory: at('tuned') })
    const network = { ...shape, injection: 'layers' } as const
    await train({ ...plain, initFrom: null, network }, { directory: at('scratch') })
    const [start, fine, scratch] = await Promise.all(['start', 'tuned', 'scratch'].map(twoJumpError))
    expect(fine).toBeLessThan(0.75 * scratch)
    expect(fine).toBeLessThan(0.75 * start)
  })

  test('stopped and resumed is the same to the bit, also where the other is gone by then', async () => {
    const [copy, directory] = [at('copy'), at('stopped')]
    cpSync(at('velocity'), copy, { recursive: true })
    await train({ ...tuned, initFrom: copy }, { directory: at('straight') })
    await train({ ...tuned, initFrom: copy }, { directory, shouldStop: stopAfter(4) })
    expect(checkpointSteps(directory).at(-1)).toBeLessThan(200)
    renameSync(copy, at('moved'))
    const { finished } = await train({ initFrom: copy }, { directory, resume: true })
    expect(finished).toBe(true)
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(at('straight')))
    expect(metricsOf(directory)).toEqual(metricsOf(at('straight')))
    expect(readRecord(directory).config.initFrom).toBe(copy)
    await expect(train({ ...tuned, initFrom: copy }, { directory: at('never') })).rejects.toThrow(
      `initFrom: ${copy}: no such run`,
    )
  })

  test('killed before its first checkpoint begins from the other again', async () => {
    const [directory, straight] = [at('killed'), at('unkilled')]
    await train({ ...tuned, steps: 40 }, { directory: straight })
    cpSync(straight, directory, { recursive: true })
    rmSync(paths(directory).checkpoints, { recursive: true })
    await train({}, { directory, resume: true })
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(straight))
    expect(metricsOf(directory)).toEqual(metricsOf(straight))
  })

  describe('takes over', () => {
    const started = async (user: UserConfig): Promise<Config> => {
      const directory = at(`taken-${Object.keys(user).length}-${Math.random()}`)
      await train({ ...small, initFrom: at('velocity'), steps: 0, ...user }, { directory })
      return readRecord(directory).config
    }

    test('the network, conditioned as the objective needs', async () => {
      const here = relative(process.cwd(), at('velocity'))
      const { network, initFrom } = await started({ objective: 'lsd', initFrom: here })
      expect(network).toEqual({ ...layered, ...shape, conditioning: 's,t' })
      expect(initFrom).toBe(at('velocity'))
      expect((await started({ objective: 'flow-matching' })).network.conditioning).toBe('s')
    })

    test('all of a map that has the right kind already', async () => {
      const network = { conditioning: 'decoupled', sourceLayers: 1 } as const
      await train({ ...tuned, steps: 0, network }, { directory: at('one') })
      expect((await started({ objective: 'psd', initFrom: at('one') })).network).toMatchObject(network)
    })

    test('but not what was said', async () => {
      await expect(started({ network: { hidden: 16 } })).rejects.toThrow(
        /^initFrom: .*velocity cannot start this run: network\.hidden is 32 there and 16 here$/,
      )
      await expect(started({ interpolant: 'trig' })).rejects.toThrow(
        /^initFrom: .*velocity was trained on the linear path, this run is on trig$/,
      )
      const flat = { gaussian: { mean: [0, 1, 2], std: 1 } } as const
      await expect(started({ data: flat as unknown as UserConfig['data'] })).rejects.toThrow(
        /^initFrom: .*velocity has points of 2 coordinates, .* of 3$/,
      )
    })
  })

  test('has a place in a comparison that knows the other by its name', () => {
    const plan = (initFrom: string, steps = 0) =>
      planComparison(
        resolveComparison({
          data,
          objectives: ['meanflow', { id: 'meanflow', label: 'tuned', training: { initFrom, steps } }],
        }),
        at('comparison'),
      ).runs
    cpSync(at('velocity'), at('elsewhere/velocity'), { recursive: true })
    cpSync(at('velocity'), at('other'), { recursive: true })
    const [plain, row] = plan(at('velocity'))
    expect(row.config).toMatchObject({ initFrom: at('velocity'), steps: 0, network: { injection: 'layers' } })
    expect(plain.config.network.injection).toBe('input')
    const directories = (initFrom: string) => plan(initFrom).map(({ directory }) => directory)
    expect(directories(at('elsewhere/velocity'))).toEqual(directories(at('velocity')))
    expect(directories(at('other'))[1]).not.toBe(row.directory)
    expect(directories(at('other/model.safetensors'))[1]).not.toBe(
      directories(at('velocity/model.safetensors'))[1],
    )
    expect(() => plan(at('nowhere'))).toThrow(/^training of tuned: initFrom: .*nowhere: no such run$/)
  })
})
