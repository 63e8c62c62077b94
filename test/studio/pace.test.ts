import { expect, test, vi } from 'vitest'
import type { Measures } from '../../src/metric/prepare.ts'
import * as node from '../../src/runtime/node.ts'
import type { Program } from '../../src/runtime/program.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { host } from '../../src/studio/engine/host.ts'
import { paced } from '../../src/studio/engine/pace.ts'
import type { Report } from '../../src/studio/engine/protocol.ts'
import { freshPlan } from '../../src/studio/plan.ts'
import { until } from '../helpers/cli.ts'

/** Milliseconds of a clock that only work moves on, as measured on two cores: a step, 2,000 samples, their distance. */
const COST = { step: 1.5, samples: 2, distance: 8 }
const spent = { training: 0, samples: 0, distance: 0 }
const clock = (): number => spent.training + spent.samples + spent.distance

vi.mock('../../src/metric/prepare.ts', async original => {
  const real = await original<typeof import('../../src/metric/prepare.ts')>()
  return {
    ...real,
    prepareMetrics: (...given: Parameters<typeof real.prepareMetrics>): Measures => {
      const measures = real.prepareMetrics(...given)
      return {
        ...measures,
        floors: measures.floors,
        estimate: samples => {
          spent.distance += COST.distance
          return measures.estimate(samples)
        },
      }
    },
  }
})

const timed = (program: Program, tell: () => void): Program => ({
  ...program,
  run: inputs => {
    tell()
    return program.run(inputs)
  },
})

const CHUNK = 10
const engine: Runtime = {
  ...node,
  compile: async graph =>
    timed(await node.compile(graph), () => {
      spent.samples += COST.samples
    }),
  compileScan: async (graph, carried) =>
    timed(await node.compileScan(graph, carried), () => {
      spent.training += CHUNK * COST.step
    }),
}

test('reports take under 4 % of a training, and come several times a second', async () => {
  const plan = { ...freshPlan, hidden: 16, layers: 1, batch: 32 }
  const reports: Extract<Report, { type: 'progress' }>[] = []
  const send = (report: Report): void => {
    if (report.type === 'progress') reports.push(report)
  }
  const tell = host(engine, 'test', send, { clock })
  tell({ type: 'open', run: 'a', plan })
  await until(() => reports.length === 2, 'it is open')
  Object.assign(spent, { training: 0, samples: 0, distance: 0 })
  const stages = [{ ...plan.stages[0], steps: 4000 }]
  tell({ type: 'open', run: 'a', plan: { ...plan, stages } })
  await until(() => reports.length > 4 && reports.at(-1)!.goal === null, 'it is trained')
  const seconds = clock() / 1000
  expect(seconds).toBeGreaterThan(6)
  expect((spent.samples + spent.distance) / 1000 / seconds).toBeLessThan(0.04)
  expect(spent.samples / COST.samples / seconds).toBeGreaterThan(4)
  expect(spent.distance / COST.distance / seconds).toBeGreaterThan(2)
  // What a curve is drawn of is there at the end too.
  expect(reports.at(-1)!.distance).toBeTruthy()
  tell({ type: 'close', run: 'a' })
})

test('what is costly comes less often, and one slow moment does not put it off', async () => {
  let now = 0
  const work = paced(0.02, 200, () => now)
  const take = (cost: number): Promise<void> =>
    work.take(() => {
      now += cost
    })
  const pause = (): number => {
    const from = now
    while (!work.due()) now += 1
    return now - from
  }
  expect(work.due()).toBe(true)
  await take(2)
  expect(pause()).toBe(200)
  await take(10)
  expect(pause()).toBe(200)
  await take(10)
  expect(pause()).toBe(500)
  await take(400)
  expect(pause()).toBe(500)
})
