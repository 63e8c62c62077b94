import { describe, expect, test } from 'vitest'
import { datasets } from '../../src/data/built-in.ts'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import { interpolants } from '../../src/model/index.ts'
import type { Mixture } from '../../src/model/mixture.ts'
import { random } from '../../src/random/random.ts'
import { drawNoise, type Jump, uniformGrid } from '../../src/sampler/sampler.ts'
import { steer as steerMap } from '../../src/steering/steer.ts'
import { rewardAt, tiltedDataset } from '../../src/studio/engine/tilt.ts'
import { long } from '../helpers/long.ts'

const COUNT = 2000

interface Steered {
  readonly jump: Jump
  readonly reward: (x: Float32Array) => Promise<ArrayLike<number>>
}

/** By jumps, with moves of the noise. */
const steer = (
  { jump, reward }: Steered,
  noise: Float32Array,
  options: { readonly beta: number; readonly grid: readonly number[]; moves: number; seed: number },
) =>
  steerMap({ dimension: 2, interpolant: interpolants.linear, jump }, { value: reward }, noise, {
    ...options,
    kernel: 'jump',
  })

interface Around {
  readonly velocity: readonly [number, number]
  /** Gradient of `log p_t`. */
  readonly score: readonly [number, number]
}

/** The path of a mixture of round Gaussians at a point. */
function around({ components }: Mixture, x: number, y: number, t: number): Around {
  const parts = components.map(({ weight, mean, scales }) => {
    const variance = ((1 - t) * scales[0]) ** 2 + t * t
    const [dx, dy] = [x - (1 - t) * mean[0], y - (1 - t) * mean[1]]
    const slope = (t - (1 - t) * scales[0] ** 2) / variance
    const log = Math.log(weight / variance) - (dx * dx + dy * dy) / (2 * variance)
    return {
      log,
      values: [slope * dx - mean[0], slope * dy - mean[1], -dx / variance, -dy / variance],
    }
  })
  const most = Math.max(...parts.map(({ log }) => log))
  const weights = parts.map(({ log }) => Math.exp(log - most))
  const total = weights.reduce((a, b) => a + b)
  const mean = (k: number) => parts.reduce((sum, { values }, i) => sum + weights[i] * values[k], 0) / total
  return { velocity: [mean(0), mean(1)], score: [mean(2), mean(3)] }
}

/** The exact flow of a mixture, by the midpoint rule. */
const flowOf =
  (mixture: Mixture, steps = 12) =>
  async (points: Float32Array, s: number, t: number): Promise<Float32Array> => {
    const out = points.slice()
    const h = (t - s) / steps
    for (let i = 0; i < out.length; i += 2) {
      let [x, y] = [out[i], out[i + 1]]
      for (let k = 0; k < steps; k++) {
        const first = around(mixture, x, y, s + h * k).velocity
        const half = around(mixture, x + (h / 2) * first[0], y + (h / 2) * first[1], s + h * (k + 0.5))
        x += h * half.velocity[0]
        y += h * half.velocity[1]
      }
      out[i] = x
      out[i + 1] = y
    }
    return out
  }

const each = (points: Float32Array, value: (point: Float32Array) => number): Float64Array =>
  Float64Array.from({ length: points.length / 2 }, (_, i) => value(points.subarray(2 * i, 2 * i + 2)))

describe('the ring, tilted by a wide bump', () => {
  const ring = datasets.ring.create()
  const tilt = { center: [4, 0] as [number, number], scale: 2.5, beta: 4 }
  const goal = prepareMetrics(tiltedDataset(ring, tilt), { count: COUNT, names: ['slicedWasserstein'] })
  /** What exact samples stay below. */
  const bound = goal.floors.slicedWasserstein.high
  const distance = (points: Float32Array) => goal.evaluate(points).slicedWasserstein
  const jump = flowOf(ring.mixture!)
  const reward = async (x: Float32Array) => each(x, rewardAt(tilt))

  test('is reached as closely as by exact samples', async () => {
    const options = { beta: tilt.beta, grid: uniformGrid(4), moves: 2, seed: 1 }
    const { points, acceptance } = await steer({ jump, reward }, drawNoise(COUNT, 2, 1), options)
    expect(distance(points)).toBeLessThan(bound)
    expect(acceptance).toBeGreaterThan(0.5)
    expect(acceptance).toBeLessThan(0.95)
    expect(new Set(points.filter((_, i) => i % 2 === 0)).size).toBeGreaterThan(0.9 * COUNT)
  })

  long('unadjusted Langevin moves leave it, even from exact samples', async () => {
    const source = random(1, 'langevin')
    const t = 0.75
    // At time t the target is that of a weaker tilt, carried along the flow.
    const weaker = { ...tilt, beta: tilt.beta * (1 - t) }
    const goal = prepareMetrics(tiltedDataset(ring, weaker), { count: COUNT, names: ['slicedWasserstein'] })
    const distance = (points: Float32Array) => goal.evaluate(points).slicedWasserstein
    let x = await jump(goal.draw(0)!, 0, t)
    const { high } = goal.floors.slicedWasserstein
    expect(distance(await jump(x, t, 0))).toBeLessThan(high * 1.01)
    const e = 1e-3
    const h = 0.1 * t * t
    for (let move = 0; move < 8; move++) {
      const ahead = async (axis: number, by: number) =>
        reward(
          await jump(
            x.map((value, i) => value + (i % 2 === axis ? by : 0)),
            t,
            0,
          ),
        )
      const slopes = [
        [await ahead(0, e), await ahead(0, -e)],
        [await ahead(1, e), await ahead(1, -e)],
      ]
      x = x.map((value, i) => {
        const axis = i % 2
        const [up, down] = slopes[axis].map(list => list[i >> 1])
        const { score } = around(ring.mixture!, x[i - axis], x[i - axis + 1], t)
        const pull = (weaker.beta * (up - down)) / (2 * e)
        const held = Math.max(-4 / t, Math.min(4 / t, pull))
        return value + h * (score[axis] + held) + Math.sqrt(2 * h) * source.normal()
      })
    }
    expect(distance(await jump(x, t, 0))).toBeGreaterThan(high)
  })
})

/** `log` of a Gaussian around a centre, without its constant: its product with a Gaussian is one. */
const CENTRE = [0.5, 1] as const
const WIDTH = 0.8
const quadratic = async (x: Float32Array) =>
  each(x, ([a, b]) => -((a - CENTRE[0]) ** 2 + (b - CENTRE[1]) ** 2) / (2 * WIDTH ** 2))

/** Weight, mean and deviation of each part of a mixture that is tilted by it. */
function tilted({ components }: Mixture) {
  const parts = components.map(({ weight, mean, scales }) => {
    const [own, other] = [1 / scales[0] ** 2, 1 / WIDTH ** 2]
    const far = (mean[0] - CENTRE[0]) ** 2 + (mean[1] - CENTRE[1]) ** 2
    const both = scales[0] ** 2 + WIDTH ** 2
    return {
      mass: (weight / both) * Math.exp(-far / (2 * both)),
      mean: mean.map((value, d) => (own * value + other * CENTRE[d]) / (own + other)),
      sd: 1 / Math.sqrt(own + other),
    }
  })
  const total = parts.reduce((sum, { mass }) => sum + mass, 0)
  return parts.map(part => ({ ...part, mass: part.mass / total }))
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

test('a mixture tilted by a quadratic reward: shares, means and spreads of its parts', async () => {
  const mixture: Mixture = {
    components: [
      { weight: 0.3, mean: [-1.5, 0.5], scales: [0.5, 0.5] },
      { weight: 0.7, mean: [1, -0.5], scales: [0.3, 0.3] },
    ],
  }
  const options = { beta: 1, grid: uniformGrid(4), moves: 2, seed: 5 }
  const parts: Steered = { jump: flowOf(mixture), reward: quadratic }
  const { points } = await steer(parts, drawNoise(3000, 2, 5), options)
  const wanted = tilted(mixture)
  const boundary = (wanted[0].mean[0] + wanted[1].mean[0]) / 2
  wanted.forEach(({ mass, mean, sd }, k) => {
    const own = [...each(points, ([x]) => x).entries()].filter(([, x]) => x < boundary === (k === 0))
    expect(Math.abs(own.length / 3000 - mass)).toBeLessThan(0.03)
    for (const d of [0, 1]) {
      const values = own.map(([i]) => points[2 * i + d])
      expect(Math.abs(meanOf(values) - mean[d])).toBeLessThan(0.05)
      const spread = Math.sqrt(meanOf(values.map(value => (value - mean[d]) ** 2)))
      expect(Math.abs(spread - sd)).toBeLessThan(0.05)
    }
  })
})

test.each([0, 6])('a map whose jumps do not agree: what it samples, tilted; %i moves', async moves => {
  // Each jump shrinks points by its length and moves them, so that two half jumps end elsewhere than a whole one.
  const jump = async (x: Float32Array, s: number, t: number) =>
    x.map(value => value * (1 - 0.6 * (s - t)) + (s - t))
  const grid = uniformGrid(4)
  const options = { beta: 1, grid, moves, seed: 2 }
  const { points } = await steer({ jump, reward: quadratic }, drawNoise(8000, 2, 2), options)
  const scale = 0.85 ** 4
  const shift = (0.25 * (1 - scale)) / 0.15
  const [{ mean, sd }] = tilted({
    components: [{ weight: 1, mean: [shift, shift], scales: [scale, scale] }],
  })
  for (const d of [0, 1]) {
    const values = [...points].filter((_, i) => i % 2 === d)
    expect(Math.abs(meanOf(values) - mean[d])).toBeLessThan(0.02)
    expect(Math.abs(Math.sqrt(meanOf(values.map(value => (value - mean[d]) ** 2))) - sd)).toBeLessThan(0.02)
  }
})
