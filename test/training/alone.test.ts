import { describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { compileScan } from '../../src/runtime/node.ts'
import type { State } from '../../src/serialization/checkpoint.ts'
import { buildStep, type StepGraph } from '../../src/training/step.ts'
import { Trainer } from '../../src/training/trainer.ts'
import { plane } from '../helpers/plane.ts'
import { tiny } from '../helpers/training.ts'

const dataset = generatedDataset('ring')
const user: UserConfig = { ...tiny, network: { ...tiny.network, conditioning: 's' }, objective: 'cafm' }
const ALONE = 4

/** A training that can go on by another step, with what it is after some steps. */
async function begin(more: UserConfig = {}) {
  const config = resolveConfig({ ...user, steps: 1000, chunk: 4, ...more })
  const stepOf = (paused: readonly string[]): StepGraph => buildStep(config, plane, {}, undefined, paused)
  const compile = ({ graph, state }: StepGraph) => compileScan(graph, state.length, { threads: 1 })
  const first = stepOf([])
  const trainer = new Trainer(config, dataset, first, await compile(first))
  return {
    rate: config.optimizer.learningRate,
    async take(end: number): Promise<State> {
      while (trainer.step < end) expect(await trainer.advance(end)).toBeUndefined()
      return { ...trainer.state }
    },
    async pause(...paused: string[]) {
      const step = stepOf(paused)
      trainer.goOnBy(step, await compile(step))
    },
  }
}

const ofPlayer = (state: State, name: string): State =>
  Object.fromEntries(Object.entries(state).filter(([vector]) => vector.startsWith(`${name}.`)))

describe('a critic that trains alone at first', () => {
  const alone = { players: { critic: { alone: ALONE, times: 2 } } } as const

  test('leaves the map where it is, and then both train as after a pause of the map', async () => {
    const [ours, paused] = [await begin(alone), await begin({ players: { critic: { times: 2 } } })]
    const start = await ours.take(1)
    const end = await ours.take(ALONE)
    expect(ofPlayer(end, 'map')).toEqual(ofPlayer(start, 'map'))
    expect(ofPlayer(end, 'critic')).not.toEqual(ofPlayer(start, 'critic'))
    await paused.pause('map')
    expect(ofPlayer(await paused.take(ALONE), 'critic')).toEqual(ofPlayer(end, 'critic'))
    await paused.pause()
    const [after, wanted] = [await ours.take(ALONE + 3), await paused.take(ALONE + 3)]
    expect(after).toEqual(wanted)
    expect(ofPlayer(after, 'map')).not.toEqual(ofPlayer(end, 'map'))
  })

  test("and the map's first update is a first one: a learning rate in each number", async () => {
    const { take, rate } = await begin({ ...alone, optimizer: { name: 'adam', clip: null } })
    const [before, after] = [await take(ALONE), await take(ALONE + 1)].map(state => state['map.parameters'])
    const sizes = before.map((x, i) => Math.abs(after[i] - x))
    // Counted from the beginning of the training it would be half of that.
    expect(Math.max(...sizes)).toBeGreaterThan(0.99 * rate)
    expect(Math.max(...sizes)).toBeLessThan(1.01 * rate)
  })

  test('is refused where nobody waits, or nothing is left', () => {
    const refused = (players: UserConfig['players']) => () => resolveConfig({ ...user, steps: 10, players })
    expect(refused({ critic: { alone: 10 } })).toThrow(/^players\.critic\.alone: expected fewer rounds/)
    expect(refused({ critic: { alone: 2 }, map: { alone: 2 } })).toThrow(/no network of cafm is left to wait/)
    expect(refused({ fake: { alone: 2 } })).toThrow(/^players\.fake: cafm has no such player/)
  })
})
