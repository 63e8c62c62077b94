import { describe, expect, test } from 'vitest'
import { interpolants } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { adapted } from '../../src/steering/adapted.ts'
import type { SteerableMap } from '../../src/steering/steerable.ts'

/** `x = MU + S z`, of which `H x` is seen. */
const [MU, S] = [
  [0.4, -0.7],
  [
    [0.8, 0.3],
    [-0.2, 0.6],
  ],
]
const [H, SD, Y] = [[1, 0.5], 0.3, 0.9]
const HS = [0, 1].map(j => H[0] * S[0][j] + H[1] * S[1][j])
const OFF = Y - (H[0] * MU[0] + H[1] * MU[1])
// P = I + S'H'HS/sd^2
const P = [0, 1].map(i => [0, 1].map(j => Number(i === j) + (HS[i] * HS[j]) / SD ** 2))
const DET = P[0][0] * P[1][1] - P[0][1] ** 2
const VARIANCE = HS[0] ** 2 + HS[1] ** 2 + SD ** 2
const BEST = {
  mean: HS.map(value => (value * OFF) / VARIANCE),
  logScale: [0, 1].map(d => -Math.log(P[d][d]) / 2),
}
/** `log E e^r`, the log evidence but for the constant of the likelihood. */
const LOG_Z = -(OFF ** 2) / (2 * VARIANCE) - Math.log(VARIANCE / SD ** 2) / 2
const GAP = (Math.log(P[0][0]) + Math.log(P[1][1]) - Math.log(DET)) / 2

const map: SteerableMap<Float64Array> = {
  dimension: 2,
  interpolant: interpolants.linear,
  jump: async z =>
    z.map((_, i) => {
      const [at, d] = [i - (i % 2), i % 2]
      return MU[d] + S[d][0] * z[at] + S[d][1] * z[at + 1]
    }),
}
const reward = {
  value: async (x: Float64Array) =>
    Float64Array.from(
      { length: x.length / 2 },
      (_, i) => -((Y - H[0] * x[2 * i] - H[1] * x[2 * i + 1]) ** 2) / (2 * SD ** 2),
    ),
}
const COUNT = 40_000
const source = random(3, 'adapted test')
const noise = Float64Array.from({ length: 2 * COUNT }, () => source.normal())

describe('samples from adapted noise', () => {
  test('have the mean and the spread of their noise, through the map, at one jump each', async () => {
    const { points, evaluations, isSample } = await adapted(map, reward, BEST, noise)
    const seen = Array.from({ length: COUNT }, (_, i) => H[0] * points[2 * i] + H[1] * points[2 * i + 1])
    const mean = seen.reduce((sum, value) => sum + value / COUNT, 0)
    const spread = Math.sqrt(seen.reduce((sum, value) => sum + (value - mean) ** 2 / COUNT, 0))
    expect(mean).toBeCloseTo(Y - (OFF * SD ** 2) / VARIANCE, 2)
    expect(spread).toBeCloseTo(Math.hypot(...HS.map((value, d) => value / Math.sqrt(P[d][d]))), 2)
    expect(evaluations).toEqual({ forward: COUNT, backward: 0, reward: COUNT })
    expect(isSample).toBe(false)
  })

  test('bound the evidence from below by what the correlations count', async () => {
    const { bound, ess } = await adapted(map, reward, BEST, noise)
    expect(GAP).toBeGreaterThan(0.1)
    expect(bound).toBeCloseTo(LOG_Z - GAP, 1)
    expect(bound).toBeLessThan(LOG_Z)
    expect(ess[0]).toBeLessThan(0.5)
  })

  test('of the right noise all weigh alike, and the bound is the evidence', async () => {
    const one: SteerableMap<Float64Array> = { ...map, dimension: 1, jump: async z => z.map(x => 0.8 * x) }
    const seen = { value: async (x: Float64Array) => x.map(value => -((1 - value) ** 2) / (2 * SD ** 2)) }
    const precision = 1 + (0.8 / SD) ** 2
    const q = { mean: [0.8 / SD ** 2 / precision], logScale: [-Math.log(precision) / 2] }
    const { ess, bound } = await adapted(one, seen, q, noise)
    expect(ess[0]).toBeCloseTo(1, 9)
    const variance = 0.8 ** 2 + SD ** 2
    expect(bound).toBeCloseTo(-1 / (2 * variance) - Math.log(variance / SD ** 2) / 2, 1)
  })

  test('the same noise without its mean is worth few samples', async () => {
    const { ess } = await adapted(map, reward, { mean: [0, 0], logScale: BEST.logScale }, noise)
    expect(ess[0]).toBeLessThan(0.05)
  })
})

test('before stands what the map draws of the same noise', async () => {
  const { before } = await adapted(map, reward, BEST, noise)
  expect(before).toEqual(await map.jump(noise, 1, 0))
})
