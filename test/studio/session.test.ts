import { afterEach, expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { pack } from '../../src/studio/engine/bytes.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { freshPlan, type Plan } from '../../src/studio/plan.ts'

const small: Plan = { ...freshPlan, hidden: 16, batch: 32 }
const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

async function open(plan: Plan): Promise<Session> {
  const session = await Session.open(engine, plan)
  opened.push(session)
  return session
}

async function takeTo(session: Session, steps: number): Promise<void> {
  while (session.plan.stages.at(-1)!.steps < steps) expect(await session.advance(steps)).toBeUndefined()
}

const one = { objective: 'psd', learningRate: 5e-4, keep: true }

test('a plan that is taken again leads to the same numbers, however it was cut', async () => {
  const first = await open(small)
  await takeTo(first, 7)
  await takeTo(first, 25)
  await first.change(one)
  await takeTo(first, 13)
  expect(first.plan.stages.map(({ steps }) => steps)).toEqual([25, 13])

  const second = await open(first.plan)
  expect(second.step).toBe(0)
  await takeTo(second, 25)
  await second.change(first.plan.stages[1])
  await takeTo(second, 13)
  expect(second.parameters()).toEqual(first.parameters())
  expect(second.parameters('raw')).toEqual(first.parameters('raw'))
  expect(second.parameters('raw')).not.toEqual(second.parameters())
})

test('a change of objective keeps the weights or draws new ones', async () => {
  const session = await open(small)
  await takeTo(session, 20)
  const trained = session.parameters().slice()
  await session.change(one)
  expect(session.parameters()).toEqual(trained)
  await session.change({ ...one, keep: false })
  expect(session.parameters()).not.toEqual(trained)
})

test('the map is that of the present weights', async () => {
  const session = await open(small)
  const noise = drawNoise(50, 2, 0)
  const before = await session.map().jump(noise, 1, 0)
  await takeTo(session, 40)
  const after = await session.map('raw').jump(noise, 1, 0)
  expect(after).not.toEqual(before)
  expect(await session.map().jump(noise, 0.4, 0.4)).toEqual(noise)
})

test('an objective that needs a teacher learns from the exact velocity', async () => {
  const session = await open({ ...small, stages: [{ ...one, objective: 'lmd', steps: 0, keep: false }] })
  await takeTo(session, 10)
  expect(session.line()!.loss).toBeGreaterThan(0)
  expect(session.line()).toBeNull()
})

test('trains on a drawing', async () => {
  const cells = new Uint8Array(16 * 16)
  cells[3] = 255
  const session = await open({ ...small, target: { kind: 'density', side: 16, bytes: pack(cells) } })
  const points = new Float32Array(200)
  session.dataset.sample({ uniform: () => 0.5, normal: () => 0, integer: () => 0 }, points)
  // The fourth cell of the top row: half a unit wide, from -2.5 on.
  expect([...points.subarray(0, 2)]).toEqual([-2.25, 3.75])
  await takeTo(session, 5)
})
