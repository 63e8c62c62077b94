import { describe, expect, test } from 'vitest'
import { constant, DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { gaussian } from '../../src/data/gaussian-mixture.ts'
import { type FlowMap, gaussianFlowMap, interpolants } from '../../src/model/index.ts'
import { type Reward, rewardOf } from '../../src/objective/reward.ts'
import { random } from '../../src/random/random.ts'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise, uniformGrid } from '../../src/sampler/sampler.ts'
import { type SteerOptions, steer } from '../../src/steering/steer.ts'
import type { PointReward, SteerableMap } from '../../src/steering/steerable.ts'
import { rewardAt, tiltedDataset } from '../../src/studio/engine/tilt.ts'
import { emptyReward, packReward, rewardCanvas, rewardOfTilt } from '../../src/studio/reward.ts'
import { beginStroke } from '../../src/studio/target/raster.ts'

const MEAN = [1, -1] as const
const STD = 0.5
const COUNT = 4000

/** Runs with the exact flow map of a Gaussian. */
async function withGaussian<T>(
  reward: Reward,
  use: (map: SteerableMap, reward: PointReward) => Promise<T>,
  map = gaussianFlowMap(MEAN, STD),
): Promise<T> {
  const graph = trace(({ x, s, t }) => ({ y: map.jump(x, s, t) }), {
    x: spec([DYNAMIC, 2]),
    s: spec([DYNAMIC, 1]),
    t: spec([DYNAMIC, 1]),
  })
  const jump = await engine.compile(simplify(graph))
  const look = await engine.compile(simplify(trace(({ x }) => ({ y: reward(x) }), { x: spec([DYNAMIC, 2]) })))
  const times = (x: Float32Array, t: number) => new Float32Array(x.length / 2).fill(t)
  try {
    return await use(
      {
        dimension: 2,
        interpolant: interpolants.linear,
        jump: async (x, s, t) => (await jump.run([x, times(x, s), times(x, t)]))[0] as Float32Array,
      },
      { value: async x => (await look.run([x]))[0] as Float32Array },
    )
  } finally {
    await jump.close()
    await look.close()
  }
}

/** Mean and standard deviation of a coordinate. */
function moments(points: ArrayLike<number>, coordinate: number): { mean: number; sd: number } {
  const values = Array.from({ length: points.length / 2 }, (_, i) => points[2 * i + coordinate])
  const mean = values.reduce((a, b) => a + b) / values.length
  return { mean, sd: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) }
}

const options: SteerOptions = { beta: 1, kernel: 'jump', grid: uniformGrid(8), moves: 8, seed: 3 }

/** `log N(x; centre, rho^2)` without its constant: times a Gaussian, a Gaussian. */
const CENTRE = [2, 0] as const
const RHO = 0.6
const quadratic: Reward = x =>
  x
    .sub(constant(CENTRE, [1, 2], x.dtype))
    .square()
    .sum(-1, true)
    .mul(-0.5 / RHO ** 2)

const steered = (change: Partial<SteerOptions>, reward = quadratic, map?: FlowMap) =>
  withGaussian(
    reward,
    (own, value) => steer(own, value, drawNoise(COUNT, 2, 1), { ...options, ...change }),
    map,
  )

/** The product of two Gaussians, one to the power of beta. */
function productOf(beta: number, coordinate: 0 | 1): { mean: number; sd: number } {
  const [own, other] = [1 / STD ** 2, beta / RHO ** 2]
  const mean = (own * MEAN[coordinate] + other * CENTRE[coordinate]) / (own + other)
  return { mean, sd: 1 / Math.sqrt(own + other) }
}

test.each([1, 2])('reaches the tilted Gaussian, beta %i', async beta => {
  const { points } = await steered({ beta })
  for (const coordinate of [0, 1] as const) {
    const wanted = productOf(beta, coordinate)
    const found = moments(points, coordinate)
    expect(Math.abs(found.mean - wanted.mean)).toBeLessThan(0.04)
    expect(Math.abs(found.sd - wanted.sd)).toBeLessThan(0.04)
  }
})

test('weights alone reach it too, with fewer points that differ', async () => {
  const { points } = await steered({ grid: uniformGrid(1), moves: 0 })
  for (const coordinate of [0, 1] as const) {
    const wanted = productOf(1, coordinate)
    expect(Math.abs(moments(points, coordinate).mean - wanted.mean)).toBeLessThan(0.05)
    expect(Math.abs(moments(points, coordinate).sd - wanted.sd)).toBeLessThan(0.05)
  }
  const differing = (all: Float32Array) => new Set(all.filter((_, i) => i % 2 === 0)).size
  expect(differing(points)).toBeLessThan(COUNT / 2)
  expect(differing((await steered({})).points)).toBeGreaterThan(differing(points))
})

test('a beta of 0 leaves the distribution as it is', async () => {
  const { points } = await steered({ beta: 0 })
  for (const coordinate of [0, 1]) {
    expect(Math.abs(moments(points, coordinate).mean - MEAN[coordinate])).toBeLessThan(0.04)
    expect(Math.abs(moments(points, coordinate).sd - STD)).toBeLessThan(0.04)
  }
})

test('the tilted distribution of a bump: steered samples against samples that are kept by chance', async () => {
  const tilt = { center: [1.8, -0.4] as [number, number], scale: 0.5, beta: 3 }
  const { points } = await steered(
    { beta: tilt.beta },
    rewardOf({ kind: 'gaussian', center: tilt.center, scale: tilt.scale }),
  )
  const exact = new Float32Array(2 * COUNT)
  tiltedDataset(gaussian({ mean: [...MEAN], std: STD }), tilt).sample(random(0, 'exact'), exact)
  for (const coordinate of [0, 1]) {
    const [wanted, found] = [moments(exact, coordinate), moments(points, coordinate)]
    expect(Math.abs(found.mean - wanted.mean)).toBeLessThan(0.05)
    expect(Math.abs(found.sd - wanted.sd)).toBeLessThan(0.05)
  }
})

describe('a painting of two good places, one better, and a bad one', () => {
  const places = [
    { x: -2, y: 1, strength: 0.6, does: 'add' },
    { x: 2, y: -1, strength: 1, does: 'add' },
    { x: 0, y: 0, strength: 1, does: 'subtract' },
  ] as const
  const cells = places.reduce((before, { x, y, strength, does }) => {
    const to = beginStroke(rewardCanvas, before, { radius: 3, strength, does })
    return to([(x + 5) / 0.4, (5 - y) / 0.4])
  }, emptyReward())
  const tilt = { painted: packReward(cells), beta: 3 }
  const std = 2

  /** Parts of the points within a brush of each place. */
  const shares = (points: ArrayLike<number>) =>
    places.map(({ x, y }) => {
      let near = 0
      for (let i = 0; i < points.length; i += 2)
        near += Number(Math.hypot(points[i] - x, points[i + 1] - y) < 1)
      return near / (points.length / 2)
    })

  test('is steered to in the proportions of the goal', async () => {
    const reward = rewardOf(rewardOfTilt(tilt))
    const { points } = await steered({ beta: tilt.beta }, reward, gaussianFlowMap([0, 0], std))
    const [before, exact] = [new Float64Array(10 * COUNT), new Float64Array(10 * COUNT)]
    const base = gaussian({ mean: [0, 0], std })
    base.sample(random(1, 'before'), before)
    tiltedDataset(base, tilt).sample(random(2, 'exact'), exact)
    const [plain, goal, found] = [before, exact, points].map(shares)
    expect(goal[0]).toBeGreaterThan(1.3 * plain[0])
    expect(goal[1]).toBeGreaterThan(2 * goal[0])
    expect(goal[2]).toBeLessThan(0.3 * plain[2])
    // Weights up to e^6 leave 4,000 samples counting as about 700, whose share deviates by 0.018.
    found.forEach((share, i) => {
      expect(Math.abs(share - goal[i])).toBeLessThan(0.05)
    })
  })
})

test('kept by chance: the mean of a function of the tilted data is that of weighted data', () => {
  const tilt = { center: [0, 0] as [number, number], scale: 1, beta: -2 }
  const base = gaussian({ mean: [...MEAN], std: STD })
  const reward = rewardAt(tilt)
  const data = new Float64Array(80_000)
  base.sample(random(5, 'data'), data)
  let [sum, total] = [0, 0]
  for (let i = 0; i < data.length; i += 2) {
    const r = reward(data.subarray(i, i + 2))
    sum += Math.exp(tilt.beta * r) * r
    total += Math.exp(tilt.beta * r)
  }
  const kept = new Float64Array(40_000)
  tiltedDataset(base, tilt).sample(random(6, 'data'), kept)
  let mean = 0
  for (let i = 0; i < kept.length; i += 2) mean += reward(kept.subarray(i, i + 2)) / (kept.length / 2)
  expect(mean).toBeCloseTo(sum / total, 2)
})
