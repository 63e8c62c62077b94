import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DYNAMIC, onesLike, simplify, spec, trace, vjp } from '../../src/autodiff/index.ts'
import { type ConfigError, resolveConfig } from '../../src/config/index.ts'
import { type RewardConfig, rewardOf } from '../../src/objective/reward.ts'
import { rewardValue } from '../../src/objective/reward-value.ts'
import * as engine from '../../src/runtime/node.ts'
import { value, valuesOf } from '../autodiff/values.ts'

const within = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const list = (number: fc.Arbitrary<number>, length: number) =>
  fc.array(number, { minLength: length, maxLength: length })
const oneOrEach = (number: fc.Arbitrary<number>, count: number) => fc.oneof(number, list(number, count))

/** A reward of some dimension, and points near it: far from zero, as data in its own units may be. */
const rewards: fc.Arbitrary<{ reward: RewardConfig; points: number[][] }> = fc
  .record({
    dimension: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 5 }),
    from: within(-300, 300),
  })
  .chain(({ dimension, count, from }) => {
    const place = list(within(from - 2, from + 2), dimension)
    const scale = oneOrEach(within(0.4, 3), dimension)
    return fc.record({
      reward: fc.oneof(
        fc.record({ kind: fc.constant('gaussian' as const), center: place, scale }),
        fc.record({
          kind: fc.constant('gaussians' as const),
          centers: fc.array(place, { minLength: count, maxLength: count }),
          weights: oneOrEach(within(-2, 2), count),
          scale,
        }),
      ),
      points: fc.array(place, { minLength: 1, maxLength: 6 }),
    })
  })

/** The formula as it is written. */
function formula(reward: RewardConfig, x: readonly number[]): number {
  const each = (given: number | readonly number[], i: number) =>
    typeof given === 'number' ? given : given[i]
  const { scale } = reward
  const bump = (center: number | readonly number[]) => {
    const far = Math.hypot(...x.map((v, d) => (v - each(center, d)) / each(scale, d)))
    return Math.exp(-(far ** 2) / 2)
  }
  if (reward.kind === 'gaussian') return bump(reward.center)
  return reward.centers.reduce((sum, center, k) => sum + each(reward.weights, k) * bump(center), 0)
}

const batchOf = (points: readonly number[][]) => value(points.flat(), [points.length, points[0].length])

describe('a reward', () => {
  test('is the same as a graph, in plain numbers and as it is written', () => {
    fc.assert(
      fc.property(rewards, ({ reward, points }) => {
        const [graph] = valuesOf(rewardOf(reward), batchOf(points))
        expect(graph.shape).toEqual([points.length, 1])
        const inNumbers = rewardValue(reward, points[0].length)
        points.forEach((x, i) => {
          expect(graph.data[i]).toBeCloseTo(formula(reward, x), 11)
          expect(inNumbers(x)).toBeCloseTo(formula(reward, x), 13)
        })
      }),
    )
  })

  test('has the gradient that differences of its numbers show', () => {
    const STEP = 1e-4
    fc.assert(
      fc.property(rewards, ({ reward, points }) => {
        const [gradient] = valuesOf(x => {
          const [r, pull] = vjp(rewardOf(reward), [x])
          return pull(onesLike(r))[0]
        }, batchOf(points))
        const dimension = points[0].length
        const at = rewardValue(reward, dimension)
        points.forEach((x, i) => {
          for (let d = 0; d < dimension; d++) {
            const shifted = (by: number) => x.map((v, j) => (j === d ? v + by : v))
            const difference = (at(shifted(STEP)) - at(shifted(-STEP))) / (2 * STEP)
            // Third derivatives of five bumps of weight 2 and width 0.4 are below 5 * 2 * 1.4 / 0.4^3.
            expect(Math.abs(gradient.data[dimension * i + d] - difference)).toBeLessThan(1e-6)
          }
        })
      }),
    )
  })

  test('of one bump of weight 1 is that bump; of an image it is one number', () => {
    const center = [0.4, -1, 2, 0.1]
    const image = value([0, 0.5, 1, -1, 2, 2, 2, 2], [2, 2, 2])
    const one: RewardConfig = { kind: 'gaussian', center, scale: 1.3 }
    const sum: RewardConfig = { kind: 'gaussians', centers: [center], weights: 1, scale: 1.3 }
    const [a, b] = [one, sum].map(reward => valuesOf(rewardOf(reward), image)[0])
    expect([a.shape, b.shape]).toEqual([
      [2, 1, 1],
      [2, 1, 1],
    ])
    b.data.forEach((r, i) => {
      expect(r).toBeCloseTo(a.data[i], 14)
    })
  })
})

test('far from zero no digits are lost in single precision', async () => {
  const reward: RewardConfig = {
    kind: 'gaussians',
    centers: [
      [1000, -2000],
      [1001, -2000.5],
    ],
    weights: [1, -0.5],
    scale: 0.5,
  }
  const graph = trace(({ x }) => ({ y: rewardOf(reward)(x) }), { x: spec([DYNAMIC, 2]) })
  const program = await engine.compile(simplify(graph))
  const points = Float32Array.of(1000, -2000, 1000.5, -2000.25, 1001, -2000.5, 1002, -2001)
  const [found] = await program.run([points])
  await program.close()
  const at = rewardValue(reward, 2)
  for (let i = 0; i < 4; i++) expect(Number(found[i])).toBeCloseTo(at(points.subarray(2 * i, 2 * i + 2)), 5)
})

describe('in a configuration', () => {
  const asked = (reward: unknown) =>
    resolveConfig({ objective: 'itm', teacher: 'exact', options: { reward } }).options.reward

  test('what is left out is filled in', () => {
    expect(asked({})).toEqual({ kind: 'gaussian', center: 0, scale: 1 })
    expect(asked({ center: [1, 2] })).toEqual({ kind: 'gaussian', center: [1, 2], scale: 1 })
    expect(asked({ kind: 'gaussians', centers: [[1, 2]] })).toEqual({
      kind: 'gaussians',
      centers: [[1, 2]],
      weights: 1,
      scale: 1,
    })
  })

  const gaussians = (rest: object) => ({
    kind: 'gaussians',
    centers: [
      [1, 2],
      [3, 4],
    ],
    ...rest,
  })
  test.each<[unknown, string]>([
    [{ kind: 'painted' }, 'options.reward.kind: expected one of gaussian, gaussians, found "painted"'],
    [{ kind: 'gaussians' }, 'options.reward.centers: expected a list, found nothing'],
    [gaussians({ centers: [] }), 'options.reward.centers: expected a list of at least 1 item, found []'],
    [
      gaussians({ centers: [[1, 2], [3]] }),
      'options.reward.centers: expected centres of as many numbers each, found [[1,2],[3]]',
    ],
    [gaussians({ centers: [[1, 'b']] }), 'options.reward.centers.0.1: expected number, found "b"'],
    [
      gaussians({ weights: [1, 2, 3] }),
      'options.reward.weights: expected one number for each centre, or one for all, found [1,2,3]',
    ],
    [gaussians({ scale: 0 }), 'options.reward.scale: expected number to be >0, found 0'],
    [gaussians({ center: 1 }), 'options.reward.center: itm has no such option'],
  ])('%j is refused in one line', (reward, message) => {
    const refusal = (() => {
      try {
        return String(asked(reward))
      } catch (error) {
        return (error as ConfigError).message
      }
    })()
    expect(refusal).toBe(message)
  })
})
