import { expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { host } from '../../src/studio/engine/host.ts'
import type { Report } from '../../src/studio/engine/protocol.ts'
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
