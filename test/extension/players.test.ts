import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Tensor } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { load, train } from '../../src/index.ts'
import type { Network } from '../../src/model/index.ts'
import { flowMatching } from '../../src/objective/diagonal.ts'
import { type Loss, objectives } from '../../src/objective/index.ts'
import { row } from '../../src/objective/objective.ts'
import { compileScan } from '../../src/runtime/node.ts'
import { lossFormula } from '../../src/studio/loss-formula.ts'
import { buildStep } from '../../src/training/step.ts'
import { Trainer } from '../../src/training/trainer.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { metricsOf, newestCheckpoint, quick, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('players')

/** A single number as a network, which gives it for every point. */
const number = (start: number): Network => ({
  parameters: { value: { shape: [1] } },
  initialize: () => ({ value: Float32Array.of(start) }),
  apply:
    ({ value }) =>
    x =>
      x.sum(-1, true).mul(0).add(value),
})

const description = {
  name: 'A game',
  formula: '(u - 1)(v - 2) + (u - 1)^2/2 - (v - 2)^2/2',
  terms: { low: 'f(u, v)', high: '-f(u, v)' },
  paper: 'none',
  publishedCost: null,
  source: 'test/extension/players.test.ts',
  code: [],
  whenToUse: 'in tests',
  trouble: 'none known',
}

/** `f(u, v) = (u - 1)(v - 2) + (u - 1)^2/2 - (v - 2)^2/2`, whose saddle point is (1, 2). */
const payoff = (u: Tensor, v: Tensor): Tensor => {
  const [a, b] = [u.sub(1), v.sub(2)]
  return a.mul(b).add(a.square().mul(0.5)).sub(b.square().mul(0.5))
}
const perSample = (x: Tensor): Tensor => x.reshape([x.shape[0]])
const played: Loss = ({ players, path: { eps }, s, t }) =>
  perSample(payoff(players!.low(eps, s, t), players!.high(eps, s, t)))
const against: Loss = draw => played(draw).neg()

/** Two numbers, one of which makes the payoff small, the other large; the map stands beside them. */
const game = row(
  {
    id: 'game',
    rule: 'diagonal',
    setting: 'velocity',
    needs: ['data'],
    diagonal: null,
    options: z.strictObject({}),
    parts: () => [{ name: 'low', loss: played, plain: true }],
    players: [
      { name: 'low', learns: 'what is low', network: () => number(-3) },
      { name: 'high', learns: 'what is high', network: () => number(5) },
    ],
    turns: () => [
      { trains: ['low'], parts: [{ name: 'low', loss: played, plain: true }] },
      { trains: ['high'], times: 2, parts: [{ name: 'high', loss: against, plain: true }] },
    ],
    defaults: { diagonalFraction: 0 },
  },
  description,
)

/** A critic's score of the map's own samples, which pulls at the map where a turn trains both. */
const scored: Loss = ({ map, players, path: { eps }, s, t }) => {
  const one = s.mul(0).add(1)
  const sample = map.jump(eps, one, one.sub(1))
  return perSample(players!.critic(sample, s, t).mul(sample.sum(-1, true)))
}
const critical = (id: string, together: boolean) =>
  row(
    {
      id,
      rule: 'diagonal',
      setting: 'velocity',
      needs: ['data'],
      diagonal: null,
      options: z.strictObject({}),
      parts: () => [{ name: 'flow', loss: flowMatching }],
      players: [{ name: 'critic', learns: 'a number', network: () => number(1) }],
      turns: () => [
        { trains: ['map'], parts: [{ name: 'flow', loss: flowMatching }] },
        {
          trains: together ? ['critic', 'map'] : ['critic'],
          parts: [{ name: 'score', loss: scored, plain: true }],
        },
      ],
      defaults: { diagonalFraction: 0 },
    },
    { ...description, terms: { flow: 'a', score: 'b' } },
  )

const rows = [game, critical('apart', false), critical('together', true)]
const table = objectives as Map<string, (typeof rows)[number]>
beforeAll(() => {
  for (const each of rows) table.set(each.id, each)
})
afterAll(() => {
  for (const each of rows) table.delete(each.id)
})

const base = {
  ...quick,
  network: { hidden: 8, layers: 1, frequencies: 2 },
  batch: 16,
  ema: 0,
  target: 'student',
} as const satisfies UserConfig

/** The state after so many rounds. */
async function stateAfter(user: UserConfig, rounds: number) {
  const config = resolveConfig({ ...base, ...user, steps: Math.max(rounds, 100) })
  const step = buildStep(config, plane)
  const program = await compileScan(step.graph, step.state.length, { threads: 1 })
  const trainer = new Trainer(config, generatedDataset('ring'), step, program)
  while (trainer.step < rounds) expect(await trainer.advance(rounds)).toBeUndefined()
  await program.close()
  return trainer.state
}

describe('a round of turns', () => {
  test('takes two players to the saddle point of their game, and leaves the map alone', async () => {
    const user = {
      objective: 'game',
      optimizer: { learningRate: 0.02 },
      schedule: { kind: 'cosine' },
    } as const
    const before = await stateAfter(user, 1)
    const after = await stateAfter(user, 1500)
    expect(after['low.parameters'][0]).toBeCloseTo(1, 2)
    expect(after['high.parameters'][0]).toBeCloseTo(2, 2)
    expect(after['map.parameters']).toEqual(before['map.parameters'])
  })

  test('takes one batch for an update', () => {
    const user = { ...base, objective: 'game', optimizer: { accumulate: 2 } }
    expect(() => resolveConfig(user)).toThrow(
      'optimizer.accumulate: the networks of game train in turns, each on what the one before has learned, so an update has one batch; use 1, found 2',
    )
  })

  test('gives each player its own rate and count of updates', async () => {
    const rates = { players: { low: { learningRate: 0.001 }, high: { learningRate: 0.01, times: 3 } } }
    const { 'low.parameters': low, 'high.parameters': high } = await stateAfter(
      { objective: 'game', ...rates },
      1,
    )
    // Adam's first steps are as long as the rate.
    expect(low[0] + 3).toBeCloseTo(0.001, 5)
    expect(5 - high[0]).toBeCloseTo(3 * 0.01, 3)
  })

  test('never lets a critic that trains alone reach the map', async () => {
    const flow = await stateAfter(
      { objective: 'flow-matching', network: { ...base.network, conditioning: 's,t' } },
      1,
    )
    const [apart, together] = [
      await stateAfter({ objective: 'apart' }, 1),
      await stateAfter({ objective: 'together' }, 1),
    ]
    expect(apart['critic.parameters'][0]).not.toBe(1)
    expect(flow['map.parameters']).toHaveLength(apart['map.parameters'].length)
    // The same turns, and what the second does to the map is all that differs.
    expect(together['map.parameters']).not.toEqual(apart['map.parameters'])
    const [once, zero] = [
      await stateAfter({ objective: 'apart', players: { critic: { learningRate: 1e-9 } } }, 1),
      apart,
    ]
    expect(once['map.parameters']).toEqual(zero['map.parameters'])
  })

  test('is trained, stopped, resumed and loaded as any run, with a gradient norm for each player', async () => {
    const user = { ...base, objective: 'apart', ema: 0.9, target: 'ema', steps: 60, logEvery: 20 } as const
    await train(user, { directory: join(folder, 'whole') })
    await train(user, { directory: join(folder, 'stopped'), shouldStop: stopAfter(2) })
    await train({}, { directory: join(folder, 'stopped'), resume: true })
    expect(metricsOf(join(folder, 'stopped'))).toEqual(metricsOf(join(folder, 'whole')))
    const line = metricsOf(join(folder, 'whole')).at(-1)!
    expect(Object.keys(line.terms)).toEqual(['flow', 'score'])
    expect(line.gradientNorms).toEqual({ critic: expect.any(Number) })
    const names = Object.keys(newestCheckpoint(join(folder, 'whole')))
    expect(names).toEqual(
      expect.arrayContaining(['critic.first', 'critic.second', 'critic.average', 'map.first']),
    )
    const map = await load(join(folder, 'whole'))
    expect([...(await map.jump(Float32Array.of(1, 2), 1, 0))].every(Number.isFinite)).toBe(true)
    await map.close()
  })

  test('has its formulas in the studio, and refuses players that it does not have', () => {
    const config = resolveConfig({ ...base, objective: 'apart' })
    expect(lossFormula(config).terms.map(({ term, tex }) => [term, tex])).toEqual([
      ['flow', 'a'],
      ['score', 'b'],
    ])
    const refuse = (players: object) => () => resolveConfig({ ...base, objective: 'apart', players })
    expect(refuse({ fake: { times: 2 } })).toThrow(
      'players.fake: apart has no such player; it has map, critic',
    )
    expect(refuse({ critic: { times: 0 } })).toThrow(/^players\.critic\.times: /)
    expect(() =>
      resolveConfig({ ...base, objective: 'together', players: { critic: { times: 2 } } }),
    ).toThrow('players.critic.times: critic is not trained in alternation in together')
  })
})
