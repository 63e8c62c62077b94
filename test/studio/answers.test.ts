import { afterAll, beforeAll, expect, test } from 'vitest'
import { constant, evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { ring } from '../../src/data/modes.ts'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import { strayRule } from '../../src/metric/strays.ts'
import { interpolants, mapOf, mixtureVelocity } from '../../src/model/index.ts'
import * as engine from '../../src/runtime/node.ts'
import { solve } from '../../src/sampler/adaptive.ts'
import { drawNoise, euler, jumpThrough, uniformGrid } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import type { PlanePoints, QuestionName, Questions } from '../../src/studio/engine/protocol.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { scoresOf } from '../../src/studio/engine/strays.ts'
import { examplePlan, freshPlan, type Plan } from '../../src/studio/plan.ts'
import { plane } from '../helpers/plane.ts'

let session: Session
let formless: Session
const opened: Session[] = []

async function trained(plan: Plan, steps: number): Promise<Session> {
  const made = await Session.open(engine, plan)
  opened.push(made)
  while (made.step < steps) expect(await made.advance(steps)).toBeUndefined()
  return made
}

beforeAll(async () => {
  const small: Plan = { ...freshPlan, hidden: 16, batch: 64 }
  session = await trained(small, 40)
  formless = await trained({ ...small, target: { kind: 'built-in', name: 'checkerboard' } }, 20)
})
afterAll(async () => {
  for (const made of opened) await made.close()
})

const ask = <N extends QuestionName>(name: N, question: Questions[N]['ask'], of = session) =>
  answers[name](question as never, of, engine) as Promise<Questions[N]['answer']>

const points = drawNoise(60, 2, 5)
const column = (t: number, n = 60) => ({ shape: [n, 1], data: new Float64Array(n).fill(t) })
const rows = (x: ArrayLike<number>) => ({ shape: [x.length / 2, 2], data: Float64Array.from(x) })

/** The largest difference of two lists. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)
}

const fields = new Map<number, ReturnType<typeof exactGraph>>()

function exactGraph(n: number) {
  const field = mixtureVelocity(ring().mixture!, interpolants.linear)
  return trace(({ x, t }) => field.velocity(x, t), {
    x: spec([n, 2], 'float64'),
    t: spec([n, 1], 'float64'),
  })
}

/** The exact velocity by the float64 evaluator. */
function exactField(x: ArrayLike<number>, t: number): Float64Array {
  const n = x.length / 2
  const graph = fields.get(n) ?? exactGraph(n)
  fields.set(n, graph)
  return Float64Array.from(evaluate(graph, [rows(x), column(t, n)])[0].data)
}

/** The map's own value by the float64 evaluator. */
function ownValue(value: 'jump' | 'velocity', weights: 'ema' | 'raw', s: number, t: number): Float64Array {
  const parameters = session.parameters(weights)
  const graph = trace(
    ({ x, s, t }) =>
      mapOf(session.config, plane, constant(parameters, [parameters.length], 'float64'))[value](x, s, t),
    { x: spec([60, 2], 'float64'), s: spec([60, 1], 'float64'), t: spec([60, 1], 'float64') },
  )
  return Float64Array.from(evaluate(graph, [rows(points), column(s), column(t)])[0].data)
}

test.each(['ema', 'raw'] as const)('a jump is that of the %s weights', async weights => {
  const answer = await ask('jump', { points, s: 0.9, t: 0.2, weights })
  expect(apart(answer, ownValue('jump', weights, 0.9, 0.2))).toBeLessThan(1e-4)
  expect(apart(answer, points)).toBeGreaterThan(0.1)
})

test('the two kinds of weights differ', async () => {
  const both = (['ema', 'raw'] as const).map(weights => ask('jump', { points, s: 1, t: 0, weights }))
  expect(apart(...((await Promise.all(both)) as [PlanePoints, PlanePoints]))).toBeGreaterThan(1e-4)
})

test('the exact path is the solution of the mixture velocity, whatever times lie between', async () => {
  const direct = await solve(async (x, t) => exactField(x, t), Float64Array.from(points), 1, 0.1, {
    tolerance: 1e-6,
  })
  const coarse = await ask('path', { points, times: [1, 0.1] })
  const times = Array.from({ length: 91 }, (_, i) => 1 - i / 100)
  const fine = await ask('path', { points, times })
  const halfway = await solve(async (x, t) => exactField(x, t), Float64Array.from(points), 1, 0.53, {
    tolerance: 1e-6,
  })
  expect(apart(fine.points[47], halfway)).toBeLessThan(2e-4)
  expect(coarse.exact).toBe(true)
  expect(fine.points).toHaveLength(91)
  expect(apart(coarse.points.at(-1)!, direct)).toBeLessThan(2e-4)
  expect(apart(fine.points.at(-1)!, direct)).toBeLessThan(2e-4)
  expect(apart(direct, points)).toBeGreaterThan(1)
})

test('a path goes back to where it began', async () => {
  const { points: there } = await ask('path', { points, times: [1, 0.3] })
  const { points: back } = await ask('path', { points: there[1], times: [0.3, 1] })
  expect(apart(back[1], points)).toBeLessThan(1e-3)
})

test('without a closed form the path follows the velocity that was learnt', async () => {
  const { velocity } = formless.map('raw')
  const own = async (x: Float64Array, t: number) => Float64Array.from(await velocity(Float32Array.from(x), t))
  const direct = await solve(own, Float64Array.from(points), 1, 0, { tolerance: 1e-5 })
  const answer = await ask('path', { points, times: [1, 0.5, 0], weights: 'raw' }, formless)
  expect(answer.exact).toBe(false)
  expect(apart(answer.points[2], direct)).toBeLessThan(2e-3)
})

test('the field is the learnt velocity beside that of the mixture', async () => {
  const { own, exact } = await ask('field', { points, t: 0.4, weights: 'raw' })
  expect(apart(own, ownValue('velocity', 'raw', 0.4, 0.4))).toBeLessThan(1e-4)
  expect(apart(exact!, exactField(points, 0.4))).toBeLessThan(1e-4)
  expect((await ask('field', { points, t: 0.4, weights: 'raw' }, formless)).exact).toBeNull()
})

test.each(['jump', 'euler'] as const)('steps by %s, with the metrics of where they end', async method => {
  const question = { method, weights: 'ema', count: 200, seed: 3 } as const
  const { path, marks, values, intervals, within, floors } = await ask('samples', { ...question, steps: 4 })
  const { jump, velocity } = session.map()
  const noise = drawNoise(200, 2, 3)
  const end = await jumpThrough(method === 'jump' ? jump : euler(velocity), noise, uniformGrid(4))
  expect(path).toHaveLength(5)
  expect(apart(path[0], noise)).toBe(0)
  expect(apart(path[4], end)).toBe(0)
  const measures = prepareMetrics(ring(), { count: 200 })
  expect(values).toEqual(measures.evaluate(end))
  expect(floors.slicedWasserstein.value).toBe(measures.floors.slicedWasserstein.value)
  expect(marks).toEqual(strayRule(ring())(end))
  expect(values.strays).toBe(shareOf(marks))
  expect(within).toBe(false)
  const estimates = Object.entries(measures.estimate(end))
  expect(intervals).toEqual(Object.fromEntries(estimates.map(([name, { interval }]) => [name, interval])))
  const { values: many, intervals: ranges } = await ask('metrics', { ...question, steps: [1, 4] })
  expect(many[1]).toEqual(values)
  expect(ranges[1]).toEqual(intervals)
  expect(many[0]).not.toEqual(values)
})

test.each(['heun', 'midpoint', 'ddim', 'dpm++2m'] as const)('steps by the solver %s', async method => {
  const question = { weights: 'ema', count: 200, seed: 3, steps: 4 } as const
  const [{ path }, plain] = [
    await ask('samples', { ...question, method }),
    await ask('samples', { ...question, method: 'euler' }),
  ]
  expect(path).toHaveLength(5)
  const { inner } = { inner: session.map() }
  const { points } = await sample({ dimension: 2, interpolant: 'linear', inner }, drawNoise(200, 2, 3), {
    grid: uniformGrid(4),
    method,
  })
  expect(apart(path[4], points)).toBe(0)
  // On the linear path that one is Euler's method.
  if (method === 'ddim') expect(apart(path[4], plain.path[4])).toBeLessThan(1e-5)
  else expect(apart(path[4], plain.path[4])).toBeGreaterThan(1e-3)
})

test('which points are off the data, beside how many of real data', async () => {
  const data = await ask('target', { count: 3000, seed: 1 })
  const moved = data.map((value, i) => (i < 2 * 600 ? value + 2 : value))
  const { marks, value, low, high } = (await ask('strays', { points: moved }))!
  expect(marks).toEqual(strayRule(ring())(moved))
  // Of the first 2,000.
  expect(value).toBe(shareOf(marks.subarray(0, 2000)))
  expect(value).toBeGreaterThan(0.25)
  const real = (await ask('strays', { points: data }))!
  expect([real.low, real.high]).toEqual([low, high])
  expect(real.value).toBeLessThan(0.005)
})

test('samples are within the range of real data where every metric is', () => {
  const measures = prepareMetrics(ring(), { count: 2000, names: ['strays', 'slicedWasserstein'] })
  const data = measures.draw(3)!
  expect(scoresOf(measures, data).within).toBe(true)
  // A tenth in no mode moves the distance little, and is seen.
  const some = data.map((value, i) => (i < 2 * 40 ? 0.8 * value : value))
  const { values, within } = scoresOf(measures, some)
  expect(values.slicedWasserstein).toBeLessThan(measures.floors.slicedWasserstein.high)
  expect([values.strays > 0.015, within]).toEqual([true, false])
})

const shareOf = (marks: Uint8Array): number => marks.filter(mark => mark === 1).length / marks.length

test('the loss by times has the mean that the training reports', async () => {
  // So slow that the weights stand still, and the reports are of the same map.
  const still = await trained(session.plan, 40)
  await still.change({ objective: 'lsd', learningRate: 1e-12, keep: true })
  const parts = await ask('losses', { bins: 4, draws: 16384, weights: 'raw' }, still)
  while (still.step < 240) await still.advance(240)
  const { terms } = still.line()!
  expect(parts.map(({ part, times }) => [part, ...times])).toEqual([
    ['diagonal', 's'],
    ['consistency', 's', 't'],
  ])
  const [diagonal, consistency] = parts.map(({ mean, count }) => {
    const all = count.flat().reduce((sum, n) => sum + n, 0)
    return mean.flat().reduce<number>((sum, value, i) => sum + ((value ?? 0) * count.flat()[i]) / all, 0)
  })
  // Nothing is drawn above the diagonal.
  for (let i = 0; i < 4; i++) for (let j = i + 1; j < 4; j++) expect(parts[1].mean[i][j]).toBeNull()
  expect(diagonal / terms.diagonal.residual).toBeGreaterThan(0.95)
  expect(diagonal / terms.diagonal.residual).toBeLessThan(1.05)
  expect(consistency / terms.consistency.residual).toBeGreaterThan(0.95)
  expect(consistency / terms.consistency.residual).toBeLessThan(1.05)
})

test('the loss by times is that of the weights that are asked for', async () => {
  const [ema, raw] = await Promise.all(
    (['ema', 'raw'] as const).map(weights => ask('losses', { bins: 1, draws: 4096, weights })),
  )
  // So early the average is still near the beginning.
  expect(ema[0].mean[0][0]).toBeGreaterThan(1.02 * raw[0].mean[0][0]!)
})

test('a distillation knows its loss by times too', async () => {
  const plan: Plan = {
    ...session.plan,
    stages: [{ objective: 'lmd', learningRate: 1e-3, steps: 0, keep: false }],
  }
  const [part] = await ask('losses', { bins: 2, draws: 500, weights: 'ema' }, await trained(plan, 10))
  expect(part.mean[1][0]).toBeGreaterThan(0)
})

test('residuals are measured over pairs of times', async () => {
  const { semigroup, lagrangian, eulerian } = await ask('residuals', { levels: 3, weights: 'ema' })
  for (const grid of [semigroup, lagrangian, eulerian]) {
    expect(grid.values).toHaveLength(3)
    expect(grid.values[2][0]).toBeGreaterThan(0)
    expect(grid.values[0][2]).toBeNull()
  }
})

test('the semigroup error of the example grows with the length of the jump to data', async () => {
  const example = await Session.open(engine, examplePlan)
  opened.push(example)
  const { semigroup } = await ask('residuals', { levels: 8, weights: 'ema' }, example)
  const errors = semigroup.values.map(([toData]) => toData!)
  expect(errors).toEqual(errors.toSorted((a, b) => a - b))
  expect(errors[7]).toBe(Math.max(...semigroup.values.flat().map(Number)))
})
