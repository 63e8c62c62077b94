import { expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import { configOf, Session } from '../../src/studio/engine/session.ts'
import { freshPlan, type Plan, type Tilt } from '../../src/studio/plan.ts'

const tilt: Tilt = { center: [2, 0], scale: 0.8, beta: 3 }

const planOf = (objective: string, tilted = true): Plan => ({
  ...freshPlan,
  target: { kind: 'built-in', name: 'gaussian' },
  hidden: 32,
  batch: 256,
  stages: [{ objective, learningRate: 3e-3, steps: 0, keep: false, ...(tilted && { tilt }) }],
})

/** The rewards of samples after some steps, and of exactly tilted data. */
async function rewardsOf(plan: Plan, method: 'jump' | 'heun', steps: number) {
  const session = await Session.open(engine, plan)
  try {
    while (session.step < 1000) expect(await session.advance(1000)).toBeUndefined()
    const question = { points: drawNoise(2000, 2, 0), tilt, steps, method, weights: 'raw' } as const
    const { rewards, distances } = await answers.tilted(question, session, engine)
    return { ...rewards, distance: distances.points }
  } finally {
    await session.close()
  }
}

test.each([
  ['itm', 'heun', 16, 0.05],
  // Jumps follow the velocity slowly: their term has a small weight.
  ['lsd', 'jump', 1, 0.09],
] as const)('%s learns the tilted Gaussian (by %s)', async (objective, method, steps, error) => {
  const tilted = await rewardsOf(planOf(objective), method, steps)
  expect(Math.abs(tilted.points - tilted.exact)).toBeLessThan(error)
  expect(tilted.distance).toBeLessThan(0.2)
})

test('without the tilt the reward stays what the data has', async () => {
  const plain = await rewardsOf(planOf('lsd', false), 'jump', 1)
  expect(plain.exact - plain.points).toBeGreaterThan(0.1)
  expect(plain.distance).toBeGreaterThan(0.3)
})

test('a target without a closed form tilts the samples of a teacher, and what has no diagonal term is refused', () => {
  const [stage] = planOf('itm').stages
  expect(configOf(planOf('itm'), stage, true).coupling.kind).toBe('independent')
  expect(configOf(planOf('itm'), stage, false).coupling.kind).toBe('samples')
  expect(() => configOf(planOf('ct'), { ...stage, objective: 'ct' }, true)).toThrow(/ct has no diagonal term/)
})
