import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { datasets } from '../../src/data/built-in.ts'
import { meanOf } from '../../src/metric/estimate.ts'
import { random } from '../../src/random/random.ts'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { load } from '../../src/serialization/load.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import { classDataset, toldClass } from '../../src/studio/engine/classes.ts'
import { host } from '../../src/studio/engine/host.ts'
import { planOfModel } from '../../src/studio/engine/model-file.ts'
import type { Report } from '../../src/studio/engine/protocol.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { freshPlan, type Plan, planSchema } from '../../src/studio/plan.ts'
import { commandOf, recipeOf } from '../../src/studio/recipe.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('studio-classes')
const told = join(folder, 'told')
const always = join(folder, 'always')
const noise = drawNoise(300, 2, 3)
const plan: Plan = { ...freshPlan, hidden: 16, batch: 32, condition: 'class' }

beforeAll(async () => {
  const base = { ...tiny, objective: 'psd', steps: 30 } as const
  await train({ ...base, condition: { kind: 'class' } }, { directory: told })
  await train({ ...base, condition: { kind: 'class', drop: 0 } }, { directory: always })
})

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

async function show(path: string): Promise<Session> {
  const bytes = new Uint8Array(readFileSync(path))
  const plan = planSchema.parse(planOfModel(bytes, path.split('/').at(-1)!))
  const session = await Session.open(engine, plan, bytes)
  opened.push(session)
  return session
}

async function open(plan: Plan): Promise<Session> {
  const session = await Session.open(engine, plan)
  opened.push(session)
  return session
}

test.each(['model.safetensors', 'model.onnx'])('%s is told the class that is asked for', async file => {
  const session = await show(join(told, file))
  const names = datasets.ring.create().labels!.names
  expect(session.classes).toEqual({ kind: 'class', names, none: true })
  const map = await load(told)
  const close = (found: Float32Array, wanted: Float32Array): void => {
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i], 4)
  }
  close(await session.map().jump(noise, 1, 0), await map.jump(noise, 1, 0))
  session.tell(5)
  close(await session.map().jump(noise, 1, 0), await map.given({ class: 5 }).jump(noise, 1, 0))
  await map.close()
})

test('a map that must be told a class is told the first, until another is asked for', async () => {
  const session = await show(join(always, 'model.safetensors'))
  expect([session.classes!.none, session.told]).toEqual([false, 0])
  session.tell(null)
  expect(session.told).toBe(0)
  session.tell(3)
  expect(session.told).toBe(3)
  expect(toldClass({ kind: 'class', names: ['a', 'b'], none: true }, 2)).toBeNull()
})

test('pairs of a teacher are of the class that is told', async () => {
  const [stage] = plan.stages
  const learning = { ...stage, objective: 'cmt', learningRate: 4e-3, steps: 0 }
  const session = await open({ ...plan, target: { kind: 'built-in', name: 'ring' }, stages: [learning] })
  while (session.step < 300) expect(await session.advance(300)).toBeUndefined()
  session.tell(2)
  const ends = await session.map('raw').jump(noise, 1, 0)
  const [x, y] = [0, 1].map(k => meanOf(ends.filter((_, i) => i % 2 === k)))
  const [{ mean }] = session.seen.mixture!.components
  expect(Math.hypot(x - mean[0], y - mean[1])).toBeLessThan(0.5 * Math.hypot(...mean))
})

test('it is trained on with its classes', async () => {
  const session = await show(join(told, 'model.safetensors'))
  await session.change({ objective: 'lsd', learningRate: 1e-3, keep: true })
  while (session.step < 10) expect(await session.advance(10)).toBeUndefined()
  expect(session.config.condition).toMatchObject({ kind: 'class' })
  session.tell(1)
  const one = await session.map().jump(noise, 1, 0)
  session.tell(2)
  expect(await session.map().jump(noise, 1, 0)).not.toEqual(one)
})

test('what is asked of a class is of its data: the paths, the strays and the distance', async () => {
  const session = await open(plan)
  session.tell(2)
  const [{ mean, scales }] = session.seen.mixture!.components
  const { points, exact } = await answers.path({ points: noise, times: [1, 0] }, session, engine)
  expect(exact).toBe(true)
  for (let i = 0; i < 600; i += 2) {
    expect(Math.hypot(points[1][i] - mean[0], points[1][i + 1] - mean[1])).toBeLessThan(6 * scales[0])
  }
  const own = await answers.target({ count: 500, seed: 0 }, session, engine)
  expect((await answers.strays({ points: own }, session, engine))!.value).toBeLessThan(0.05)
  session.tell(5)
  expect((await answers.strays({ points: own }, session, engine))!.value).toBe(1)
  const residuals = await answers.residuals({ levels: 2, weights: 'ema' }, session, engine)
  expect(residuals.semigroup.mean).toBeGreaterThan(0)
  session.tell(null)
  expect((await answers.strays({ points: own }, session, engine))!.value).toBeLessThan(0.05)
})

test('a dataset without a closed form gives the points of one class too', () => {
  const moons = datasets['two-moons'].create()
  expect(moons.mixture).toBeUndefined()
  const upper = new Float64Array(400)
  classDataset(moons, 0).sample(random(0, 'upper'), upper)
  const [all, classes] = [new Float64Array(4000), new Uint16Array(2000)]
  moons.sample(random(0, 'all'), all, classes)
  const means = [0, 1].map(k => {
    const heights = [...classes.keys()].filter(i => classes[i] === k).map(i => all[2 * i + 1])
    return heights.reduce((sum, y) => sum + y, 0) / heights.length
  })
  const height = upper.reduce((sum, value, i) => sum + (i % 2) * value, 0) / 200
  expect(Math.abs(height - means[0])).toBeLessThan(Math.abs(height - means[1]) / 3)
})

test('a page is told the classes, and its questions and reports are of the one that it names', async () => {
  const reports: Report[] = []
  const take = host(engine, 'test', report => reports.push(report))
  await take({ type: 'open', run: 'a', plan })
  const last = () => reports.at(-1) as Extract<Report, { type: 'progress' }>
  expect(last().classes).toMatchObject({ none: true })
  const all = last().samples
  await take({ type: 'show', run: 'a', count: 2000, weights: 'ema', class: 4 })
  expect(last().samples).not.toEqual(all)
  const ask = { points: noise, s: 1, t: 0, weights: 'ema' }
  const jump = async (index?: number) => {
    await take({
      type: 'ask',
      run: 'a',
      id: 1,
      name: 'jump',
      ask,
      ...(index !== undefined && { class: index }),
    })
    return (reports.at(-1) as Extract<Report, { type: 'answer' }>).answer
  }
  expect(await jump(4)).not.toEqual(await jump())
  expect(await jump(4)).toEqual(await jump(4))
  await take({ type: 'close', run: 'a' })
})

test('the command line is told to train with classes as well', () => {
  const taken = { ...plan, stages: [{ ...plan.stages[0], steps: 20 }] }
  const recipe = recipeOf(taken)
  expect('runs' in recipe && commandOf(recipe.runs[0])).toContain('--condition.kind class')
})
