import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { followTransport } from '../../src/evaluation/transport.ts'
import {
  relativeStraightnessEstimate,
  straightnessEstimate,
  transportCostEstimate,
} from '../../src/metric/transport.ts'
import { gaussianFlow, interpolants, type VelocityField } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'

const MEAN = [1.5, -0.5]
const S = 0.4
const N = MEAN.length
const COUNT = 4000
const SQUARE = MEAN.reduce((sum, value) => sum + value * value, 0)

const source = random(3, 'transport')
const start = Float64Array.from({ length: COUNT * N }, () => source.normal())
const squares = (of: (z: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: COUNT }, (_, i) =>
    MEAN.reduce((sum, _, j) => sum + of(start[i * N + j], j) ** 2, 0),
  )

/** The velocity that reflow of exact pairs leads to: along straight lines from each noise to where it went. */
const straightened: VelocityField = {
  velocity(x: Tensor, t: Tensor) {
    const mean = constant(MEAN, [1, N], x.dtype)
    const rest = t.neg().add(1)
    const slope = constant(1 - S, [], x.dtype).div(rest.mul(S).add(t))
    return x.sub(rest.mul(mean)).mul(slope).sub(mean)
  },
}

const follow = (field: VelocityField) => followTransport(nodeRuntime(), field, start, N)

/** In standard errors, from what is expected. */
const off = (
  { value, interval: [low, high] }: { value: number; interval: readonly [number, number] },
  expected: number,
) => Math.abs(value - expected) / ((high - low) / 3.92)

describe('trajectories of Gaussian data', () => {
  test('bend by s (2 - pi/2) |z|^2 each, and go |(1-s) z - mu|^2 far', async () => {
    const { bends, costs } = await follow(gaussianFlow(MEAN, [S, S], interpolants.linear))
    const size = squares(z => z)
    const far = squares((z, j) => (1 - S) * z - MEAN[j])
    for (let i = 0; i < COUNT; i++) {
      expect(Math.abs(bends[i] - S * (2 - Math.PI / 2) * size[i])).toBeLessThan(1e-5 * (1 + size[i]))
      expect(Math.abs(costs[i] - far[i])).toBeLessThan(1e-5 * (1 + far[i]))
    }
  })

  test('have the straightness and cost of the closed form within their intervals', async () => {
    const found = await follow(gaussianFlow(MEAN, [S, S], interpolants.linear))
    const straightness = N * S * (2 - Math.PI / 2)
    const cost = N * (1 - S) ** 2 + SQUARE
    expect(off(straightnessEstimate(found), straightness)).toBeLessThan(3)
    expect(off(transportCostEstimate(found), cost)).toBeLessThan(3)
    expect(off(relativeStraightnessEstimate(found), straightness / cost)).toBeLessThan(3)
    // Pairs that are drawn apart cost more, and are not what the flow joins.
    expect(off(transportCostEstimate(found), N * (1 + S * S) + SQUARE)).toBeGreaterThan(10)
  })

  test('are straight after reflow of exact pairs, and go no further', async () => {
    const [before, after] = [
      await follow(gaussianFlow(MEAN, [S, S], interpolants.linear)),
      await follow(straightened),
    ]
    expect(Math.max(...after.bends)).toBeLessThan(1e-9)
    expect(transportCostEstimate(after).value).toBeCloseTo(transportCostEstimate(before).value, 4)
  })

  test('on a curved path stand still for the unit Gaussian, and bend for another', async () => {
    const found = await follow(gaussianFlow([0, 0], [1, 1], interpolants.trig))
    // k = 1 at every time: points of the unit Gaussian stay where they are.
    expect(Math.max(...found.bends, ...found.costs)).toBeLessThan(1e-9)
    const other = await follow(gaussianFlow([0, 0], [S, S], interpolants.trig))
    expect(straightnessEstimate(other).value).toBeGreaterThan(0.1)
  })
})

test('the relative form has the interval of a ratio, not of two means', () => {
  const costs = Float64Array.from({ length: 200 }, (_, i) => 1 + (i % 7))
  const { value, interval } = relativeStraightnessEstimate({ costs, bends: costs.map(cost => cost / 4) })
  expect(value).toBeCloseTo(0.25, 12)
  expect(interval[1] - interval[0]).toBeLessThan(1e-9)
})
