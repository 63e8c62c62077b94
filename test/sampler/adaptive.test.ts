import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { exactVelocity } from '../../src/evaluation/evaluate.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { solve } from '../../src/sampler/adaptive.ts'
import { drawNoise, type Velocity } from '../../src/sampler/sampler.ts'

const MEAN = [1, -2]
const DEVIATIONS = [0.5, 1.5]
/** Spread of `x_t = (1-t) x0 + t eps` about its mean. */
const spread = (t: number, axis: number) => Math.hypot((1 - t) * DEVIATIONS[axis], t)

/** The closed-form flow map of a Gaussian on the linear path. */
const exact = (x: Float64Array, s: number, t: number): Float64Array =>
  x.map((value, i) => {
    const axis = i % 2
    return (1 - t) * MEAN[axis] + (spread(t, axis) / spread(s, axis)) * (value - (1 - s) * MEAN[axis])
  })

/** Its velocity, the derivative of the map in `t` at `t = s`. */
const velocity: Velocity<Float64Array> = async (x, t) =>
  x.map((value, i) => {
    const axis = i % 2
    const growth = (t - (1 - t) * DEVIATIONS[axis] ** 2) / spread(t, axis) ** 2
    return -MEAN[axis] + growth * (value - (1 - t) * MEAN[axis])
  })

const points = Float64Array.from(drawNoise(40, 2, 1))
const farthest = (a: Float64Array, b: Float64Array) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i])))

describe('solve', () => {
  test.each([
    ['from noise to data', 1, 0],
    ['from data to noise', 0, 1],
    ['between two times', 0.8, 0.3],
  ])('finds the flow map of a Gaussian to 1e-8, %s', async (_, s, t) => {
    const ends = await solve(velocity, points, s, t, { tolerance: 1e-11 })
    expect(farthest(ends, exact(points, s, t))).toBeLessThan(1e-8)
  })

  test('agrees with the velocity that teachers and metrics use', async () => {
    const gaussian = generatedDataset({ gaussian: { mean: MEAN, std: DEVIATIONS } })
    const own = await exactVelocity(nodeRuntime(), gaussian.mixture!, 'linear')
    const ends = await solve(own.velocity, points, 1, 0, { tolerance: 1e-11 })
    await own.close()
    expect(farthest(ends, exact(points, 1, 0))).toBeLessThan(1e-8)
  })

  test('comes back to where it started', async () => {
    const there = await solve(velocity, points, 1, 0, { tolerance: 1e-11 })
    const back = await solve(velocity, there, 0, 1, { tolerance: 1e-11 })
    expect(farthest(back, points)).toBeLessThan(1e-8)
  })

  test('does as well as asked, and no more work than that needs', async () => {
    const calls = async (tolerance: number) => {
      let count = 0
      const ends = await solve(
        (x, t) => {
          count++
          return velocity(x, t)
        },
        points,
        1,
        0,
        { tolerance },
      )
      return { count, error: farthest(ends, exact(points, 1, 0)) }
    }
    const [rough, fine] = [await calls(1e-4), await calls(1e-10)]
    expect(rough.error).toBeLessThan(1e-3)
    expect(fine.error).toBeLessThan(rough.error / 100)
    expect(rough.count).toBeLessThan(fine.count / 2)
  })

  test('leaves its input alone, also where there is nothing to do', async () => {
    const before = points.slice()
    const same = await solve(velocity, points, 0.5, 0.5)
    expect(same).toEqual(points)
    expect(same).not.toBe(points)
    await solve(velocity, points, 1, 0)
    expect(points).toEqual(before)
  })

  test('says where a velocity is not finite', async () => {
    const broken: Velocity<Float64Array> = async (x, t) => x.map(() => (t < 0.5 ? Number.NaN : 1))
    await expect(solve(broken, points, 1, 0)).rejects.toThrow(/the velocity is not finite near time 0\.[5-9]/)
  })

  test('gives up on what it cannot reach', async () => {
    await expect(solve(velocity, points, 1, 0, { tolerance: 1e-11, maxSteps: 5 })).rejects.toThrow(
      'no solution to a tolerance of 1e-11 within 5 steps',
    )
  })
})
