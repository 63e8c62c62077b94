import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DYNAMIC, onesLike, simplify, spec, trace, vjp } from '../../src/autodiff/index.ts'
import { type ConfigError, resolveConfig } from '../../src/config/index.ts'
import {
  type RewardConfig,
  rewardBounds,
  rewardMisfit,
  rewardOf,
  seenReward,
} from '../../src/objective/reward.ts'
import { quadraticOf } from '../../src/objective/reward-quadratic.ts'
import { rewardValue } from '../../src/objective/reward-value.ts'
import * as engine from '../../src/runtime/node.ts'
import { value, valuesOf } from '../autodiff/values.ts'

const within = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true })
const list = (number: fc.Arbitrary<number>, length: number) =>
  fc.array(number, { minLength: length, maxLength: length })
const oneOrEach = (number: fc.Arbitrary<number>, count: number) => fc.oneof(number, list(number, count))

type Bump = Extract<RewardConfig, { kind: 'gaussian' | 'gaussians' }>

/** A reward of some dimension, and points near it: far from zero, as data in its own units may be. */
const rewards: fc.Arbitrary<{ reward: Bump; points: number[][] }> = fc
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
function formula(reward: Bump, x: readonly number[]): number {
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

/** Rewards that are quadratic, of points in the plane or of pictures of 4 x 2 x 1, with the formula as it is written. */
const quadratics: Readonly<Record<string, [RewardConfig, (x: readonly number[]) => number]>> = {
  quadratic: [
    {
      kind: 'quadratic',
      A: [
        [2, 1],
        [0, 3],
      ],
      center: [0.5, -1],
      b: [0.3, 0.7],
      offset: 0.2,
    },
    ([x, y]) => -(2 * (x - 0.5) ** 2 + (x - 0.5) * (y + 1) + 3 * (y + 1) ** 2) / 2 + 0.3 * x + 0.7 * y + 0.2,
  ],
  linear: [{ kind: 'linear', b: [2, -1], offset: 0.5 }, ([x, y]) => 2 * x - y + 0.5],
  matrix: [
    { kind: 'observation', operator: { kind: 'matrix', rows: [[1, 0.5]] }, y: [0.7], sd: 0.3 },
    ([x, y]) => -((0.7 - x - 0.5 * y) ** 2) / 0.18,
  ],
  'mask by indices': [
    { kind: 'observation', operator: { kind: 'mask', keep: [1] }, y: 2, sd: 0.5 },
    ([, y]) => -2 * (2 - y) ** 2,
  ],
  'mask by flags': [
    { kind: 'observation', operator: { kind: 'mask', keep: [0, 1] }, y: 2, sd: 0.5 },
    ([, y]) => -2 * (2 - y) ** 2,
  ],
  negative: [
    {
      kind: 'negative',
      of: { kind: 'negative', of: { kind: 'negative', of: { kind: 'linear', b: 1, offset: 0 } } },
    },
    ([x, y]) => -x - y,
  ],
  downsample: [
    { kind: 'observation', operator: { kind: 'downsample', factor: 2 }, y: [1, -1], sd: 1 },
    ([a, b, c, d, e, f, g, h]) => -((1 - (a + b + c + d) / 4) ** 2 + (-1 - (e + f + g + h) / 4) ** 2) / 2,
  ],
  blur: [
    { kind: 'observation', operator: { kind: 'blur', width: 0.8 }, y: 0.25, sd: 2 },
    picture => {
      const near = (i: number, j: number) => Math.exp(-(((i - j) / 0.8) ** 2) / 2)
      const total = (i: number, count: number) =>
        Array.from({ length: count }, (_, j) => near(i, j)).reduce((a, b) => a + b)
      let sum = 0
      for (let i = 0; i < 8; i++) {
        const [row, column] = [i >> 1, i % 2]
        const seen = picture.reduce((all, v, k) => all + v * near(row, k >> 1) * near(column, k % 2), 0)
        sum -= (0.25 - seen / total(row, 4) / total(column, 2)) ** 2 / 8
      }
      return sum
    },
  ],
}

const shapeOf = (name: string): readonly number[] => (['downsample', 'blur'].includes(name) ? [4, 2, 1] : [2])

describe.each(Object.entries(quadratics))('%s', (name, [reward, written]) => {
  const shape = shapeOf(name)
  const count = shape.reduce((a, b) => a * b)
  const points = Array.from({ length: 5 }, (_, i) =>
    Array.from({ length: count }, (_, d) => Math.sin(3 * i + 1.7 * d) * 2),
  )
  const batch = value(points.flat(), [5, ...shape])

  test('is the same as a graph, in plain numbers, by its coefficients and as it is written', () => {
    const [graph] = valuesOf(rewardOf(reward), batch)
    expect(graph.shape).toEqual([5, ...shape.map(() => 1)])
    const inNumbers = rewardValue(reward, shape)
    const { A, center, b, constant } = quadraticOf(reward, shape)!
    points.forEach((x, i) => {
      const from = x.map((v, d) => v - center[d])
      const bent = A.map(row => row.reduce((sum, a, d) => sum + a * from[d], 0))
      const form = x.reduce((sum, v, d) => sum + b[d] * v - (from[d] * bent[d]) / 2, constant)
      for (const found of [graph.data[i], inNumbers(x), form]) expect(found).toBeCloseTo(written(x), 11)
    })
  })

  test('has the gradient of its coefficients', () => {
    const [gradient] = valuesOf(x => {
      const [r, pull] = vjp(rewardOf(reward), [x])
      return pull(onesLike(r))[0]
    }, batch)
    const { A, center, b } = quadraticOf(reward, shape)!
    points.forEach((x, i) => {
      for (let d = 0; d < count; d++) {
        const expected = b[d] - A[d].reduce((sum, a, k) => sum + a * (x[k] - center[k]), 0)
        expect(gradient.data[i * count + d]).toBeCloseTo(expected, 11)
      }
    })
  })

  test('of points on another scale is the same reward', () => {
    const by = {
      shift: points[1].map(v => 10 * v),
      scale: points[2].map((v, d) => (d === 1 ? 0 : Math.abs(v) + 0.1)),
    }
    const seen = seenReward(reward, by)
    const place = (x: readonly number[]) => x.map((v, d) => (v - by.shift[d]) / (by.scale[d] || 1))
    const z = points.map(place)
    const [graph] = valuesOf(rewardOf(seen), value(z.flat(), [5, ...shape]))
    const { A, center, b, constant } = quadraticOf(seen, shape)!
    points.forEach((x, i) => {
      const from = z[i].map((v, d) => v - center[d])
      const bent = A.map(row => row.reduce((sum, a, d) => sum + a * from[d], 0))
      const form = z[i].reduce((sum, v, d) => sum + b[d] * v - (from[d] * bent[d]) / 2, constant)
      const found = [graph.data[i], rewardValue(seen, shape)(z[i]), form]
      for (const each of found) expect(each / written(x)).toBeCloseTo(1, 9)
    })
  })

  test('stays in its bounds, and reaches the upper one where it is an observation or bent downwards', () => {
    const box = { minimum: points[0].map(() => -2), maximum: points[0].map(() => 2) }
    const [low, high] = rewardBounds(reward, box)
    for (const x of points) {
      expect(written(x)).toBeGreaterThanOrEqual(low)
      expect(written(x)).toBeLessThanOrEqual(high)
    }
    if (name === 'quadratic') {
      // At A (x - c) = b.
      expect(high).toBeCloseTo(
        written([0.5 + (0.3 * 3 - 0.5 * 0.7) / 5.75, -1 + (2 * 0.7 - 0.5 * 0.3) / 5.75]),
        12,
      )
    }
  })
})

test('bumps have no coefficients, and a form that bends upwards has no upper bound', () => {
  expect(quadraticOf({ kind: 'gaussian', center: 0, scale: 1 }, 2)).toBeUndefined()
  const up: RewardConfig = {
    kind: 'quadratic',
    A: [
      [1, 2],
      [2, 1],
    ],
    center: 0,
    b: 0,
    offset: 0,
  }
  expect(rewardBounds(up, { minimum: [0, 0], maximum: [1, 1] })[1]).toBe(Number.POSITIVE_INFINITY)
})

test.each<[RewardConfig, readonly number[], string]>([
  [{ kind: 'linear', b: [1, 2, 3], offset: 0 }, [2], 'b: 2 numbers, found 3'],
  [{ kind: 'negative', of: { kind: 'linear', b: [1], offset: 0 } }, [2], 'of.b: 2 numbers, found 1'],
  [
    { kind: 'quadratic', A: [[1, 0]], center: 0, b: 0, offset: 0 },
    [2],
    'A: 2 lists of 2 numbers, found 1 of 2',
  ],
  [
    { kind: 'observation', operator: { kind: 'mask', keep: [0, 5] }, y: 0, sd: 1 },
    [2],
    'operator.keep: different indices below 2 or 2 zeros and ones, found 5',
  ],
  [
    { kind: 'observation', operator: { kind: 'matrix', rows: [[1]] }, y: 0, sd: 1 },
    [2],
    'operator.rows: rows of 2 numbers, found 1',
  ],
  [
    { kind: 'observation', operator: { kind: 'downsample', factor: 3 }, y: 0, sd: 1 },
    [4, 6, 1],
    'operator.factor: a factor of the height 4 and the width 6, found 3',
  ],
  [
    { kind: 'observation', operator: { kind: 'blur', width: 1 }, y: 0, sd: 1 },
    [2],
    'operator.shape: [height, width, channels] of pictures of 2 numbers, found 2',
  ],
  [
    { kind: 'observation', operator: { kind: 'mask', keep: [0] }, y: [1, 2], sd: 1 },
    [2],
    'y: 1 number, found 2',
  ],
])('%j does not go with points of %j', (reward, shape, message) => {
  const { key, expected, found } = rewardMisfit(reward, shape)!
  expect(`${key}: ${expected}, found ${found}`).toBe(message)
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
    [
      { kind: 'painted' },
      'options.reward.kind: expected one of gaussian, gaussians, quadratic, linear, observation, negative, found "painted"',
    ],
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
    [
      { kind: 'linear' },
      'options.reward.b: expected one number for each coordinate, or one for all, found nothing',
    ],
    [
      { kind: 'observation', operator: { kind: 'crop' }, y: 1, sd: 1 },
      'options.reward.operator.kind: expected one of mask, downsample, blur, matrix, found "crop"',
    ],
    [
      { kind: 'observation', operator: { kind: 'mask', keep: [0] }, y: 1, sd: 0 },
      'options.reward.sd: expected number to be >0, found 0',
    ],
    [
      { kind: 'negative', of: { kind: 'bump' } },
      'options.reward.of.kind: expected one of gaussian, gaussians, quadratic, linear, observation, negative, found "bump"',
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
