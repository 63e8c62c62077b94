import { describe, expect, test } from 'vitest'
import {
  drawNoise,
  euler,
  heun,
  type Jump,
  jumpThrough,
  uniformGrid,
  type Velocity,
} from '../../src/sampler/sampler.ts'

/** Logistic growth: `dx/dt = x (1 - x)`, nonlinear, with a closed form. */
const logistic: Velocity<Float64Array> = async x => x.map(value => value * (1 - value))
const grown = (x: number, s: number, t: number) => 1 / (1 + (1 / x - 1) * Math.exp(s - t))
/** `dx/dt = t x`: depends on time. */
const swelling: Velocity<Float64Array> = async (x, t) => x.map(value => t * value)
const swollen = (x: number, s: number, t: number) => x * Math.exp((t * t - s * s) / 2)

const starts = Float64Array.of(0.2, 0.5, 0.9)

async function worstError(jump: Jump<Float64Array>, exact: typeof grown, steps: number): Promise<number> {
  const ends = await jumpThrough(jump, starts, uniformGrid(steps))
  return Math.max(...ends.map((end, i) => Math.abs(end - exact(starts[i], 1, 0))))
}

describe.each([
  ['euler', euler, 1],
  ['heun', heun, 2],
] as const)('%s', (_, method, order) => {
  test.each([
    ['a nonlinear velocity', logistic, grown],
    ['a velocity that depends on time', swelling, swollen],
  ] as const)('converges at its order on %s', async (_, velocity, exact) => {
    const errors = await Promise.all([32, 64, 128].map(n => worstError(method(velocity), exact, n)))
    const orders = [Math.log2(errors[0] / errors[1]), Math.log2(errors[1] / errors[2])]
    for (const measured of orders) expect(Math.abs(measured - order)).toBeLessThan(0.1)
  })

  test('runs forwards and backwards', async () => {
    const jump = method(logistic)
    const there = await jumpThrough(jump, starts, uniformGrid(400))
    const back = await jumpThrough(jump, there, uniformGrid(400).toReversed())
    back.forEach((value, i) => {
      expect(Math.abs(value - starts[i])).toBeLessThan(2e-3)
    })
  })
})

describe('uniformGrid', () => {
  test.each([1, 2, 3, 7, 10_000])('has %i equal intervals from exactly 1 to exactly 0', steps => {
    const grid = uniformGrid(steps)
    expect(grid).toHaveLength(steps + 1)
    expect([grid[0], grid.at(-1)]).toEqual([1, 0])
    for (let i = 1; i <= steps; i++) expect(grid[i - 1] - grid[i]).toBeCloseTo(1 / steps, 12)
  })
})

describe('jumpThrough', () => {
  test('jumps from each time to the next, each from where the last one landed', async () => {
    const calls: [number, number, number][] = []
    const jump: Jump<Float64Array> = async (x, s, t) => {
      calls.push([x[0], s, t])
      return x.map(value => value + 1)
    }
    const noise = Float64Array.of(5)
    expect(await jumpThrough(jump, noise, [1, 0.5, 0.25, 0])).toEqual(Float64Array.of(8))
    expect(calls).toEqual([
      [5, 1, 0.5],
      [6, 0.5, 0.25],
      [7, 0.25, 0],
    ])
    expect(noise).toEqual(Float64Array.of(5))
  })

  test('an exact map lands at the same place through any grid', async () => {
    const exact: Jump<Float64Array> = async (x, s, t) => x.map(value => grown(value, s, t))
    const [one, eight] = await Promise.all([1, 8].map(n => jumpThrough(exact, starts, uniformGrid(n))))
    one.forEach((value, i) => {
      expect(eight[i]).toBeCloseTo(value, 12)
    })
  })
})

describe('drawNoise', () => {
  test('is decided by its seed', () => {
    expect(drawNoise(50, 2, 7)).toEqual(drawNoise(50, 2, 7))
    expect(drawNoise(50, 2, 8)).not.toEqual(drawNoise(50, 2, 7))
  })

  test('is the same in every version, so that a seed in a paper stays good', () => {
    const digits = Array.from(drawNoise(2, 2, 7), value => value.toFixed(6))
    expect(digits).toMatchInlineSnapshot(`
      [
        "2.148066",
        "2.417492",
        "-1.662841",
        "-1.308945",
      ]
    `)
  })

  test('a smaller count is the beginning of a larger one', () => {
    expect(drawNoise(100, 3, 1).subarray(0, 30)).toEqual(drawNoise(10, 3, 1))
  })

  test('is standard normal', () => {
    const noise = drawNoise(50_000, 2, 3)
    const mean = noise.reduce((sum, v) => sum + v, 0) / noise.length
    const moment = (power: number) => noise.reduce((sum, v) => sum + v ** power, 0) / noise.length
    expect(Math.abs(mean)).toBeLessThan(0.015)
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02)
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15)
    const cross = noise.reduce((sum, v, i) => (i % 2 ? sum : sum + v * noise[i + 1]), 0) / 50_000
    expect(Math.abs(cross)).toBeLessThan(0.02)
  })
})
