import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { type EvaluationRequest, evaluateRun } from '../../src/evaluation/evaluate.ts'
import { random } from '../../src/random/random.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import { batchSource } from '../../src/training/batches.ts'
import { entropicPlan, MOST_EXACT, matchNoise } from '../../src/training/optimal-transport.ts'
import { termsOf } from '../../src/training/terms.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, newestCheckpoint, quick, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('optimal-transport')
const exact = { group: null, regularization: null }
const normals = (count: number, name: string): Float32Array => {
  const source = random(1, name)
  return Float32Array.from({ length: count }, () => source.normal())
}
const cost = (x: Float32Array, y: Float32Array): number =>
  x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0)
const sorted = (values: Float32Array): number[] => [...values].sort((a, b) => a - b)

function orders(n: number): number[][] {
  if (n === 0) return [[]]
  return orders(n - 1).flatMap(rest => Array.from({ length: n }, (_, at) => rest.toSpliced(at, 0, n - 1)))
}

describe('matching', () => {
  test('finds the cheapest of all orders of the noise, and leaves the data where it is', () => {
    const [n, D] = [6, 3]
    const [x0, drawn] = [normals(n * D, 'data'), normals(n * D, 'noise')]
    const [before, eps] = [x0.slice(), drawn.slice()]
    matchNoise(x0, eps, D, exact, random(0))
    const best = Math.min(
      ...orders(n).map(order =>
        cost(
          x0,
          Float32Array.from(x0, (_, i) => drawn[order[Math.floor(i / D)] * D + (i % D)]),
        ),
      ),
    )
    expect(cost(x0, eps)).toBeCloseTo(best, 5)
    expect(cost(x0, eps)).toBeLessThan(cost(x0, drawn))
    expect(x0).toEqual(before)
    expect(sorted(eps)).toEqual(sorted(drawn))
  })

  test('of groups stays within each', () => {
    const [x0, drawn] = [normals(40, 'data'), normals(40, 'noise')]
    const eps = drawn.slice()
    matchNoise(x0, eps, 2, { ...exact, group: 8 }, random(0))
    for (let from = 0; from < 40; from += 16) {
      expect(sorted(eps.slice(from, from + 16))).toEqual(sorted(drawn.slice(from, from + 16)))
    }
    const all = drawn.slice()
    matchNoise(x0, all, 2, exact, random(0))
    expect(cost(x0, all)).toBeLessThan(cost(x0, eps))
  })

  test('of one coordinate is by order', () => {
    const [x0, eps] = [normals(200, 'data'), normals(200, 'noise')]
    matchNoise(x0, eps, 1, exact, random(0))
    const order = [...x0.keys()].sort((a, b) => x0[a] - x0[b])
    expect(order.map(i => eps[i])).toEqual(sorted(eps))
  })

  test(`of more than ${MOST_EXACT} is entropic: noise is taken again, and the cost is between`, () => {
    const n = MOST_EXACT + 100
    const [x0, drawn] = [normals(2 * n, 'data'), normals(2 * n, 'noise')]
    const eps = drawn.slice()
    matchNoise(x0, eps, 2, exact, random(0))
    const parts = drawn.slice()
    matchNoise(x0, parts, 2, { ...exact, group: 562 }, random(0))
    expect(new Set(eps).size).toBeLessThan(0.9 * eps.length)
    expect(cost(x0, eps)).toBeLessThan(0.3 * cost(x0, drawn))
    expect(cost(x0, eps)).toBeGreaterThan(cost(x0, parts))
    // Noise keeps its law: mean 0 and variance 1.
    const mean = eps.reduce((sum, value) => sum + value, 0) / eps.length
    expect(Math.abs(mean)).toBeLessThan(0.08)
    expect(Math.abs(eps.reduce((sum, value) => sum + value * value, 0) / eps.length - 1)).toBeLessThan(0.1)
  })
})

test('an entropic plan has the masses of both sides, and is the exact one without entropy', () => {
  const n = 30
  const [x, y] = [normals(n, 'x'), normals(n, 'y')]
  const costs = Float64Array.from({ length: n * n }, (_, at) => (x[Math.floor(at / n)] - y[at % n]) ** 2)
  const plan = entropicPlan(costs, n, 0.1)
  for (let i = 0; i < n; i++) {
    const [row, column] = [0, 0].map((_, side) =>
      Array.from({ length: n }, (_, j) => plan[side ? j * n + i : i * n + j]).reduce((a, b) => a + b),
    )
    expect(Math.abs(row - 1)).toBeLessThan(0.011)
    expect(column).toBeCloseTo(1, 6)
  }
  const total = (plan: Float64Array) => plan.reduce((sum, mass, at) => sum + mass * costs[at], 0)
  const [a, b] = [sorted(x), sorted(y)]
  const least = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0)
  expect(total(entropicPlan(costs, n, 0.002))).toBeLessThan(1.05 * least)
  expect(total(plan)).toBeGreaterThan(1.05 * least)
})

const at = (name: string) => join(folder, name)
const ot: UserConfig = {
  ...tiny,
  data: mixture,
  objective: 'flow-matching',
  coupling: { kind: 'ot' },
  chunk: 4,
}

describe('a training with the coupling ot', () => {
  test('draws the same at a step, however it came there', () => {
    const config = resolveConfig(ot)
    const dataset = generatedDataset(mixture)
    const source = () => batchSource(config, dataset, [{ trains: ['map'], terms: termsOf(config) }])
    const together = source()
      .draw(1, 3)
      .map(values => values.slice())
    const apart = source().draw(3, 1)
    apart.forEach((values, k) => {
      expect([...values]).toEqual([...together[k].slice((2 * together[k].length) / 3)])
    })
    const free = batchSource(resolveConfig({ ...ot, coupling: {} }), dataset, [
      { trains: ['map'], terms: termsOf(config) },
    ]).draw(3, 1) as Float32Array[]
    expect([...apart[0]]).toEqual([...free[0]])
    expect(cost(free[0], apart[1] as Float32Array)).toBeLessThan(0.8 * cost(free[0], free[1]))
  })

  test('is resumed to the same numbers', async () => {
    await train({ ...ot, steps: 12 }, { directory: at('whole') })
    await train({ ...ot, steps: 12 }, { directory: at('parts'), shouldStop: stopAfter(2) })
    await train({}, { directory: at('parts'), resume: true })
    expect(newestCheckpoint(at('parts'))).toEqual(newestCheckpoint(at('whole')))
  })

  test('is straighter than one of independent pairs, and has the same law of samples', async () => {
    const both = { ...quick, steps: 800, objective: 'flow-matching' } as const
    await train({ ...both, coupling: { kind: 'ot' } }, { directory: at('ot') })
    await train(both, { directory: at('independent') })
    const request: EvaluationRequest = {
      ...{ steps: [1], count: 1000, seed: 0, method: 'auto', weights: ['ema'] },
      metrics: ['energyDistance', 'relativeStraightness', 'transportCost'],
    }
    const [matched, independent] = [
      await evaluateRun(at('ot'), request),
      await evaluateRun(at('independent'), request),
    ]
    const value = ({ maps }: typeof matched, name: string) => maps[0].metrics[name].value!
    expect(value(matched, 'relativeStraightness')).toBeLessThan(
      0.5 * value(independent, 'relativeStraightness'),
    )
    expect(value(matched, 'transportCost')).toBeLessThan(value(independent, 'transportCost'))
    const distance = ({ rows }: typeof matched) => rows[0].metrics.energyDistance.value!
    expect(distance(matched)).toBeLessThan(0.7 * distance(independent))
    const many = { ...request, steps: [20], method: 'heun' as const, metrics: ['energyDistance'] }
    expect(distance(await evaluateRun(at('ot'), many))).toBeLessThan(0.1)
  })

  test('gives a map that is not sampled with fresh noise on the way', async () => {
    await train({ ...ot, objective: 'ct', steps: 2 }, { directory: at('ct') })
    const map = await load(at('ct'))
    const noise = normals(4, 'start')
    await expect(sample(map, noise, { grid: [1, 0.5, 0] })).rejects.toThrow(
      'renoise adds fresh noise on the way, and this map was trained on noise that is matched with its data',
    )
    await sample(map, noise, { grid: [1, 0] })
    await map.close()
  })

  test.each([
    [
      'itm',
      { objective: 'itm', teacher: 'runs/velocity' },
      /itm needs noise that is independent of the data/,
    ],
    ['weights', { objective: 'weighted-flow-matching' }, /weighs points of the data/],
    ['an exact teacher', { objective: 'lmd', teacher: 'exact' }, /another flow than the exact one/],
    ['conditions', { objective: 'lsd', condition: { kind: 'class' } }, /ignores the class/],
    ['no data', { objective: 'freeflow', teacher: 'runs/velocity' }, /never sees data/],
    [
      'another coupling',
      { objective: 'lsd', coupling: { group: 8 } },
      /coupling.group: only the coupling ot/,
    ],
    [
      'a teacher of pairs',
      { objective: 'lsd', coupling: { kind: 'ot', teacher: 'exact' } },
      /is not used with coupling.kind ot/,
    ],
  ] as [string, UserConfig, RegExp][])('is refused with %s', (_, user, message) => {
    expect(() => resolveConfig({ coupling: { kind: 'ot' }, ...user })).toThrow(message)
  })

  test('is refused with a teacher of another coupling', async () => {
    await train(
      { ...tiny, data: mixture, objective: 'flow-matching', steps: 1 },
      { directory: at('teacher') },
    )
    await expect(
      train({ ...ot, objective: 'lmd', teacher: at('teacher') }, { directory: at('student') }),
    ).rejects.toThrow(/trained with the coupling independent, which has a different flow from ot/)
  })
})
