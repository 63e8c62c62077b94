import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { ConfigError, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { evaluateRun, exactVelocity } from '../../src/evaluation/evaluate.ts'
import { objectives } from '../../src/objective/index.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { load } from '../../src/serialization/load.ts'
import { buildStep } from '../../src/training/step.ts'
import { openCouplingTeacher, openTeachers } from '../../src/training/teacher.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { mixture, quick, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('teachers')
const at = (name: string) => join(folder, name)
const velocity = at('velocity')
const dataset = generatedDataset(mixture)
const points = drawNoise(200, 2, 5)

beforeAll(async () => {
  const network = { ...quick.network, conditioning: 's' } as const
  await train({ ...quick, network, objective: 'flow-matching', steps: 800 }, { directory: velocity })
  const others: Record<string, UserConfig> = {
    map: { objective: 'psd' },
    'to-data': { objective: 'ct' },
    'from-noise': { objective: 'pid', teacher: 'exact' },
    'of-samples': { objective: 'imm' },
    'trig-path': { objective: 'psd', interpolant: 'trig' },
    'in-space': { objective: 'psd', data: { gaussian: { mean: [0, 1, 2], std: 1 } } as never },
  }
  for (const [name, config] of Object.entries(others)) {
    await train({ ...tiny, data: mixture, steps: 1, ...config }, { directory: at(name) })
  }
})

/** The field that a formula would see, at time 0.6. */
function seen(teacher: string): Float64Array {
  const config = resolveConfig({ ...quick, objective: 'lmd', teacher })
  const told = openTeachers(config, dataset).teacher!
  const field = typeof told === 'function' ? told(undefined) : told
  const shape = { x: spec([200, 2], 'float32'), t: spec([200, 1], 'float32') }
  const graph = trace(({ x, t }) => field.velocity(x, t), shape)
  const t = { shape: [200, 1], data: new Float64Array(200).fill(0.6) }
  return evaluate(graph, [{ shape: [200, 2], data: Float64Array.from(points) }, t])[0].data
}
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.sqrt(Array.from(a, (value, i) => (value - b[i]) ** 2).reduce((x, y) => x + y) / a.length)

describe('a velocity teacher', () => {
  test('that is a run is that run', async () => {
    const map = await load(velocity)
    const expected = await map.velocity(points, 0.6)
    await map.close()
    expect(distance(seen(velocity), expected)).toBeLessThan(1e-5)
  })

  test('that is exact is the closed form', async () => {
    const { velocity, close } = await exactVelocity(nodeRuntime(), dataset.mixture!, 'linear')
    const exact = await velocity(Float64Array.from(points), 0.6)
    await close()
    expect(distance(seen('exact'), exact)).toBeLessThan(1e-5)
  })

  test('that is trained comes near the exact one, and so do the maps learnt from either', async () => {
    const exact = seen('exact')
    const size = distance(exact, new Float64Array(exact.length))
    const error = distance(seen(velocity), exact)
    expect(error).toBeGreaterThan(1e-4)
    expect(error).toBeLessThan(0.25 * size)

    const errors: number[] = []
    for (const teacher of ['exact', velocity]) {
      const directory = at(`lmd-${errors.length}`)
      await train({ ...quick, objective: 'lmd', teacher, steps: 600 }, { directory })
      const request = {
        method: 'jump',
        steps: [1],
        count: 200,
        seed: 1,
        weights: ['ema'],
        metrics: ['trajectoryError'],
      } as const
      const { rows } = await evaluateRun(directory, request)
      errors.push(rows[0].metrics.trajectoryError.value!)
    }
    expect(errors[0]).toBeLessThan(0.3)
    expect(errors[1]).toBeLessThan(0.45)
  })

  test('may be a two-time map: its velocity is the one on the diagonal', async () => {
    const map = await load(at('map'))
    const expected = await map.velocity(points, 0.6)
    await map.close()
    expect(distance(seen(at('map')), expected)).toBeLessThan(1e-5)
  })
})

describe('a flow-map teacher', () => {
  const open = (config: UserConfig, data: unknown = mixture) => {
    const user = { ...quick, objective: 'pfmm', ...config, data } as UserConfig
    return openTeachers(resolveConfig(user), generatedDataset(data as never))
  }

  test('is a map between any times, and no velocity unless one is asked for', () => {
    expect(open({ teacher: at('map') }).pretrained).toBeDefined()
    expect(open({ teacher: at('map') }).teacher).toBeUndefined()
    const grounded = { diagonal: { objective: 'teacher-velocity', fraction: 0.5 } } as const
    expect(open({ teacher: at('map'), ...grounded }).teacher).toBeDefined()
    expect(open({ teacher: at('map'), coupling: { kind: 'reflow' } }).teacher).toBeUndefined()
  })

  test('is exact for one round Gaussian', () => {
    expect(open({ teacher: 'exact' }, { gaussian: { mean: [1, 2], std: 0.5 } }).pretrained).toBeDefined()
  })

  test.each<[string, UserConfig, RegExp]>([
    [
      'a velocity',
      { teacher: velocity },
      /^teacher: pfmm needs a flow map between any times, but .*velocity was trained with flow-matching; train one, e\.g\. with --objective psd$/,
    ],
    ['a consistency model', { teacher: at('to-data') }, /needs a flow map .* was trained with ct; train one/],
    [
      'a map from noise',
      { teacher: at('from-noise') },
      /needs a flow map .* was trained with pid; train one/,
    ],
    [
      'the exact map of a mixture',
      { teacher: 'exact' },
      /^teacher: the exact flow map is only known for one round Gaussian on the linear path.*--objective lmd --teacher exact$/,
    ],
    [
      'a map of its samples alone',
      { teacher: at('of-samples') },
      /^teacher: .*of-samples is no flow map: imm matches what comes out and keeps no trajectories.*psd$/,
    ],
    ['no run', { teacher: at('nowhere') }, /^teacher: .*nowhere: no such run$/],
  ])('is not %s', (_, config, message) => {
    expect(() => open(config)).toThrow(ConfigError)
    expect(() => open(config)).toThrow(message)
  })

  test('is not exact on another path', () => {
    const round = { gaussian: { mean: [1, 2], std: 0.5 } }
    expect(() => open({ teacher: 'exact', interpolant: 'trig' }, round)).toThrow(/on the linear path, but/)
  })
})

describe('a teacher that does not fit', () => {
  test.each<[string, UserConfig, RegExp]>([
    [
      'learnt jumps to the data alone',
      { teacher: at('to-data') },
      /^teacher: .*to-data is no velocity: ct learns jumps to the data and no velocity; train a teacher with --objective flow-matching$/,
    ],
    [
      'learnt jumps from pure noise alone',
      { teacher: at('from-noise') },
      /^teacher: .*from-noise is no velocity: pid learns jumps from pure noise and no velocity; /,
    ],
    [
      'is on another path',
      { teacher: at('trig-path') },
      /^teacher: .*trig-path was trained on the trig path, this run is on linear$/,
    ],
    [
      'has other coordinates',
      { teacher: at('in-space') },
      /^teacher: .*in-space has points of 3 coordinates, .* of 2$/,
    ],
    [
      'is exact where there is no closed form',
      { teacher: 'exact', data: 'checkerboard' },
      /^teacher: exact needs a Gaussian mixture or a language with a known distribution, but checkerboard is neither; train a teacher with --objective flow-matching$/,
    ],
  ])('is refused: it %s', (_, config, message) => {
    const whole = resolveConfig({ ...quick, objective: 'lmd', ...config })
    expect(() => openTeachers(whole, generatedDataset(whole.data))).toThrow(ConfigError)
    expect(() => openTeachers(whole, generatedDataset(whole.data))).toThrow(message)
  })

  test.each(['reflow', 'cmt'])('has no trajectories that %s could solve', objective => {
    const config = resolveConfig({ ...quick, objective, teacher: at('of-samples') })
    const wanted = /^teacher: .*of-samples has no trajectories to solve: imm matches what comes out/
    expect(() => openCouplingTeacher(config, dataset)).toThrow(wanted)
    const other = resolveConfig({ ...quick, objective, teacher: at('map') })
    expect(openCouplingTeacher(other, dataset)).toBeDefined()
  })

  test('is refused under its own key where it belongs to the coupling', () => {
    const coupling = { kind: 'reflow', teacher: at('to-data') } as const
    const config = resolveConfig({ ...quick, objective: 'meanflow', coupling })
    expect(openTeachers(config, dataset)).toEqual({})
    expect(() => openCouplingTeacher(config, dataset)).toThrow(
      /^coupling\.teacher: .*ct learns jumps to the data/,
    )
  })
})

describe('a teacher whose trajectories are solved', () => {
  const pairs = (objective: string, config: UserConfig) => resolveConfig({ ...quick, objective, ...config })

  test.each(['reflow', 'cmt'])('is all that %s learns from: the formula sees none', objective => {
    const own = pairs(objective, { teacher: velocity })
    expect(openTeachers(own, dataset)).toEqual({})
    expect(openCouplingTeacher(own, dataset)).toBeDefined()
    const other = pairs(objective, { coupling: { teacher: velocity } })
    expect(openTeachers(other, dataset)).toEqual({})
    expect(openCouplingTeacher(other, dataset)).toBeDefined()
    expect(() => pairs(objective, { teacher: velocity, coupling: { teacher: 'exact' } })).toThrow(
      `teacher: ${objective} only uses coupling.teacher here; remove one of the two`,
    )
  })

  test('may be another than the one that a formula asks for', () => {
    const config = pairs('lmd', { teacher: 'exact', coupling: { kind: 'reflow', teacher: velocity } })
    expect(openTeachers(config, dataset).teacher).toBeDefined()
    expect(openCouplingTeacher(config, dataset)).toBeDefined()
    expect(openCouplingTeacher(pairs('lmd', { teacher: 'exact' }), dataset)).toBeUndefined()
  })
})

describe('a missing teacher', () => {
  const rows = [...objectives.values()]
  const needing = (need: 'teacher' | 'flow-map-teacher') =>
    rows.filter(({ needs }) => needs.includes(need)).map(({ id }) => id)

  test('is a velocity for some rows and a flow map for others', () => {
    expect(needing('teacher').length).toBeGreaterThan(10)
    expect(needing('flow-map-teacher')).toEqual(['pfmm', 'reward-backprop'])
  })

  test.each(needing('teacher'))('of %s: says how to train a velocity', objective => {
    expect(() => resolveConfig({ objective })).toThrow(
      `teacher: ${objective} needs a teacher; train one with "oxbow train --objective flow-matching --out runs/teacher" and pass --teacher runs/teacher, or pass --teacher exact where the data is a Gaussian mixture`,
    )
  })

  test.each(needing('flow-map-teacher'))('of %s: says how to train a flow map', objective => {
    expect(() => resolveConfig({ objective })).toThrow(
      `teacher: ${objective} needs a trained flow map; train one, e.g. with "oxbow train --objective psd --out runs/map", and pass --teacher runs/map`,
    )
  })

  test.each<[string, UserConfig, string]>([
    [
      'a coupling',
      { objective: 'meanflow', coupling: { kind: 'reflow' } },
      'meanflow with coupling.kind reflow',
    ],
    ['a diagonal term', { objective: 'psd', diagonal: { objective: 'teacher-velocity' } }, 'psd'],
    ['an option', { objective: 'scm', options: { velocity: 'teacher' } }, 'scm'],
  ])('is missed by %s too', (_, config, who) => {
    expect(() => resolveConfig(config)).toThrow(`teacher: ${who} needs a teacher; train one with`)
    expect(resolveConfig({ ...config, teacher: 'exact' }).teacher).toBe('exact')
  })

  test('is noticed by the step as well', () => {
    const config = (objective: string) => resolveConfig({ ...tiny, objective, teacher: 'exact' })
    expect(() => buildStep(config('lmd'), plane)).toThrow(/^teacher: lmd needs a teacher$/)
    expect(() => buildStep(config('pfmm'), plane)).toThrow(/^teacher: pfmm needs a flow map$/)
  })
})
