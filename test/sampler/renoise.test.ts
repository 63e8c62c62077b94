import { describe, expect, test } from 'vitest'
import { evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { coefficientsAt, gaussianFlowMap, interpolants } from '../../src/model/index.ts'
import { GridError } from '../../src/sampler/grid.ts'
import { renoise } from '../../src/sampler/renoise.ts'
import { drawNoise, type Jump, jumpThrough, uniformGrid } from '../../src/sampler/sampler.ts'

const MEAN = [0.8, -1.3]
const SIGMA = 0.5
const COUNT = 20_000
const linear = interpolants.linear
const noise = Float64Array.from(drawNoise(COUNT, 2, 3))

/** The exact flow map of Gaussian data on the linear path, on many points at one pair of times. */
const exact: Jump<Float64Array> = async (x, s, t) => {
  const rows = x.length / 2
  const map = gaussianFlowMap(MEAN, SIGMA)
  const time = spec([rows, 1], 'float64')
  const graph = trace(({ x, s, t }) => map.jump(x, s, t), { x: spec([rows, 2], 'float64'), s: time, t: time })
  const column = (value: number) => ({ shape: [rows, 1], data: new Float64Array(rows).fill(value) })
  return evaluate(graph, [{ shape: [rows, 2], data: x }, column(s), column(t)])[0].data as Float64Array
}

/** Mean and variance of one coordinate. */
function moments(points: Float64Array, axis: number): { mean: number; variance: number } {
  const own = points.filter((_, i) => i % 2 === axis)
  const mean = own.reduce((sum, v) => sum + v, 0) / own.length
  return { mean, variance: own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (own.length - 1) }
}

/** The largest deviation of a mean or variance from the data's, in standard errors of this many points. */
function deviation(points: Float64Array): number {
  const rows = points.length / 2
  return Math.max(
    ...MEAN.flatMap((expected, axis) => {
      const { mean, variance } = moments(points, axis)
      return [
        Math.abs(mean - expected) / (SIGMA / Math.sqrt(rows)),
        Math.abs(variance - SIGMA ** 2) / (SIGMA ** 2 * Math.sqrt(2 / rows)),
      ]
    }),
  )
}

describe('renoise on the exact map of a Gaussian', () => {
  test.each([
    ['1 step', uniformGrid(1)],
    ['2 steps', uniformGrid(2)],
    ['5 steps', uniformGrid(5)],
    ['12 steps', uniformGrid(12)],
    ['uneven times', [1, 0.97, 0.9, 0.35, 0.01, 0]],
  ])('keeps the distribution of the data, %s', async (_, grid) => {
    expect(deviation(await renoise(exact, noise, grid, { interpolant: linear, seed: 5 }))).toBeLessThan(4)
  })

  test.each([
    ['another path', { ...linear, sigma: interpolants.trig.sigma }],
    ['no shrinking', { ...linear, alpha: interpolants.trig.alpha }],
  ])('would not with %s', async (_, interpolant) => {
    const points = await renoise(exact, noise, uniformGrid(5), { interpolant, seed: 5 })
    expect(deviation(points)).toBeGreaterThan(20)
  })

  test('would not with the noise that it began from', async () => {
    const again = await exact(noise, 1, 0)
    const stale = await exact(
      again.map((value, i) => 0.5 * value + 0.5 * noise[i]),
      0.5,
      0,
    )
    expect(deviation(stale)).toBeGreaterThan(20)
  })

  test('forgets where it began, unlike the flow map itself', async () => {
    const farthest = (a: Float64Array, b: Float64Array) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i])).subarray(0, 100))
    const one = await exact(noise, 1, 0)
    const grid = [1, 0.8, 0.25, 0]
    expect(farthest(await jumpThrough(exact, noise, grid), one)).toBeLessThan(1e-12)
    expect(
      farthest(await renoise(exact, noise, grid, { interpolant: linear, seed: 5 }), one),
    ).toBeGreaterThan(0.5)
  })
})

describe('renoise', () => {
  const start = Float64Array.of(3, -2)

  /** A map that gives its points back, and what it was asked. */
  function recorder() {
    const calls: { x: Float64Array; s: number; t: number }[] = []
    const jump: Jump<Float64Array> = async (x, s, t) => {
      calls.push({ x, s, t })
      return x.slice()
    }
    return { calls, jump }
  }

  test.each(['linear', 'trig'] as const)(
    'jumps to data from each time of the grid, in its order, on the %s path',
    async name => {
      const { calls, jump } = recorder()
      const interpolant = interpolants[name]
      const end = await renoise(jump, start, [1, 0.7, 0.4, 0], { interpolant, seed: 1 })
      expect(calls.map(({ s, t }) => [s, t])).toEqual([
        [1, 0],
        [0.7, 0],
        [0.4, 0],
      ])
      expect(calls[0].x).toEqual(start)
      expect(end).toEqual(calls[2].x)
      // Since the map gives points back, what was added is what is over: two different draws.
      const added = [1, 2].map(k => {
        const { alpha, sigma } = coefficientsAt(interpolant, calls[k].s)
        return calls[k].x.map((value, i) => (value - alpha * calls[k - 1].x[i]) / sigma)
      })
      const same = recorder()
      await renoise(same.jump, new Float64Array(2), [1, 0.7, 0], { interpolant, seed: 1 })
      const { sigma } = coefficientsAt(interpolant, 0.7)
      same.calls[1].x.forEach((value, i) => {
        expect(added[0][i]).toBeCloseTo(value / sigma, 12)
        expect(Math.abs(added[1][i] - added[0][i])).toBeGreaterThan(1e-3)
      })
    },
  )

  test('is one jump on a grid of one interval', async () => {
    const points = noise.subarray(0, 20)
    const one = await renoise(exact, points, [1, 0], { interpolant: linear, seed: 9 })
    expect(one).toEqual(await exact(points, 1, 0))
  })

  test('is decided by its seed, and a smaller count is the beginning of a larger one', async () => {
    const draw = (count: number, seed: number) =>
      renoise(exact, noise.slice(0, 2 * count), uniformGrid(3), { interpolant: linear, seed })
    const points = await draw(50, 4)
    expect(await draw(50, 4)).toEqual(points)
    expect(await draw(50, 5)).not.toEqual(points)
    expect(await draw(20, 4)).toEqual(points.slice(0, 40))
  })

  test('leaves its input alone and keeps its type', async () => {
    const before = Float32Array.of(1, 2)
    const after = await renoise(async x => x.slice(), before, uniformGrid(3), {
      interpolant: linear,
      seed: 0,
    })
    expect(after).toBeInstanceOf(Float32Array)
    expect(before).toEqual(Float32Array.of(1, 2))
  })

  test.each([[[0.9, 0]], [[1, 0.5]], [[0, 1]], [[1, 0.2, 0.4, 0]]])('refuses the grid %j', async grid => {
    const { calls, jump } = recorder()
    await expect(renoise(jump, start, grid, { interpolant: linear, seed: 0 })).rejects.toThrow(GridError)
    expect(calls).toEqual([])
  })
})

describe('jumps on the exact map of a Gaussian', () => {
  const points = noise.slice(0, 60)
  const near = (a: Float64Array, b: Float64Array) =>
    a.forEach((value, i) => {
      expect(value).toBeCloseTo(b[i], 10)
    })

  test.each([[[1, 0.6, 0.2, 0]], [[1, 0.999, 0.5, 1e-3, 0]], [uniformGrid(7)]])(
    'end at the same place through %j',
    async grid => near(await jumpThrough(exact, points, grid), await exact(points, 1, 0)),
  )

  test.each([
    [
      [1, 0],
      [0, 1],
    ],
    [
      [1, 0.3, 0],
      [0, 0.8, 1],
    ],
  ])('there by %j and back by %j is where it began', async (there, back) => {
    const data = await jumpThrough(exact, points, there)
    expect(deviation(await jumpThrough(exact, noise, there))).toBeLessThan(4)
    near(await jumpThrough(exact, data, back), points)
  })
})

describe('coefficientsAt', () => {
  test.each([0, 0.3, 1])('at %d are those of the formulas', t => {
    expect(coefficientsAt(linear, t)).toEqual({ alpha: 1 - t, sigma: t, alphaRate: -1, sigmaRate: 1 })
    const { alpha, sigma } = coefficientsAt(interpolants.trig, t)
    expect(alpha).toBeCloseTo(Math.cos((Math.PI / 2) * t), 14)
    expect(sigma).toBeCloseTo(Math.sin((Math.PI / 2) * t), 14)
  })
})
