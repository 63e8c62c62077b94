import { expect, test } from 'vitest'
import { datasets } from '../../src/data/built-in.ts'
import { strayRule } from '../../src/metric/strays.ts'
import * as engine from '../../src/runtime/node.ts'
import { host } from '../../src/studio/engine/host.ts'
import type { Report } from '../../src/studio/engine/protocol.ts'
import { recipeStages } from '../../src/studio/engine/recipe-keys.ts'
import { freshPlan, type Plan } from '../../src/studio/plan.ts'
import { until } from '../helpers/cli.ts'

const small: Plan = { ...freshPlan, hidden: 16, layers: 1, batch: 32 }
const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

function start() {
  const reports: Report[] = []
  const tell = host(engine, 'test', report => reports.push(report))
  const all = <T extends Report['type']>(type: T) =>
    reports.flatMap(each => (each.type === type ? [each as Extract<Report, { type: T }>] : []))
  return { tell, refused: () => all('refused'), progress: () => all('progress') }
}

test('a replay that cannot go on stops, and says so once', async () => {
  const { tell, refused, progress } = start()
  const stages = ['ct', 'lmd'].map(objective => ({ objective, learningRate: 1e-3, steps: 20, keep: true }))
  const target = { kind: 'built-in', name: 'checkerboard' } as const
  tell({ type: 'open', run: 'a', plan: { ...small, target, stages }, revision: 4 })
  await until(() => refused().length > 0, 'it is refused')
  await pause(300)
  expect(refused()).toHaveLength(1)
  expect(refused()[0].ended).toBeUndefined()
  expect(progress().at(-1)).toMatchObject({
    playing: false,
    goal: null,
    revision: 4,
    plan: { stages: [{ steps: 20 }] },
  })
  tell({ type: 'close', run: 'a' })
})

test('a run that is refused at its opening has ended, also the one before it', async () => {
  const { tell, refused, progress } = start()
  tell({ type: 'open', run: 'a', plan: small })
  tell({ type: 'play', run: 'a' })
  await until(() => progress().some(({ playing }) => playing), 'it trains')
  tell({ type: 'open', run: 'a', plan: { ...small, stages: [{ ...small.stages[0], objective: 'none' }] } })
  await until(() => refused().length > 0, 'it is refused')
  const told = progress().length
  await pause(500)
  expect(refused()).toMatchObject([{ run: 'a', id: null, ended: true }])
  expect(progress()).toHaveLength(told)
})

test('a refused change is followed by how the training stands', async () => {
  const { tell, refused, progress } = start()
  tell({ type: 'open', run: 'a', plan: small, revision: 1 })
  tell({ type: 'change', run: 'a', stage: { ...small.stages[0], objective: 'none' }, revision: 2 })
  await until(() => progress().some(({ revision }) => revision === 2), 'it stands')
  expect(refused()).toHaveLength(1)
  expect(progress().at(-1)!.plan.stages).toMatchObject([{ objective: 'lsd' }])
  tell({ type: 'close', run: 'a' })
})

const twoStages: Plan = {
  ...small,
  stages: ['lsd', 'psd'].map(objective => ({ objective, learningRate: 1e-3, steps: 20, keep: true })),
}
const taken = ({ stages }: Plan): number[] => stages.map(({ steps }) => steps)

test('a recipe goes on from its velocity to its map by itself, and stops at its end', async () => {
  const { tell, progress } = start()
  const target = { kind: 'built-in', name: 'two-moons' } as const
  const stages = recipeStages('one-step', 30)
  const whole = stages.reduce((sum, { steps }) => sum + steps, 0)
  tell({ type: 'open', run: 'a', plan: { ...small, target, stages }, replay: 'on' })
  const plan = () => progress().at(-1)?.plan
  await until(() => taken(plan() ?? small).reduce((a, b) => a + b, 0) >= whole, 'it takes all of its steps')
  await until(() => progress().at(-1)!.playing === false, 'it stops')
  expect(plan()!.stages).toMatchObject(stages.map(({ objective, steps }) => ({ objective, steps })))
  tell({ type: 'close', run: 'a' })
})

test('a plan that is held waits, is played to its end and stops there', async () => {
  const { tell, progress } = start()
  tell({ type: 'open', run: 'a', plan: twoStages, replay: 'held' })
  await until(() => progress().some(({ distance }) => distance !== null), 'it is open')
  await pause(300)
  expect(progress().at(-1)).toMatchObject({ playing: false, goal: 40, plan: { stages: [{ steps: 0 }] } })
  tell({ type: 'step', run: 'a', steps: 500 })
  await until(() => taken(progress().at(-1)!.plan)[0] === 20, 'it takes no step beside its way')
  tell({ type: 'play', run: 'a' })
  await until(() => progress().at(-1)!.goal === null, 'it is at its end')
  await pause(200)
  expect(progress().at(-1)!.playing).toBe(false)
  expect(taken(progress().at(-1)!.plan)).toEqual([20, 20])
  tell({ type: 'close', run: 'a' })
})

test('a training that is taken up again replays its plan and goes on by itself', async () => {
  const { tell, progress, refused } = start()
  tell({ type: 'open', run: 'a', plan: twoStages, replay: 'on' })
  await until(() => (taken(progress().at(-1)?.plan ?? small)[1] ?? 0) > 60, 'it has gone on')
  expect(progress().at(-1)).toMatchObject({
    playing: true,
    goal: null,
    plan: { stages: [{ steps: 20 }, {}] },
  })
  expect(refused()).toEqual([])
  tell({ type: 'close', run: 'a' })
})

test('a training that diverges says when, and what to do', async () => {
  const { tell, progress, refused } = start()
  const plan = {
    ...small,
    hidden: 64,
    layers: 4,
    batch: 64,
    stages: [{ ...small.stages[0], learningRate: 10 }],
  }
  tell({ type: 'open', run: 'a', plan })
  tell({ type: 'play', run: 'a' })
  await until(() => refused().length > 0, 'it diverges')
  expect(refused()[0].message).toMatch(
    /^the training diverged: at step \d+ its (loss, )?gradient norm is no longer a finite number\. Lower the learning rate, now 10, then Reset and Train\.$/,
  )
  await until(() => !progress().at(-1)!.playing, 'it stops')
  tell({ type: 'open', run: 'a', plan: small })
  tell({ type: 'play', run: 'a' })
  await until(() => taken(progress().at(-1)!.plan)[0] > 20, 'it trains after that')
  expect(refused()).toHaveLength(1)
  tell({ type: 'close', run: 'a' })
})

test('reports mark the samples off the data, beside what data itself scores', async () => {
  const { tell, progress } = start()
  tell({ type: 'open', run: 'a', plan: small })
  tell({ type: 'show', run: 'a', count: 500, weights: 'ema' })
  await until(() => progress().at(-1)?.samples.length === 1000, 'as many as are shown')
  const { samples, strays, within } = progress().at(-1)!
  expect(strays!.marks).toEqual(strayRule(datasets.ring.create())(samples))
  expect(strays!.value).toBeGreaterThan(0.5)
  expect(strays!.high).toBeLessThan(0.01)
  expect(within).toBe(false)
  // The first picture does not wait for them.
  expect(progress()[0].strays).toBeUndefined()
  tell({ type: 'close', run: 'a' })
})
