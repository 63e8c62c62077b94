import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluate, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import {
  type Condition,
  extrapolate,
  interpolants,
  isInside,
  isToldOf,
  mixtureVelocity,
} from '../../src/model/index.ts'
import { objectives } from '../../src/objective/index.ts'
import { readRecord } from '../../src/serialization/run.ts'
import { batchSource } from '../../src/training/batches.ts'
import { guidedTeacher } from '../../src/training/guidance.ts'
import { train } from '../../src/training/train.ts'
import { roundOf } from '../../src/training/turns.ts'
import { residualOf } from '../../src/training/verdict.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, mixture, newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('guidance')
const at = (name: string) => join(folder, name)

const small = {
  ...tiny,
  data: mixture,
  objective: 'flow-matching',
  condition: { kind: 'class' },
  steps: 10,
  checkpointEvery: 5,
  chunk: 5,
} as const satisfies UserConfig

/** Of pictures, whose network can be told intervals. */
const PICTURES = {
  data: 'glyphs',
  objective: 'imf',
  times: { law: 'logit-normal', equal: 0.5 },
  network: { kind: 'dit', width: 8, depth: 1, heads: 1 },
} as const satisfies UserConfig

describe('what is drawn for a step', () => {
  const drawn = (user: UserConfig) => {
    const config = resolveConfig({ ...small, batch: 400, ...user })
    const turns = roundOf(config)
    const { inputs } = turns[0].terms[0]
    const arrays = batchSource(
      config,
      generatedDataset(user.data === undefined ? 'ring' : (config.data as string)),
      turns,
    ).draw(1, 1)
    return (name: (typeof inputs)[number]) => [
      ...(arrays[inputs.indexOf(name)] as ArrayLike<number | bigint> as number[]),
    ]
  }

  test('no scales without a rule', () => {
    const config = resolveConfig(small)
    expect(roundOf(config)[0].terms[0].inputs).not.toContain('scale')
  })

  test('one scale for all samples, and 1 for those that are shown the null', () => {
    const of = drawn({ guidance: { rule: 'linear', scale: 3 } })
    const [scales, classes] = [of('scale'), of('class')]
    expect(classes.filter(value => BigInt(value) === 8n).length).toBeGreaterThan(15)
    expect(scales).toEqual(classes.map(value => (BigInt(value) === 8n ? 1 : 3)))
  })

  test('scales of a law', () => {
    const of = drawn({ guidance: { rule: 'random', law: 'uniform', range: [2, 3] } })
    const [scales, classes] = [of('scale'), of('class')]
    const told = scales.filter((_, i) => BigInt(classes[i]) !== 8n)
    expect(Math.min(...told)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...told)).toBeLessThanOrEqual(3)
    expect(new Set(told).size).toBe(told.length)
    expect(scales.every((w, i) => BigInt(classes[i]) !== 8n || w === 1)).toBe(true)
  })

  test('intervals of jumps, which are all times for velocities', () => {
    const of = drawn({ ...PICTURES, guidance: { rule: 'random', interval: 'drawn' } })
    const [low, high, s, t] = (['low', 'high', 's', 't'] as const).map(of)
    const isVelocity = s.map((time, i) => time === t[i])
    expect(new Set(isVelocity).size).toBe(2)
    isVelocity.forEach((is, i) => {
      if (is) expect([low[i], high[i]]).toEqual([0, 1])
      else expect([low[i] > 0, low[i] < 0.5, high[i] > 0.5, high[i] < 1]).toEqual([true, true, true, true])
    })
  })

  test('as without a rule in everything else', () => {
    const [plain, guided] = [drawn({}), drawn({ guidance: { rule: 'random' } })]
    for (const name of ['x0', 'eps', 'class', 's'] as const) expect(guided(name)).toEqual(plain(name))
  })
})

/** A run of every rule. */
const RULES: Record<string, UserConfig> = {
  teacher: { teacher: 'exact', guidance: { rule: 'teacher' } },
  'teacher at drawn scales': { teacher: 'exact', guidance: { rule: 'teacher', law: 'uniform' } },
  auto: { teacher: 'exact', guidance: { rule: 'auto', weak: at('velocity') } },
  mix: { objective: 'meanflow', guidance: { rule: 'mix', interval: [0.1, 0.8] } },
  model: { objective: 'dmf', guidance: { rule: 'model' } },
  random: { objective: 'imf', guidance: { rule: 'random' } },
  'drawn intervals': { ...PICTURES, batch: 8, guidance: { rule: 'random', interval: 'drawn' } },
  linear: { objective: 'tvm', guidance: { rule: 'linear', law: 'inverse-uniform', divide: true } },
  gft: { objective: 'gft' },
  'two terms at once': { objective: 'psd', guidance: { rule: 'random' } },
  'jumps to the data': { objective: 'ct', guidance: { rule: 'linear' } },
  'without data': { objective: 'pid', teacher: 'exact', guidance: { rule: 'teacher' } },
  'trajectories of a guided teacher': {
    objective: 'cmt',
    teacher: 'exact',
    guidance: { rule: 'teacher', scale: 3 },
    coupling: { pairs: 64, steps: 4 },
  },
}

beforeAll(async () => {
  await train(small, { directory: at('velocity') })
})

test('scales are learned from a velocity that was told none', async () => {
  const velocity = { ...small, objective: 'flow-matching', steps: 2 } as const
  await train(velocity, { directory: at('told none') })
  const begun = { ...velocity, objective: 'imf', initFrom: at('told none') } as const
  await train({ ...begun, guidance: { rule: 'random' } }, { directory: at('told scales') })
  expect(readRecord(at('told scales')).config.network.scale).toBe('complement')
  await train(begun, { directory: at('still none') })
  expect(readRecord(at('still none')).config.network.scale).toBe('none')
})

describe('a training with each rule', () => {
  test.each(Object.entries(RULES))(
    '%s: stopped and resumed, it is the same bit for bit',
    async (name, user) => {
      const config = { ...small, ...user }
      const [whole, halved] = [at(`${name} whole`), at(`${name} halved`)]
      const { finished } = await train(config, { directory: whole })
      expect(finished).toBe(true)
      await train(config, { directory: halved, shouldStop: stopAfter(1) })
      await train({}, { directory: halved, resume: true })
      expect(newestCheckpoint(halved)).toEqual(newestCheckpoint(whole))
      const losses = metricsOf(whole).map(({ loss }) => loss)
      expect(losses.every(Number.isFinite)).toBe(true)
    },
  )

  // A transformer begins with an output of zero, which guidance moves little in so few steps.
  test.each(Object.entries(RULES).filter(([name]) => !['gft', 'drawn intervals'].includes(name)))(
    '%s: is another than without it',
    async (name, user) => {
      const { guidance: _, teacher, ...plain } = { ...small, teacher: null, ...user }
      const needsTeacher = objectives.get(plain.objective)!.needs.includes('teacher')
      const directory = at(`${name} unguided`)
      await train({ ...plain, teacher: needsTeacher ? teacher : null }, { directory })
      const [own, guided] = [directory, at(`${name} whole`)].map(run => residualOf(metricsOf(run).at(-1)!))
      expect(Math.abs(own - guided)).toBeGreaterThan(1e-4)
    },
  )
})

test('the teacher of a coupling is guided as that of a formula', () => {
  const { condition } = pointOf(resolveConfig(small), generatedDataset(mixture))
  const exact = mixtureVelocity(generatedDataset(mixture).mixture!, interpolants.linear)
  const ofClass = (told: Condition<Tensor> | undefined) =>
    mixtureVelocity(generatedDataset(mixture).mixture!, interpolants.linear, told?.class)
  const interval = [0.2, 0.7] as const
  const graph = trace(
    ({ x, s, seen }) => {
      const guidance = { scale: 3, interval: [...interval] as [number, number] }
      const told = { class: seen }
      const coupled = guidedTeacher(guidance, condition!, ofClass)(told).velocity(x, s)
      const [own, without] = [ofClass(told), exact].map(({ velocity }) => velocity(x, s))
      const inside = isInside(s, interval).mul(isToldOf(condition!, seen).reshape([4, 1]))
      const expected = extrapolate(without, own, inside.mul(2).add(1))
      return { off: coupled.sub(expected), guidance: coupled.sub(own) }
    },
    { x: spec([4, 2]), s: spec([4, 1]), seen: spec([4], 'int64') },
  )
  const inputs = {
    x: { shape: [4, 2], data: Float64Array.of(0.3, -0.2, 1.1, 0.4, -0.6, 0.8, 0.2, 0.1) },
    s: { shape: [4, 1], data: Float64Array.of(0.5, 0.9, 0.5, 0.6) },
    seen: { shape: [4], data: Float64Array.of(0, 1, 2, 1) },
  }
  const [off, moved] = evaluate(
    graph,
    graph.inputs.map(({ params }) => inputs[params.name as keyof typeof inputs]),
  )
  expect(Math.max(...off.data.map(Math.abs))).toBeLessThan(1e-6)
  const sizes = [0, 1, 2, 3].map(i => Math.hypot(moved.data[2 * i], moved.data[2 * i + 1]))
  // Inside; outside; shown the null; inside.
  expect(sizes.map(size => size > 1e-3)).toEqual([true, false, false, true])
})
