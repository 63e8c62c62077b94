import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import * as node from '../../src/runtime/node.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { decodeModelFile } from '../../src/serialization/model.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import { fileOf } from '../../src/studio/engine/files.ts'
import { host } from '../../src/studio/engine/host.ts'
import { lazyEngine } from '../../src/studio/engine/lazy.ts'
import type { Report } from '../../src/studio/engine/protocol.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { distance as board } from '../../src/studio/example/checkerboard.ts'
import { fromHalves, toHalves } from '../../src/studio/example/half.ts'
import { distance as heart } from '../../src/studio/example/heart.ts'
import { distance } from '../../src/studio/example/ring.ts'
import { distance as spirals } from '../../src/studio/example/spirals.ts'
import { distance as moons } from '../../src/studio/example/two-moons.ts'
import { hasSimd } from '../../src/studio/page/connection/simd.ts'
import { firstLook } from '../../src/studio/page/state/first-look.ts'
import { exampleOn, examplePlan, freshPlan, type Plan } from '../../src/studio/plan.ts'
import { long } from '../helpers/long.ts'

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
  vi.unstubAllGlobals()
})

async function open(engine: Runtime, plan = examplePlan): Promise<Session> {
  const session = await Session.open(engine, plan)
  opened.push(session)
  return session
}

const never = new Promise<Runtime>(() => {})
const furthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)

long('the example gives the points without the runtime that it gives with it', async () => {
  const without = await open(lazyEngine(never))
  const withIt = await open(node)
  const noise = drawNoise(300, 2, 0)
  for (const [s, t] of [
    [1, 0],
    [0.8, 0.3],
    [0, 1],
  ]) {
    const points = await without.map().jump(noise, s, t)
    expect(furthest(points, await withIt.map().jump(noise, s, t))).toBeLessThan(1e-4)
    expect(furthest(points, noise)).toBeGreaterThan(0.5)
  }
  expect(
    furthest(await without.map().velocity(noise, 0.5), await withIt.map().velocity(noise, 0.5)),
  ).toBeLessThan(1e-4)
})

test('the example is as good as it says', async () => {
  const session = await open(node)
  const count = 10_000
  const measures = prepareMetrics(session.dataset, { count, names: ['slicedWasserstein'] })
  const { slicedWasserstein } = measures.evaluate(await session.map().jump(drawNoise(count, 2, 0), 1, 0))
  expect(slicedWasserstein).toBeCloseTo(distance.value, 2)
  expect(measures.floors.slicedWasserstein.value).toBeCloseTo(distance.floor, 2)
})

long.each([
  ['two-moons', moons],
  ['spirals', spirals],
  ['checkerboard', board],
  ['heart', heart],
] as const)(
  'the trained map of %s is as good as it says, and says what it was trained on',
  async (name, said) => {
    const session = await open(node, exampleOn(name))
    const count = 10_000
    const measures = prepareMetrics(session.dataset, { count, names: ['slicedWasserstein'] })
    const { slicedWasserstein } = measures.evaluate(await session.map().jump(drawNoise(count, 2, 0), 1, 0))
    expect(slicedWasserstein).toBeCloseTo(said.value, 2)
    expect(slicedWasserstein).toBeLessThan(1.5 * measures.floors.slicedWasserstein.value)
    const model = decodeModelFile(fileOf(session, { format: 'safetensors', weights: 'ema' }), 'it')
    expect(model.data.name).toBe(name)
  },
)

long('its averaged weights and those of the last step are each as good', async () => {
  const { floors, evaluate } = prepareMetrics((await open(node)).dataset, {
    count: 10_000,
    names: ['slicedWasserstein'],
  })
  const session = opened[0]
  const noise = drawNoise(10_000, 2, 0)
  const [averaged, raw] = [
    await session.map('ema').jump(noise, 1, 0),
    await session.map('raw').jump(noise, 1, 0),
  ]
  for (const samples of [averaged, raw]) {
    expect(evaluate(samples).slicedWasserstein).toBeLessThan(1.3 * floors.slicedWasserstein.value)
  }
})

test('one jump of the example goes where the exact path goes', async () => {
  const session = await open(node)
  const noise = drawNoise(2000, 2, 1)
  const { points, exact } = await answers.path({ points: noise, times: [1, 0] }, session, node)
  expect(exact).toBe(true)
  const end = await session.map().jump(noise, 1, 0)
  const square = end.reduce((sum, value, i) => sum + (value - points[1][i]) ** 2, 0)
  expect(Math.sqrt(square / 2000)).toBeLessThan(0.4)
})

test('what the page shows of the example first is what is then told of it', async () => {
  const reports: Extract<Report, { type: 'progress' }>[] = []
  const send = (report: Report): void => {
    if (report.type === 'progress') reports.push(report)
  }
  const tell = host(node, 'test', send)
  tell({ type: 'open', run: 'a', plan: examplePlan })
  await vi.waitFor(() => expect(reports.at(-1)?.distance).toBeTruthy(), 20_000)
  tell({ type: 'close', run: 'a' })
  const look = firstLook(examplePlan, 'ema')!
  const { samples, distance, strays } = reports.at(-1)!
  expect(look.samples).toHaveLength(samples.length)
  expect(furthest(look.samples, samples)).toBeLessThan(0.004)
  for (const key of ['value', 'floor', 'low', 'high'] as const) {
    expect(look.distance![key]).toBeCloseTo(distance![key], 3)
    expect(look.strays![key]).toBeCloseTo(strays![key], 3)
  }
  const differ = look.strays!.marks.filter((mark, i) => mark !== strays!.marks[i]).length
  expect([look.strays!.marks.length, differ <= 2]).toEqual([samples.length / 2, true])
  expect(firstLook(examplePlan, 'raw')).toBeNull()
  expect(firstLook({ ...examplePlan, seed: 1 }, 'ema')).toBeNull()
  expect(firstLook({ ...examplePlan, target: { kind: 'built-in', name: 'spirals' } }, 'ema')).toBeNull()
  expect(firstLook(freshPlan, 'ema')).toBeNull()
})

test('the example can be trained on, by a plan that says where it began', async () => {
  const first = await open(node, { ...examplePlan, batch: 32 })
  await first.advance()
  const second = await open(node, first.plan)
  await second.advance()
  expect(second.parameters('raw')).toEqual(first.parameters('raw'))
  expect(furthest(second.parameters('raw'), (await open(node)).parameters())).toBeLessThan(0.1)
})

test('the example is refused where its network does not fit', async () => {
  await expect(open(node, { ...examplePlan, hidden: 64 })).rejects.toThrow('the example has hidden 128')
  const stages = [{ ...freshPlan.stages[0], keep: true }]
  const told: Plan = { ...examplePlan, condition: 'class', stages }
  await expect(open(node, told)).rejects.toThrow('the example was trained without classes')
})

long('a training waits for the runtime, and is told when it does not come', async () => {
  let come: (engine: Runtime) => void = () => {}
  const late = await open(lazyEngine(new Promise(resolve => (come = resolve))), freshPlan)
  const step = late.advance(1)
  come(node)
  expect(await step).toBeUndefined()
  expect(late.step).toBe(1)
  const none = (): Runtime => lazyEngine(Promise.reject(new Error('no runtime')))
  expect((await (await open(none())).map().jump(drawNoise(10, 2, 0), 1, 0)).length).toBe(20)
  await expect((await open(none(), freshPlan)).advance()).rejects.toThrow('no runtime')
})

test('a runtime that refuses a graph is not hidden', async () => {
  const broken: Runtime = { ...node, compile: () => Promise.reject(new Error('no such operation')) }
  await expect(open(lazyEngine(Promise.resolve(broken)))).rejects.toThrow('no such operation')
  let come: (engine: Runtime) => void = () => {}
  const session = await open(
    lazyEngine(
      new Promise(resolve => {
        come = resolve
      }),
    ),
    freshPlan,
  )
  come(broken)
  await vi.waitFor(() =>
    expect(session.map().jump(drawNoise(1, 2, 0), 1, 0)).rejects.toThrow('no such operation'),
  )
})

test('numbers of 16 bits are read as they were written', () => {
  const exact = [0, -0, 1, -2.5, 65504, 2 ** -14, 2 ** -24, 1 / 3]
  const read = fromHalves(toHalves(Float32Array.from(exact)))
  expect([...read].slice(0, 7).map(Math.abs)).toEqual(exact.slice(0, 7).map(Math.abs))
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), value => {
      const [near] = fromHalves(toHalves(Float32Array.of(value)))
      expect(Math.abs(near - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25))
    }),
    { seed: 2 },
  )
  expect(() => toHalves(Float32Array.of(1e6))).toThrow('no number of 16 bits')
})

test('WebAssembly SIMD is found here, and missed where it is not', () => {
  expect(hasSimd()).toBe(true)
  vi.stubGlobal('WebAssembly', { validate: () => false })
  expect(hasSimd()).toBe(false)
  vi.stubGlobal('WebAssembly', undefined)
  expect(hasSimd()).toBe(false)
})
