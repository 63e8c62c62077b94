import { describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { interpolants, mixtureVelocity } from '../../src/model/index.ts'
import { compileScan } from '../../src/runtime/node.ts'
import type { State } from '../../src/serialization/checkpoint.ts'
import { buildStep, type StepGraph } from '../../src/training/step.ts'
import { Trainer } from '../../src/training/trainer.ts'
import { plane } from '../helpers/plane.ts'
import { tiny } from '../helpers/training.ts'

const dataset = generatedDataset('ring')
const teachers = { teacher: mixtureVelocity(dataset.mixture!, interpolants.linear) }

/** A training of the ring whose players can be paused. */
async function begin(user: UserConfig) {
  const config = resolveConfig({ ...tiny, teacher: 'exact', ...user, steps: 1000, chunk: 4 })
  const stepOf = (paused: readonly string[]): StepGraph =>
    buildStep(config, plane, teachers, undefined, paused)
  const compile = ({ graph, state }: StepGraph) => compileScan(graph, state.length, { threads: 1 })
  const first = stepOf([])
  const trainer = new Trainer(config, dataset, first, await compile(first))
  const take = async (steps: number) => {
    const end = trainer.step + steps
    while (trainer.step < end) expect(await trainer.advance(end)).toBeUndefined()
    return { ...trainer.state }
  }
  const pause = async (...paused: string[]) => {
    const step = stepOf(paused)
    trainer.goOnBy(step, await compile(step))
  }
  return { trainer, take, pause }
}

const gan = { objective: 'gan', teacher: null } as const

/** All that a training keeps of a player. */
const ofPlayer = (state: State, name: string): State =>
  Object.fromEntries(Object.entries(state).filter(([vector]) => vector.startsWith(`${name}.`)))

/** Vectors of a player that differ. */
const moved = (before: State, after: State, name: string): string[] =>
  Object.keys(ofPlayer(before, name)).filter(vector =>
    before[vector]!.some((value, i) => value !== after[vector]![i]),
  )

describe('a paused player', () => {
  test.each([
    ['critic', 'map'],
    ['map', 'critic'],
  ])('%s stands still to the last bit while %s trains, and goes on', async (still, other) => {
    const { take, pause } = await begin(gan)
    const before = await take(5)
    expect(Object.keys(ofPlayer(before, still)).length).toBeGreaterThan(3)
    await pause(still)
    const during = await take(6)
    expect(moved(before, during, still)).toEqual([])
    expect(moved(before, during, other)).toEqual(Object.keys(ofPlayer(before, other)))
    await pause()
    const after = await take(3)
    expect(moved(during, after, still)).toEqual(Object.keys(ofPlayer(before, still)))
  })

  test('is left out of a turn that trains others too', async () => {
    const { trainer, take, pause } = await begin({ objective: 'freeflow' })
    const before = await take(2)
    await pause('auxiliary')
    const during = await take(2)
    expect(moved(before, during, 'auxiliary')).toEqual([])
    expect(moved(before, during, 'map')).toContain('map.parameters')
    await pause('map')
    const after = await take(2)
    expect(moved(during, after, 'map')).toEqual([])
    expect(moved(during, after, 'auxiliary')).toContain('auxiliary.parameters')
    // The losses of the turn are still computed; the gradient of the map is not.
    expect(Object.keys(trainer.line().terms)).toEqual(['prediction', 'correction', 'auxiliary'])
  })

  test('has no line in the log until it goes on', async () => {
    const { trainer, take, pause } = await begin(gan)
    const names = async (...paused: string[]) => {
      await pause(...paused)
      await take(2)
      const { terms, loss, measures } = trainer.line()
      return [Object.keys(terms), Number.isFinite(loss), measures && Object.keys(measures)]
    }
    expect(await names()).toEqual([['critic', 'gan'], true, ['criticAccuracy']])
    expect(await names('critic')).toEqual([['gan'], true, undefined])
    expect(await names('map')).toEqual([['critic'], false, ['criticAccuracy']])
    expect(await names()).toEqual([['critic', 'gan'], true, ['criticAccuracy']])
  })

  test('is not counted as updated: its first step afterwards is as long as the first of all', async () => {
    const learningRate = 1e-3
    const { take, pause } = await begin({ ...gan, optimizer: { learningRate } })
    await pause('critic')
    const before = await take(9)
    await pause()
    const after = await take(1)
    const lengths = after['critic.parameters']!.map((value, i) =>
      Math.abs(value - before['critic.parameters']![i]),
    )
    // Adam's first step is as long as the rate in every coordinate.
    expect(Math.max(...lengths) / learningRate).toBeCloseTo(1, 2)
  })
})

test('a pause in which no step is taken changes nothing', async () => {
  const [whole, cut] = [await begin(gan), await begin(gan)]
  await cut.take(4)
  await cut.pause('critic')
  await cut.pause()
  expect(await cut.take(4)).toEqual(await whole.take(8))
})

test('nobody that is not there can be paused, nor everybody', () => {
  const step = (...paused: string[]) =>
    buildStep(resolveConfig({ ...tiny, ...gan }), plane, {}, undefined, paused)
  expect(() => step('fake')).toThrow('paused: expected one of critic, map, found "fake"')
  expect(() => step('critic', 'map')).toThrow('paused: critic and map cannot all be paused')
  expect(step('critic').turns.map(({ trains }) => trains)).toEqual([['map']])
})
