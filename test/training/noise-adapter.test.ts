import { beforeAll, describe, expect, test } from 'vitest'
import { constant } from '../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity } from '../../src/model/index.ts'
import { type OperatorConfig, operatorOf } from '../../src/objective/rewards/operators.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { type NoiseAdapter, noiseOf } from '../../src/serialization/noise-adapter-file.ts'
import { type TrainedNoiseAdapter, trainNoiseAdapter } from '../../src/training/noise-adapter.ts'

/** `x = MU + S z` in the data's own units; the network sees `(x - SHIFT)/SCALE`. */
const [MU, S] = [
  [0.4, -0.7],
  [
    [0.8, 0.3],
    [-0.2, 0.6],
  ],
]
const [SHIFT, SCALE] = [
  [2, -1],
  [0.5, 3],
]
const [H, SD] = [[1, 0.5], 0.3]
const OPERATOR: OperatorConfig = { kind: 'matrix', rows: [H] }
const HS = [0, 1].map(j => H[0] * S[0][j] + H[1] * S[1][j])
const CENTER = H[0] * MU[0] + H[1] * MU[1]
const VARIANCE = HS[0] ** 2 + HS[1] ** 2 + SD ** 2
/** `P = c I + S'H'HS/sd^2`, `c = 1`; another `c` is what another weight of the divergence would lead to. */
const precision = (c = 1) => [0, 1].map(i => [0, 1].map(j => c * Number(i === j) + (HS[i] * HS[j]) / SD ** 2))
/** Of the best diagonal noise: means, then logarithms of scales. */
function best(y: number, c = 1): number[] {
  const P = precision(c)
  const mean = HS.map(value => (value * (y - CENTER)) / (c * SD ** 2 + VARIANCE - SD ** 2))
  // A divergence of weight c also asks for c in the numerator: e^(2l) = c/P_dd.
  return [...mean, ...[0, 1].map(d => Math.log(c / P[d][d]) / 2)]
}

const seenMap = (): FlowMap => ({
  ...fromVelocity(x => x),
  jump: z => {
    const row = (values: readonly number[]) => constant(values, [1, 2], z.dtype)
    const x = row(MU).add(z.matmul(constant(S.flat(), [2, 2], z.dtype), { transposeB: true }))
    return x.sub(row(SHIFT)).div(row(SCALE))
  },
})
const points = (out: Float32Array, step: number): void => {
  const source = random(5, 'points', step)
  for (let i = 0; i < out.length; i += 2) {
    const z = [source.normal(), source.normal()]
    for (const d of [0, 1]) out[i + d] = (MU[d] + S[d][0] * z[0] + S[d][1] * z[1] - SHIFT[d]) / SCALE[d]
  }
}
const of = {
  map: seenMap,
  dimension: 2,
  standardization: { shift: SHIFT, scale: SCALE },
  operator: operatorOf(OPERATOR, [2]),
  sd: SD,
}
const training = { steps: 1200, batch: 256, learningRate: 2e-3, seed: 1, points }

describe('a noise adapter of a linear map', () => {
  let trained: TrainedNoiseAdapter
  let adapter: NoiseAdapter
  beforeAll(async () => {
    trained = (await trainNoiseAdapter(nodeRuntime(), of, training))!
    adapter = { ...trained, operator: OPERATOR, sd: SD, shape: [2], map: '' }
  })
  const spread = Math.sqrt(VARIANCE)
  const observations = [-1.6, -0.8, 0, 0.7, 1.5].map(k => CENTER + k * spread)
  const found = (y: number): number[] => {
    const { mean, logScale } = noiseOf(adapter, [y])
    return [...mean, ...logScale]
  }
  const furthest = (y: number, c = 1): number =>
    Math.max(...found(y).map((value, k) => Math.abs(value - best(y, c)[k])))

  test.each(observations)('given %d is the best diagonal noise', y => {
    expect(furthest(y)).toBeLessThan(0.06)
    // Without the 1/2 of the divergence, or with its mean over coordinates.
    expect(furthest(y, 2)).toBeGreaterThan(0.12)
    expect(furthest(y, 1 / 2)).toBeGreaterThan(0.12)
  })

  test.each(observations)('given %d bounds the evidence from below, by what correlations count', y => {
    const [m0, m1, l0, l1] = found(y)
    const variances = [l0, l1].map(l => Math.exp(2 * l))
    const square = (y - CENTER - HS[0] * m0 - HS[1] * m1) ** 2
    const miss = (square + HS[0] ** 2 * variances[0] + HS[1] ** 2 * variances[1]) / (2 * SD ** 2)
    const divergence = (variances[0] + variances[1] + m0 ** 2 + m1 ** 2 - 2 - 2 * (l0 + l1)) / 2
    const minus = miss + divergence + Math.log(2 * Math.PI * SD ** 2) / 2
    const evidence = -((y - CENTER) ** 2) / (2 * VARIANCE) - Math.log(2 * Math.PI * VARIANCE) / 2
    const P = precision()
    const gap = (Math.log(P[0][0] * P[1][1]) - Math.log(P[0][0] * P[1][1] - P[0][1] ** 2)) / 2
    expect(minus).toBeGreaterThanOrEqual(-evidence + gap - 1e-9)
    expect(minus).toBeLessThan(-evidence + gap + 0.02)
  })

  test('sees observations at unit size, and tells of its loss', () => {
    expect(trained.center[0]).toBeCloseTo(CENTER, 1)
    expect(trained.scale[0]).toBeCloseTo(spread, 1)
    // The mean of -log p(y), the gap, and less the constant of the likelihood.
    const P = precision()
    const gap = (Math.log(P[0][0] * P[1][1]) - Math.log(P[0][0] * P[1][1] - P[0][1] ** 2)) / 2
    const mean = 0.5 + Math.log(VARIANCE / SD ** 2) / 2 + gap
    expect(trained.loss).toBeCloseTo(mean, 1)
  })
})

describe('its training', () => {
  const short = { ...training, steps: 60, batch: 16 }
  test('is the same for a seed, and another for another', async () => {
    const runs = await Promise.all(
      [1, 1, 2].map(seed => trainNoiseAdapter(nodeRuntime(), of, { ...short, seed })),
    )
    expect(runs[1]).toEqual(runs[0])
    expect(runs[2]!.parameters).not.toEqual(runs[0]!.parameters)
  })

  test('can be stopped, and then leaves nothing', async () => {
    let told = 0
    const progress = (step: number) => {
      told = step
    }
    const stopped = await trainNoiseAdapter(nodeRuntime(), of, {
      ...short,
      progress,
      shouldStop: () => told >= 25,
    })
    expect([stopped, told]).toEqual([undefined, 25])
  })

  test('says at which step its loss was no number', async () => {
    const broken = { ...short, points: (out: Float32Array) => void out.fill(3e38) }
    await expect(trainNoiseAdapter(nodeRuntime(), of, broken)).rejects.toThrow(
      /step 1: the loss is not a finite number; lower --lr/,
    )
  })
})
