import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedDataset, openDataset } from '../../src/config/dataset.ts'
import { pathsIn, withPaths } from '../../src/data/catalogue.ts'
import type { Dataset, Mixture } from '../../src/data/dataset.ts'
import type { RewardConfig } from '../../src/objective/reward.ts'
import { rewardValue } from '../../src/objective/reward-value.ts'
import { random } from '../../src/random/random.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('tilted')

const two = {
  mixture: {
    components: [
      { weight: 0.3, mean: [-1.5, 0.5], std: [0.5, 0.7] },
      {
        weight: 0.7,
        mean: [1, -0.5],
        covariance: [
          [0.3, 0.1],
          [0.1, 0.2],
        ],
      },
    ],
  },
}

function density({ components }: Mixture, x: readonly number[]): number {
  return components.reduce((sum, { weight, mean, scales, axes }) => {
    const z = scales.map((scale, k) => {
      const along = mean.reduce((all, m, d) => all + (x[d] - m) * (axes ? axes[d][k] : Number(d === k)), 0)
      return along / scale
    })
    const norm = scales.reduce((all, scale) => all * scale * Math.sqrt(2 * Math.PI), 1)
    return sum + (weight * Math.exp(-z.reduce((all, v) => all + v * v, 0) / 2)) / norm
  }, 0)
}

const rewards: [string, RewardConfig, number][] = [
  [
    'quadratic',
    {
      kind: 'quadratic',
      A: [
        [1.2, 0.3],
        [0.3, 0.7],
      ],
      center: [0.4, 0.8],
      b: [0.6, -0.3],
      offset: 5,
    },
    1.5,
  ],
  ['linear', { kind: 'linear', b: [1, -2], offset: 0 }, 0.7],
  [
    'observation',
    { kind: 'observation', operator: { kind: 'matrix', rows: [[1, 0.5]] }, y: 0.7, sd: 0.3 },
    1,
  ],
  ['negative', { kind: 'negative', of: { kind: 'linear', b: 1, offset: 1 } }, 2],
]

test.each(rewards)(
  'a mixture tilted by a %s reward is e^(beta r) times its density, over one number',
  (_, reward, beta) => {
    const base = generatedDataset(two)
    const tilted = generatedDataset({ tilted: { data: two, reward, beta } })
    const value = rewardValue(reward, 2)
    const points = Array.from({ length: 20 }, (_, i) => [1.5 * Math.sin(i), 1.2 * Math.cos(2.3 * i)])
    const logs = points.map(
      x => Math.log(density(tilted.mixture!, x)) - Math.log(density(base.mixture!, x)) - beta * value(x),
    )
    for (const each of logs) expect(each).toBeCloseTo(logs[0], 9)
    // What it is over is E[e^(beta r)]: both densities have the mass 1.
    const h = 0.05
    let z = 0
    for (let x = -8; x <= 8; x += h)
      for (let y = -8; y <= 8; y += h)
        z += density(base.mixture!, [x, y]) * Math.exp(beta * value([x, y])) * h * h
    expect(-Math.log(z)).toBeCloseTo(logs[0], 6)
  },
)

/** Means of some functions of points. */
function means(dataset: Dataset, count: number, weight: (x: ArrayLike<number>) => number): number[] {
  const out = new Float64Array(2 * count)
  dataset.sample(random(3, 'means'), out)
  const sums = [0, 0, 0, 0]
  let total = 0
  for (let at = 0; at < out.length; at += 2) {
    const x = out.subarray(at, at + 2)
    const w = weight(x)
    total += w
    ;[x[0], x[1], x[0] * x[1], x[0] ** 2].forEach((f, i) => {
      sums[i] += w * f
    })
  }
  return sums.map(sum => sum / total)
}

const away: RewardConfig = { kind: 'negative', of: { kind: 'gaussian', center: [1, 1], scale: 1 } }

test.each<[string, RewardConfig, number]>([
  ['two-moons', { kind: 'linear', b: [1, -0.5], offset: 0 }, 1],
  ['checkerboard', away, 2],
  ['checkerboard', rewards[0][1], 0.5],
  ['ring', { kind: 'gaussian', center: [4, 0], scale: 2.5 }, 4],
])('%s tilted by rejection has the means of weighted points', (data, reward, beta) => {
  const tilted = generatedDataset({ tilted: { data, reward, beta } })
  expect(tilted.mixture).toBeUndefined()
  const value = rewardValue(reward, 2)
  const found = means(tilted, 20_000, () => 1)
  const expected = means(generatedDataset(data), 200_000, x => Math.exp(beta * value(x)))
  found.forEach((mean, i) => {
    // Four standard errors of 20,000 points of deviation 4 in a square.
    expect(Math.abs(mean - expected[i])).toBeLessThan([0.08, 0.08, 0.2, 0.2][i])
  })
})

test('classes stay those of the points, also where components vanish', () => {
  const reward: RewardConfig = { kind: 'gaussian', center: [4, 0], scale: 2.5 }
  const tilted = generatedDataset({ tilted: { data: 'ring', reward, beta: 4 } })
  const [points, classes] = [new Float64Array(400), new Float32Array(200)]
  tilted.sample(random(1, 'classes'), points, classes)
  const { components } = generatedDataset('ring').mixture!
  classes.forEach((k, i) => {
    const [x, y] = components[k].mean
    expect(Math.hypot(points[2 * i] - x, points[2 * i + 1] - y)).toBeLessThan(1)
  })
  const narrow = generatedDataset({
    tilted: { data: 'ring', reward: { kind: 'linear', b: [1, 0], offset: 0 }, beta: 8 },
  })
  expect(narrow.labels!.names.length).toBeLessThan(8)
  expect(narrow.labels!.names).toContain('0')
})

test('another reward, beta or base is other data', () => {
  const of = (data: string, b: number, beta: number) =>
    generatedDataset({ tilted: { data, reward: { kind: 'linear', b }, beta } }).fingerprint.sha256
  const all = [of('ring', 1, 1), of('ring', 2, 1), of('ring', 1, 2), of('gaussian', 1, 1)]
  expect(new Set(all).size).toBe(4)
})

test('a file is tilted where it lies, and its path is found in the block', async () => {
  const path = join(folder, 'points.csv')
  writeFileSync(path, Array.from({ length: 100 }, (_, i) => `${i % 10},${i % 7}`).join('\n'))
  const spec = { tilted: { data: path, reward: { kind: 'linear', b: [1, 0] } } }
  expect(pathsIn(spec)).toEqual([path])
  expect(withPaths(spec, () => 'other.csv')).toEqual({ tilted: { ...spec.tilted, data: 'other.csv' } })
  const tilted = await openDataset(spec)
  const out = new Float64Array(2000)
  tilted.sample(random(2, 'file'), out)
  const first = out.filter((_, i) => i % 2 === 0)
  // Digits 0 to 9 weighted by e^x.
  const exact = ((Math.exp(9) * (1 - Math.exp(-1))) / (Math.exp(10) - 1)) * Math.E
  const share = first.filter(x => x === 9).length / first.length
  // A tenth of the rows is held out.
  expect(Math.abs(share - exact)).toBeLessThan(0.12)
})

test.each<[unknown, string]>([
  [{ data: 'ring' }, 'data.tilted.reward: '],
  [
    { data: 'ring', reward: { kind: 'linear', b: 1 }, betta: 2 },
    'data.tilted: unknown key "betta"; did you mean beta?',
  ],
  [{ data: 'rign', reward: { kind: 'linear', b: 1 } }, 'unknown dataset "rign"; did you mean "ring"?'],
  [
    { data: 'ring', reward: { kind: 'linear', b: [1, 2, 3] } },
    'data.tilted.reward.b: expected 2 numbers for ring, or one for all; found 3',
  ],
  [
    {
      data: 'ring',
      reward: {
        kind: 'negative',
        of: {
          kind: 'quadratic',
          A: [
            [1, 0],
            [0, 1],
          ],
        },
      },
      beta: 100,
    },
    'data.tilted: the reward grows faster than the tails of the data fall',
  ],
  [
    {
      data: 'heart',
      reward: {
        kind: 'negative',
        of: {
          kind: 'quadratic',
          A: [
            [1, 0],
            [0, 1],
          ],
        },
      },
    },
    'data.tilted.reward: beta times this negative reward has no upper bound; only Gaussian mixtures can be tilted by it, and heart is none',
  ],
  [
    { data: 'heart', reward: { kind: 'linear', b: 1 }, beta: 100 },
    'data.tilted: of a thousand points of heart less than one would be kept',
  ],
])('%j is refused in one line', async (block, message) => {
  await expect(openDataset({ tilted: block } as never)).rejects.toThrow(message)
})

test('is trained on, with its exact velocity, and measured against', async () => {
  const config = join(folder, 'tilted.yaml')
  const out = join(folder, 'run')
  writeFileSync(
    config,
    'data: {tilted: {data: ring, reward: {kind: linear, b: [1, 0]}, beta: 0.5}}\nobjective: semigroup\nteacher: exact\n',
  )
  const trained = await runHere(['train', '--config', config, '--steps', '4', ...TINY.slice(2), '--out', out])
  expect(trained.code).toBe(0)
  const flags = ['--steps', '1', '--count', '200', '--json']
  const measured = await runHere(['evaluate', out, ...flags])
  expect(JSON.parse(measured.stdout).data.name).toBe('tilted ring')
  const other = '{tilted: {data: ring, reward: {kind: gaussian, center: [4, 0]}}}'
  const against = await runHere(['evaluate', out, '--data', other, ...flags])
  expect(against.code).toBe(0)
})
