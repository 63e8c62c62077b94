import { join } from 'node:path'
import { expect, test } from 'vitest'
import { constant, evaluate, spec, trace } from '../../src/autodiff/index.ts'
import type { UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { finiteDenoiser } from '../../src/model/categorical/exact.ts'
import { random } from '../../src/random/random.ts'
import { type GuidanceChoice, guidedProbabilities } from '../../src/serialization/guidance.ts'
import { load } from '../../src/serialization/load.ts'
import { sampleTexts } from '../../src/serialization/texts.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('guided-text')
const base = {
  data: 'sums',
  condition: { kind: 'class', drop: 0.2 },
  objective: 'cross-entropy',
  network: { hidden: 32, layers: 2, frequencies: 4 },
  batch: 128,
  steps: 200,
  ema: 0.95,
  optimizer: { learningRate: 5e-3 },
  seed: 1,
} as const satisfies UserConfig

const { classOf } = generatedDataset('sums').language!
const COUNT = 500

/** The share of texts that are in the class asked for, 100 of each. */
async function shareOf(name: string, guidance?: GuidanceChoice): Promise<number> {
  const whole = await load(join(folder, name))
  const asked = Array.from({ length: COUNT }, (_, i) => i % 5)
  const map = guidance ? whole.given({ class: asked }).guided(guidance) : whole.given({ class: asked })
  const { tokens } = await sampleTexts(map, { count: COUNT, steps: 8, method: 'euler', seed: 2 })
  await whole.close()
  return asked.filter((k, i) => classOf!(tokens.subarray(3 * i, 3 * i + 3)) === k).length / COUNT
}

test('guidance raises the share of the class asked for, in both forms', async () => {
  await train(base, { directory: join(folder, 'plain') })
  const plain = await shareOf('plain')
  for (const form of ['velocity', 'logit'] as const) {
    const [none, guided] = [
      await shareOf('plain', { scale: 0, form }),
      await shareOf('plain', { scale: 2, form }),
    ]
    expect(none).toBeLessThan(0.4)
    expect(plain).toBeGreaterThan(none + 0.2)
    expect(guided).toBeGreaterThan(plain + 0.02)
  }
})

const [L, K, N, S] = [3, 5, 1000, 0.6]

/** Noisy texts at one time with their classes, and the logarithms of the exact denoisers of all texts and of their class. */
function exact() {
  const { law } = generatedDataset('sums').language!
  const source = random(4, 'points')
  const classes = Uint16Array.from({ length: N }, (_, i) => i % 5)
  const own = [0, 1, 2, 3, 4].map(k => law!.sequences.filter(symbols => symbols[2] === k))
  const x = new Float32Array(N * L * K)
  classes.forEach((k, i) => {
    own[k][Math.floor(source.uniform() * own[k].length)].forEach((symbol, l) => {
      for (let j = 0; j < K; j++)
        x[(i * L + l) * K + j] = (1 - S) * Number(j === symbol) + S * source.normal()
    })
  })
  const logs = (sequences: readonly (readonly number[])[]) => {
    const law = { sequences, probabilities: sequences.map(() => 1 / sequences.length) }
    const graph = trace(({ x }) => finiteDenoiser(law, K)(x, constant(S, [N, 1, 1], x.dtype)), {
      x: spec([N, L, K], 'float64'),
    })
    const [{ data }] = evaluate(graph, [{ shape: [N, L, K], data: Float64Array.from(x) }])
    return Float32Array.from(data, p => Math.log(Math.max(p, 1e-9)))
  }
  const all = logs(law!.sequences)
  const byClass = own.map(logs)
  const told = all.map((_, i) => byClass[classes[Math.floor(i / (L * K))]][i])
  return { x, classes, all, told }
}

long('cross-entropy that is guided goes to the exact guided probabilities', async () => {
  const longer = {
    ...base,
    steps: 5000,
    batch: 256,
    network: { ...base.network, hidden: 64 },
    schedule: { kind: 'cosine' },
  } as const
  const guidance = { rule: 'model', omega: 2 / 3, form: 'logit' } as const
  await train(longer, { directory: join(folder, 'long') })
  await train({ ...longer, guidance }, { directory: join(folder, 'trained') })
  const { x, classes, all, told } = exact()
  // The last symbol is the class: the first two say how strongly the rest is led.
  const isFirst = (i: number) => Math.floor(i / K) % L < 2
  const [Dc, Dw] = [1, 3].map(w => guidedProbabilities(all, told, w, K))
  /** How far probabilities are on the way from those of the class (0) to the guided ones (1). */
  const wayOf = async (name: string, w = 1) => {
    const map = await load(join(folder, name))
    const z = await map.given({ class: classes }).inner.logits!(x, S, S)
    const none = await map.without().inner.logits!(x, S, S)
    await map.close()
    const psi = guidedProbabilities(none, z, w, K)
    let [along, whole] = [0, 0]
    psi.forEach((p, i) => {
      if (!isFirst(i)) return
      along += (p - Dc[i]) * (Dw[i] - Dc[i])
      whole += (Dw[i] - Dc[i]) ** 2
    })
    return along / whole
  }
  expect(Math.abs(await wayOf('long'))).toBeLessThan(0.1)
  expect(Math.abs((await wayOf('long', 3)) - 1)).toBeLessThan(0.1)
  // It comes there slowly: 0.5 after 3,000 steps of 128, 0.75 after 5,000 of 256.
  expect(await wayOf('trained')).toBeGreaterThan(0.6)
})
