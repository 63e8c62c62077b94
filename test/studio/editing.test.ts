import { afterAll, beforeAll, expect, test } from 'vitest'
import { random } from '../../src/random/random.ts'
import * as engine from '../../src/runtime/node.ts'
import { renoised } from '../../src/steering/edit.ts'
import { inverted } from '../../src/steering/invert.ts'
import { repeated } from '../../src/steering/steerable.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import type { Questions } from '../../src/studio/engine/protocol.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { examplePlan, freshPlan, type Plan } from '../../src/studio/plan.ts'

/** Modes of the ring. */
const points = Float32Array.of(4, 0, 2.83, 2.83, -0.2, -4)

let ring: Session
const opened: Session[] = []
async function open(plan: Plan): Promise<Session> {
  const session = await Session.open(engine, plan)
  opened.push(session)
  return session
}
const of = (objective: string): Plan => ({
  ...freshPlan,
  hidden: 16,
  stages: [{ objective, learningRate: 1e-3, steps: 0, keep: false }],
})
beforeAll(async () => {
  ring = await open(examplePlan)
})
afterAll(async () => {
  for (const session of opened) await session.close()
})

const invert = (method: Questions['invert']['ask']['method'], session = ring) =>
  answers.invert({ points, method, weights: 'ema' }, session, engine)
const edit = (tau: number, session = ring) =>
  answers.edit({ points: points.slice(0, 2), tau, count: 500, seed: 3, weights: 'ema' }, session, engine)

const apart = (a: Float32Array, b: ArrayLike<number>): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i % b.length])))

test('data go to noise along the velocity, as the library takes them, and nearly come back', async () => {
  const { noise, back, method, missed } = await invert(null)
  expect([method, missed]).toEqual(['heun', 0])
  expect(noise).toEqual((await inverted(ring.steerable(), points, { method: 'heun' })).noise)
  expect(Math.max(...noise.map(Math.abs))).toBeLessThan(4)
  expect(apart(back, points)).toBeLessThan(0.6)
})

test('Newton’s method finds the noise that one jump takes to the data', async () => {
  const { noise, back, missed } = await invert('newton')
  expect(missed).toBe(0)
  expect(apart(back, points)).toBeLessThan(1e-3)
  expect(apart(noise, (await invert('heun')).noise)).toBeGreaterThan(1e-3)
})

test('a map that is trained both ways jumps up; others refuse to, in a line', async () => {
  const both = await open(of('fmm'))
  expect((await invert(null, both)).method).toBe('jump')
  await expect(invert('jump')).rejects.toThrow(/^cmt is trained to jump towards data only \(t < s\)\.$/)
})

test('a velocity goes to noise and back along itself, and is not edited by jumps', async () => {
  const velocity = await open(of('flow-matching'))
  const { method, back } = await invert(null, velocity)
  expect(method).toBe('heun')
  expect(apart(back, points)).toBeLessThan(1e-2)
  await expect(async () => edit(0.5, velocity)).rejects.toThrow('this map is a velocity')
})

test('edits are near for little noise and everywhere for all of it, and those of the library', async () => {
  const spread = (cloud: Float32Array) =>
    cloud.reduce((sum, value, i) => sum + (value - points[i % 2]) ** 2, 0) / 500
  const [little, more, all] = [await edit(0.2), await edit(0.6), await edit(1)]
  expect(spread(little.points)).toBeLessThan(0.6)
  expect(spread(more.points)).toBeGreaterThan(spread(little.points))
  expect(spread(all.points)).toBeGreaterThan(20)
  expect(little.marks!.reduce((sum, mark) => sum + mark, 0)).toBeLessThan(60)
  const start = repeated(points.slice(0, 2), 2, 500)
  expect(more.points).toEqual(await renoised(ring.steerable(), start, 0.6, random(3, 'edit')))
})
