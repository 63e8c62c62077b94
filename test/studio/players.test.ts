import { afterEach, describe, expect, test } from 'vitest'
import { constant, evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { pointOf } from '../../src/config/index.ts'
import { unflatten } from '../../src/model/index.ts'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import type { State } from '../../src/serialization/checkpoint.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import { host } from '../../src/studio/engine/host.ts'
import type { QuestionName, Questions, Report } from '../../src/studio/engine/protocol.ts'
import { configOf, Session } from '../../src/studio/engine/session.ts'
import { freshPlan, type Plan } from '../../src/studio/plan.ts'
import { driftOf, playersShown } from '../../src/studio/players.ts'
import { networksOf } from '../../src/training/networks.ts'
import { until } from '../helpers/cli.ts'

const planOf = (objective: string, change: Partial<Plan> = {}): Plan => ({
  ...freshPlan,
  hidden: 16,
  batch: 32,
  stages: [{ objective, learningRate: 1e-3, steps: 0, keep: false }],
  ...change,
})

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

async function open(objective: string, change?: Partial<Plan>): Promise<Session> {
  const session = await Session.open(engine, planOf(objective, change))
  opened.push(session)
  return session
}

async function take(session: Session, steps: number): Promise<State> {
  const end = session.plan.stages.at(-1)!.steps + steps
  while (session.plan.stages.at(-1)!.steps < end) expect(await session.advance(end)).toBeUndefined()
  return { ...session.state }
}

const ask = <N extends QuestionName>(session: Session, name: N, question: Questions[N]['ask']) =>
  answers[name](question as never, session, engine) as Promise<Questions[N]['answer']>

const points = drawNoise(40, 2, 3)

/** The mean of the critic's outputs by the float64 evaluator. */
function judgedExactly(session: Session, r: number): Float64Array {
  const { config, dataset, state } = session
  const { network } = networksOf(config, pointOf(config, dataset)).find(({ name }) => name === 'critic')!
  const own = state['critic.parameters']!
  const graph = trace(
    ({ x, r }) => network.apply(unflatten(constant(own, [own.length], 'float64'), network))(x, r, r),
    { x: spec([40, 2], 'float64'), r: spec([40, 1], 'float64') },
  )
  const inputs = [
    { shape: [40, 2], data: Float64Array.from(points) },
    { shape: [40, 1], data: new Float64Array(40).fill(r) },
  ]
  return Float64Array.from(evaluate(graph, inputs)[0].data)
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))
}

describe('what a critic says', () => {
  test('is the value of its present parameters at the noise level', async () => {
    const session = await open('gan')
    await take(session, 30)
    const near = await ask(session, 'judged', { player: 'critic', points, r: 0.1 })
    expect(apart(near, judgedExactly(session, 0.1))).toBeLessThan(1e-4)
    const far = await ask(session, 'judged', { player: 'critic', points, r: 0.9 })
    expect(apart(far, judgedExactly(session, 0.9))).toBeLessThan(1e-4)
    expect(apart(far, near)).toBeGreaterThan(1e-3)
    await take(session, 10)
    const later = await ask(session, 'judged', { player: 'critic', points, r: 0.1 })
    expect(apart(later, near)).toBeGreaterThan(1e-4)
  })

  test('goes by the class that is told', async () => {
    const session = await open('gan', { target: { kind: 'built-in', name: 'two-moons' }, condition: 'class' })
    await take(session, 30)
    const said = []
    for (const told of [0, 1, null]) {
      session.tell(told)
      said.push(await ask(session, 'judged', { player: 'critic', points, r: 0.1 }))
    }
    expect(apart(said[0], said[1])).toBeGreaterThan(1e-4)
    expect(apart(said[0], said[2])).toBeGreaterThan(1e-4)
  })

  test.each([
    ['lsd', 'critic'],
    ['dmd', 'fake'],
  ])('is refused where %s has no %s that judges', async (objective, player) => {
    const session = await open(objective)
    await expect(ask(session, 'judged', { player, points, r: 0.1 })).rejects.toThrow(
      `player: ${objective} has no "${player}" that judges points`,
    )
  })

  test('is that of the present stage', async () => {
    const session = await open('gan')
    await take(session, 2)
    await ask(session, 'judged', { player: 'critic', points, r: 0.1 })
    await session.change({ objective: 'cafm', learningRate: 1e-3, keep: true })
    await take(session, 1)
    const found = await ask(session, 'judged', { player: 'critic', points, r: 0.1 })
    expect(apart(found, judgedExactly(session, 0.1))).toBeLessThan(1e-4)
  })
})

describe('the drift', () => {
  const meanLength = (vectors: ArrayLike<number>) =>
    Array.from(vectors, v => v ** 2).reduce((a, b) => a + b, 0) / vectors.length

  test('begins at samples of the map, the same noises each time, and leads towards the data', async () => {
    const session = await open('drifting')
    await take(session, 3)
    const first = await ask(session, 'drift', { weights: 'raw' })
    expect(first.points).toHaveLength(800)
    expect(first.drift).toHaveLength(800)
    expect(await ask(session, 'drift', { weights: 'raw' })).toEqual(first)
    expect((await ask(session, 'drift', { weights: 'ema' })).points).not.toEqual(first.points)
    expect(meanLength(first.drift)).toBeGreaterThan(0.01)
    // The ring has a radius of 4, and untrained samples lie within: they drift outwards.
    const outwards = Array.from({ length: 400 }, (_, i) => {
      const [[x, y], [u, v]] = [first.points, first.drift].map(list => list.subarray(2 * i, 2 * i + 2))
      return x * u + y * v
    })
    expect(outwards.filter(part => part > 0).length).toBeGreaterThan(390)
    await take(session, 20)
    expect((await ask(session, 'drift', { weights: 'raw' })).points).not.toEqual(first.points)
  })

  test('of a fake score leads towards the data too, and changes with it alone', async () => {
    const session = await open('dmd')
    await take(session, 40)
    const first = await ask(session, 'drift', { weights: 'raw' })
    const outwards = Array.from({ length: 400 }, (_, i) => {
      const [[x, y], [u, v]] = [first.points, first.drift].map(list => list.subarray(2 * i, 2 * i + 2))
      return x * u + y * v
    })
    expect(outwards.filter(part => part > 0).length).toBeGreaterThan(300)
    await session.pausePlayers(['map'])
    await take(session, 10)
    const later = await ask(session, 'drift', { weights: 'raw' })
    expect(later.points).toEqual(first.points)
    expect(later.drift).not.toEqual(first.drift)
  })

  test('is that of the samples of the class that is told', async () => {
    const session = await open('drifting', {
      target: { kind: 'built-in', name: 'two-moons' },
      condition: 'class',
    })
    await take(session, 3)
    const count = async (told: number | null) => {
      session.tell(told)
      return (await ask(session, 'drift', { weights: 'raw' })).points.length / 2
    }
    const [all, first, second] = [await count(null), await count(0), await count(1)]
    expect(all).toBe(400)
    expect(first).toBeGreaterThan(100)
    expect(second).toBeGreaterThan(100)
    expect(first + second).toBeLessThan(400)
  })

  test('is refused where no sample is moved', async () => {
    const session = await open('gan')
    await expect(ask(session, 'drift', { weights: 'raw' })).rejects.toThrow(
      'objective: gan does not say where it moves samples',
    )
  })
})

describe('players that are paused', () => {
  const same = (before: State, after: State, name: string) =>
    Object.keys(before)
      .filter(vector => vector.startsWith(`${name}.`))
      .every(vector => before[vector]!.every((value, i) => value === after[vector]![i]))

  test('stand still in the session, which counts those steps, until they go on', async () => {
    const session = await open('gan')
    const before = await take(session, 4)
    session.line()
    await session.pausePlayers(['critic'])
    // Nothing was trained since the line that was told.
    expect(session.line()).toBeNull()
    const during = await take(session, 5)
    expect(same(before, during, 'critic')).toBe(true)
    expect(same(before, during, 'map')).toBe(false)
    expect(Object.keys(session.line()!.terms)).toEqual(['gan'])
    expect([session.paused, session.pausedSteps]).toEqual([['critic'], 5])
    await session.pausePlayers([])
    const after = await take(session, 3)
    expect(same(during, after, 'critic')).toBe(false)
    expect([session.paused, session.pausedSteps]).toEqual([[], 5])
    expect(session.step).toBe(12)
  })

  test('are refused all together, and it goes on as it was', async () => {
    const session = await open('gan')
    await session.pausePlayers(['map'])
    await expect(session.pausePlayers(['map', 'critic'])).rejects.toThrow('cannot all be paused')
    const before = await take(session, 1)
    expect(session.paused).toEqual(['map'])
    expect(same(before, await take(session, 2), 'map')).toBe(true)
  })

  test('train in another stage', async () => {
    const session = await open('gan')
    await take(session, 2)
    await session.pausePlayers(['critic'])
    await session.change({ objective: 'gan', learningRate: 1e-4, keep: true })
    expect(session.paused).toEqual([])
    expect(same(await take(session, 1), await take(session, 1), 'critic')).toBe(false)
  })

  test('are told of in the reports', async () => {
    const reports: Extract<Report, { type: 'progress' }>[] = []
    const refusals: string[] = []
    const tell = host(engine, 'test', report => {
      if (report.type === 'progress') reports.push(report)
      if (report.type === 'refused') refusals.push(report.message)
    })
    tell({ type: 'open', run: 'a', plan: planOf('gan') })
    tell({ type: 'play', run: 'a' })
    tell({ type: 'pause-players', run: 'a', players: ['critic'], revision: 7 })
    await until(() => (reports.at(-1)?.pausedSteps ?? 0) > 10, 'it trains without its critic')
    const { paused, revision, line } = reports.at(-1)!
    expect([paused, revision]).toEqual([['critic'], 7])
    expect(Object.keys(line?.terms ?? { gan: null })).toEqual(['gan'])
    tell({ type: 'pause-players', run: 'a', players: ['teacher'], revision: 8 })
    await until(() => refusals.length > 0, 'it is refused')
    expect(refusals).toEqual(['paused: expected one of critic, map, found "teacher"'])
    expect(reports.at(-1)!.paused).toEqual(['critic'])
    tell({ type: 'pause-players', run: 'a', players: [], revision: 9 })
    await until(() => reports.at(-1)!.revision === 9, 'it goes on')
    expect('paused' in reports.at(-1)!).toBe(false)
    tell({ type: 'close', run: 'a' })
  })
})

describe('who is listed', () => {
  const listed = (objective: string) =>
    playersShown(configOf(planOf(objective), planOf(objective).stages[0], true))
  const summary = (objective: string) =>
    listed(objective).map(({ title, turns, losses, measures }) => [title, turns, losses, measures])

  test.each([
    ['lsd', []],
    ['drifting', []],
    [
      'gan',
      [
        ['map', 1, ['gan'], []],
        ['critic', 1, ['critic'], ['criticAccuracy']],
      ],
    ],
    [
      'dmd',
      [
        ['map', 1, ['matching'], ['scoreDistance']],
        ['fake score', 5, ['fake'], []],
      ],
    ],
    [
      'cafm',
      [
        ['map', 1, ['diagonal'], []],
        ['critic', 16, ['critic'], ['criticAccuracy']],
      ],
    ],
    [
      'freeflow',
      [
        ['map', 1, ['prediction', 'correction', 'auxiliary'], []],
        ['auxiliary velocity', 1, ['prediction', 'correction', 'auxiliary'], []],
      ],
    ],
  ])('in %s', (objective, wanted) => {
    expect(summary(objective)).toEqual(wanted)
  })

  test('a critic says what its sides mean, a fake score does not', () => {
    expect(listed('gan').map(({ says }) => says?.above)).toEqual([undefined, 'looks like data'])
    expect(listed('cafm')[1].says).not.toEqual(listed('gan')[1].says)
    expect(listed('dmd')[1].says).toBeUndefined()
  })

  test('what moves samples is told by rows that say so', () => {
    const drift = (objective: string) =>
      driftOf(configOf(planOf(objective), planOf(objective).stages[0], true))
    expect(drift('drifting')).toMatchObject({
      measures: ['drift'],
      says: expect.stringContaining('near data'),
    })
    expect(drift('dmd')!.says).not.toBe(drift('drifting')!.says)
    expect(drift('dmd')!.measures).toEqual(['scoreDistance'])
    for (const other of ['frechet', 'gan', 'lsd', 'dmd-steps']) expect(drift(other)).toBeUndefined()
  })
})
