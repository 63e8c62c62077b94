import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise, uniformGrid } from '../../src/sampler/sampler.ts'
import { openReward } from '../../src/serialization/point-reward.ts'
import { chooseSteering } from '../../src/steering/choices.ts'
import {
  KERNELS,
  type KernelName,
  type LookAheadName,
  type SteeringMethod,
} from '../../src/steering/names.ts'
import { steer } from '../../src/steering/steer.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import type { Questions } from '../../src/studio/engine/protocol.ts'
import { Session } from '../../src/studio/engine/session.ts'
import {
  exampleOn,
  examplePlan,
  freshPlan,
  type Plan,
  type Stage,
  type Tilt,
  trainedObjective,
} from '../../src/studio/plan.ts'
import { rewardOfTilt } from '../../src/studio/reward.ts'

const tilt: Tilt = { center: [4, 0], scale: 2.5, beta: 4 }
const COUNT = 2000
type Asked = Questions['steer']['ask']

let ring: Session
let moons: Session
beforeAll(async () => {
  ring = await Session.open(engine, examplePlan)
  moons = await Session.open(engine, exampleOn('two-moons'))
})
afterAll(async () => {
  for (const session of [ring, moons]) await session?.close()
})

const question = (change: Partial<Asked> = {}): Asked => ({
  points: drawNoise(COUNT, 2, 0),
  tilt,
  steps: 4,
  method: 'particles',
  kernel: 'renoise',
  lookAhead: 'jump',
  moves: 0,
  resample: true,
  seed: 0,
  weights: 'ema',
  ...change,
})

const ask = (change: Partial<Asked> = {}, session = ring) => answers.steer(question(change), session, engine)

test('what the page shows is what the library steers, number for number', async () => {
  const found = await ask()
  const reward = await openReward(rewardOfTilt(tilt), { dimension: 2, shape: [2] }, engine)
  const wanted = await steer(ring.steerable(), reward, drawNoise(COUNT, 2, 0), {
    ...chooseSteering('cmt', uniformGrid(4), {}),
    beta: 4,
    grid: uniformGrid(4),
    seed: 0,
  })
  await reward.close()
  expect(found.after).toEqual(wanted.points)
  expect(found.before).toEqual(wanted.before)
  expect(found.logZ).toBe(wanted.logZ)
  expect(found.evaluations).toEqual(wanted.evaluations)
})

describe('the ring, by every way', () => {
  test.each([
    ['particles', 'renoise', 'jump'],
    ['particles', 'jump', 'jump'],
    ['particles', 'noise', 'jump'],
    ['particles', 'posterior', 'denoiser'],
    ['particles', 'renoise', 'none'],
    ['filter', 'renoise', 'jump'],
  ] as const)('%s, %s, %s come near the exact law and its log Z', async (method, kernel, lookAhead) => {
    const { exact, rewards, logZ, logZError, ess, distinct, isSample } = await ask({
      method,
      kernel,
      lookAhead,
      moves: kernel === 'noise' ? 1 : 0,
    })
    expect(isSample).toBe(true)
    // The exact law of section 12 of what was measured: reward 0.826, log Z 2.217.
    expect(exact!.reward).toBeCloseTo(0.826, 1)
    expect(Math.abs(exact!.logZ - 2.217)).toBeLessThan(4 * exact!.logZError + 0.002)
    expect(exact!.logZError).toBeLessThan(0.02)
    expect(Math.abs(rewards.after - exact!.reward)).toBeLessThan(0.05)
    expect(exact!.distances.after).toBeLessThan(0.3 * exact!.distances.before)
    expect(Math.abs(logZ! - exact!.logZ)).toBeLessThan(0.25)
    expect(logZError).toBeGreaterThan(0)
    expect(Math.min(...ess)).toBeGreaterThan(0.05)
    expect(distinct).toBeGreaterThan(0.2)
  })

  test('a guided flow has gradients, costs backward passes, and is told not to sample the goal', async () => {
    const found = await ask({ method: 'guided', lookAhead: 'denoiser', steps: 16 })
    expect(found.isSample).toBe(false)
    expect(found.logZ).toBeUndefined()
    expect(found.evaluations.backward).toBe(15 * COUNT)
    expect(found.rewards.after).toBeGreaterThan(found.rewards.before + 0.2)
    const through = await ask({ method: 'guided', lookAhead: 'jump', steps: 16 })
    expect(through.rewards.after).toBeGreaterThan(through.rewards.before)
    expect(through.after).not.toEqual(found.after)
  })

  test('the best of four has four candidates each', async () => {
    const { after, rewards, isSample, evaluations } = await ask({
      method: 'best',
      points: drawNoise(4 * COUNT, 2, 0),
    })
    expect(after).toHaveLength(2 * COUNT)
    expect(evaluations.forward).toBe(4 * 4 * COUNT)
    expect(rewards.after).toBeGreaterThan(rewards.before + 0.2)
    expect(isSample).toBe(false)
  })

  test('without resampling on the way, weights count at the end', async () => {
    const { rewards, exact, ess } = await ask({ resample: false })
    expect(Math.abs(rewards.after - exact!.reward)).toBeLessThan(0.05)
    expect(ess.at(-1)).toBeLessThan((await ask()).ess.at(-1)!)
  })
})

test('pullbacks of a session are the gradients of its jumps and velocity', async () => {
  const map = moons.steerable()
  const x = Float32Array.of(0.3, -0.8, 1.1, 0.4)
  const g = Float32Array.of(0.7, -0.2, 0.5, 1.3)
  const dot = (a: Float32Array) => [0, 1].map(k => a[2 * k] * g[2 * k] + a[2 * k + 1] * g[2 * k + 1])
  const e = 1e-2
  for (const [value, pulled] of [
    [(y: Float32Array) => map.jump(y, 0.7, 0.2), await map.jumpPullback!(x, 0.7, 0.2, g)],
    [(y: Float32Array) => map.velocity!(y, 0.7), await map.velocityPullback!(x, 0.7, g)],
  ] as const) {
    for (const axis of [0, 1]) {
      const moved = (by: number) => value(x.map((at, i) => at + (i % 2 === axis ? by : 0)))
      const [up, down] = [dot(await moved(e)), dot(await moved(-e))]
      for (const k of [0, 1]) expect(pulled[2 * k + axis]).toBeCloseTo((up[k] - down[k]) / (2 * e), 1)
    }
  }
})

test('a velocity is steered along it; jumps that it has not learnt are refused in a line', async () => {
  const stages: Stage[] = [{ objective: 'flow-matching', learningRate: 1e-3, steps: 0, keep: false }]
  const session = await Session.open(engine, { ...freshPlan, hidden: 16, stages })
  try {
    const way = { kernel: 'euler-maruyama', lookAhead: 'denoiser' } as const
    const { after } = await ask(way, session)
    expect(after.every(Number.isFinite)).toBe(true)
    const refusal =
      /^this map is a velocity, whose jump is an Euler step, so .* would not steer its samples correctly\.$/
    for (const kernel of KERNELS) {
      if (kernel === 'renoise' || kernel === 'noise')
        await expect(async () => ask({ kernel }, session)).rejects.toThrow(refusal)
    }
    await expect(async () => ask({ ...way, lookAhead: 'jump' }, session)).rejects.toThrow(refusal)
  } finally {
    await session.close()
  }
})

test.each<[string, Pick<Plan, 'stages' | 'start'>, string | undefined]>([
  ['the example', examplePlan, 'cmt'],
  ['a fresh one', freshPlan, 'lsd'],
  ['a file that does not say', { ...freshPlan, start: file(null) }, undefined],
  ['a file that says', { ...freshPlan, start: file('psd') }, 'psd'],
  ['a stage that has taken no step', { stages: [stage('psd', 9), stage('ct', 0)] }, 'psd'],
  ['one that began anew', { stages: [stage('psd', 9), { ...stage('ct', 0), keep: false }] }, 'ct'],
  ['one that has', { stages: [stage('psd', 9), stage('ct', 1)] }, 'ct'],
])('the weights of %s were trained with what they were', (_, plan, wanted) => {
  expect(trainedObjective(plan)).toBe(wanted)
})

function file(objective: string | null): Plan['start'] {
  return { name: 'm', format: 'safetensors', sha256: '0'.repeat(64), objective }
}

function stage(objective: string, steps: number): Stage {
  return { objective, learningRate: 1e-3, steps, keep: true }
}

test('every way of the library that the page offers has a name there', async () => {
  const ways = await import('../../src/studio/page/views/steer/ways.ts')
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).sort()
  const methods: readonly SteeringMethod[] = ['best', 'filter', 'guided', 'particles']
  const lookAheads: readonly LookAheadName[] = ['denoiser', 'jump', 'none', 'posterior']
  expect(ids(ways.methods)).toEqual(methods)
  expect(ids(ways.kernels)).toEqual([...KERNELS].sort() satisfies KernelName[])
  expect(ids(ways.lookAheads)).toEqual(lookAheads)
})
