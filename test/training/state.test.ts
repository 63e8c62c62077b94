import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { conditionOfInputs, standardized, stateOf } from '../../src/model/index.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import { paths } from '../../src/serialization/run.ts'
import { batchSource } from '../../src/training/batches.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { expectSamePoints } from '../helpers/points.ts'

const folder = temporaryFolder('state')
const at = (name: string) => join(folder, name)

const COMPONENTS = [
  { weight: 0.3, mean: [-1.5, 0.5], std: 0.5 },
  { weight: 0.7, mean: [1, -0.5], std: 0.3 },
]
const data = { mixture: { components: COMPONENTS } }
const network = { hidden: 64, layers: 2 }
const asked: UserConfig = {
  data,
  network,
  batch: 256,
  steps: 3000,
  objective: 'lmd',
  teacher: 'exact',
  condition: { kind: 'state' },
  optimizer: { learningRate: 4e-3 },
  schedule: { kind: 'cosine' },
}

/** Mean and covariance `[xx, yy, xy]` of the mixture given a point at a time. */
function exactGiven(x: readonly number[], tau: number) {
  const parts = COMPONENTS.map(({ weight, mean, std }) => {
    const width = (1 - tau) ** 2 * std ** 2 + tau ** 2
    const far = x.map((v, d) => v - (1 - tau) * mean[d])
    const size = (weight * Math.exp(-(far[0] ** 2 + far[1] ** 2) / (2 * width))) / width
    return {
      size,
      mean: mean.map((m, d) => m + ((1 - tau) * std ** 2 * far[d]) / width),
      variance: (std * tau) ** 2 / width,
    }
  })
  const total = parts.reduce((sum, { size }) => sum + size, 0)
  const mean = [0, 1].map(d => parts.reduce((sum, part) => sum + (part.size / total) * part.mean[d], 0))
  const second = (a: number, b: number) =>
    parts.reduce(
      (sum, part) =>
        sum +
        (part.size / total) *
          ((part.mean[a] - mean[a]) * (part.mean[b] - mean[b]) + (a === b ? part.variance : 0)),
      0,
    )
  return { mean, covariance: [second(0, 0), second(1, 1), second(0, 1)] }
}

function momentsOf(points: ArrayLike<number>) {
  const count = points.length / 2
  const mean = [0, 1].map(d => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += points[2 * i + d]
    return sum / count
  })
  const second = (a: number, b: number) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += (points[2 * i + a] - mean[a]) * (points[2 * i + b] - mean[b])
    return sum / count
  }
  return { mean, covariance: [second(0, 0), second(1, 1), second(0, 1)] }
}

const farthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((v, i) => Math.abs(v - b[i])))

describe('what a map is told', () => {
  const config = resolveConfig(asked)
  const dataset = { ...generatedDataset(data), standardization: undefined }
  const point = { shape: [2], condition: { kind: 'state', size: 2 } } as const
  const step = buildStep(config, point, { teacher: () => ({ velocity: x => x }) })
  const term = step.terms[0]
  const drawn = batchSource(config, dataset, step.turns).draw(1, 8)
  const of = (name: string) => Float64Array.from(drawn[term.inputs.indexOf(name as never)] as Float32Array)
  const [x0, eps, state] = ['x0', 'eps', 'state'].map(of)
  const rows = x0.length / 2

  test('is a noisy copy of its own data, with a noise of its own, a tenth of it pure', () => {
    let [pure, sum, square, shared, inside] = [0, 0, 0, 0, 0]
    for (let i = 0; i < rows; i++) {
      const tau = state[3 * i + 2]
      if (tau === 1) pure++
      else inside += tau
      for (let d = 0; d < 2; d++) {
        const e = (state[3 * i + d] - (1 - tau) * x0[2 * i + d]) / tau
        // Where next to no noise was added single precision does not show it.
        if (tau < 0.01) continue
        sum += e
        square += e * e
        shared += e * eps[2 * i + d]
      }
    }
    expect(rows).toBeGreaterThan(500)
    expect(Math.abs(pure / rows - 0.1)).toBeLessThan(0.05)
    expect(inside / (rows - pure)).toBeCloseTo(0.5, 1)
    const count = 2 * rows
    expect(Math.abs(sum / count)).toBeLessThan(4 / Math.sqrt(count))
    expect(Math.abs(square / count - 1)).toBeLessThan(8 / Math.sqrt(count))
    expect(Math.abs(shared / count)).toBeLessThan(4 / Math.sqrt(count))
  })

  test('comes to the network in the units of its time', () => {
    const by = { shift: [10, -20], scale: [3, 0.5] }
    const told = { kind: 'state', size: 2, standardization: by } as const
    const points = [12, -19, 4, 2, 0.3, -0.7]
    const taus = [0, 0.4, 1]
    const [seen] = valuesOf(
      (condition, tau) => conditionOfInputs(told, { condition, tau }).state,
      value(points, [3, 2]),
      value(taus, [3, 1]),
    )
    taus.forEach((tau, row) => {
      const expected = standardized(by, Float64Array.from(points.slice(2 * row, 2 * row + 2)), tau)
      expect(seen.data[3 * row + 2]).toBe(tau)
      for (let d = 0; d < 2; d++) expect(seen.data[3 * row + d]).toBeCloseTo(expected[d], 12)
    })
  })

  test('is taken apart for points of any shape', () => {
    const [xTau, tau] = valuesOf(
      seen => {
        const found = stateOf(seen, [2, 1, 2])
        return [found.xTau, found.tau]
      },
      value([1, 2, 3, 4, 0.5], [1, 5]),
    )
    expect([xTau.shape, [...xTau.data]]).toEqual([
      [1, 2, 1, 2],
      [1, 2, 3, 4],
    ])
    expect([tau.shape, [...tau.data]]).toEqual([[1, 1, 1, 1], [0.5]])
  })
})

describe('a stochastic map', () => {
  const directory = at('map')
  const COUNT = 4000

  beforeAll(async () => {
    await train(asked, { directory })
  }, 120_000)

  const STATES = [
    [-0.9, 0.45, 0.3],
    [0.35, -0.57, 0.6],
    [0.2, 0.1, 0.9],
  ]

  test('draws from the data given a noisy point in one jump: mean and covariance', async () => {
    const map = await load(directory)
    const noise = drawNoise(COUNT, 2, 3)
    const prior = exactGiven([0, 0], 1)
    for (const [x, y, tau] of STATES) {
      const { points } = await sample(map.given({ state: [x, y, tau] }), noise, { grid: [1, 0] })
      const found = momentsOf(points)
      const exact = exactGiven([x, y], tau)
      // A map that is told nothing has those of the prior, and one that ignores its noise no covariance.
      expect(farthest(found.mean, exact.mean), `mean at ${tau}`).toBeLessThan(0.2)
      expect(farthest(found.covariance, exact.covariance), `covariance at ${tau}`).toBeLessThan(
        0.2 * prior.covariance[0],
      )
    }
    await map.close()
  })

  test('is the same from every form, for one state or one for each point', async () => {
    const { model, onnx } = paths(directory)
    const noise = drawNoise(6, 2, 5)
    const each = STATES.concat(STATES).flat()
    const found: Float32Array[][] = []
    for (const path of [directory, model, onnx]) {
      const map = await load(path)
      expect(map.condition).toEqual({ kind: 'state', size: 2, none: true })
      const points: Float32Array[] = []
      for (const told of [map, map.without(), map.given({ state: STATES[1] }), map.given({ state: each })]) {
        points.push((await sample(told, noise, { grid: [1, 0] })).points)
      }
      await map.close()
      expectSamePoints(points[0], points[1])
      expect(farthest([...points[2].slice(2, 4)], [...points[3].slice(2, 4)])).toBeLessThan(1e-6)
      expect(points[3].slice(0, 2)).not.toEqual(points[2].slice(0, 2))
      found.push(points)
    }
    for (const points of found) {
      points.forEach((one, i) => {
        expectSamePoints(one, found[0][i])
      })
    }
  })

  test('refuses what is no state', async () => {
    const map = await load(directory)
    expect(() => map.given({ state: [1, 2] })).toThrow(
      /state: expected 2 coordinates of a noisy point and its time, or as many for each point, or none; found 2 in all/,
    )
    expect(() => map.given({ state: [1, 2, 1.5] })).toThrow(/found 1.5 at place 3/)
    expect(() => map.given({ class: 1 })).toThrow(/trained without classes/)
    await map.close()
  })

  test('begins as the map that it starts from, whatever it is told', async () => {
    const base = at('base')
    await train({ data, network, batch: 64, steps: 20, objective: 'psd' }, { directory: base })
    const warm = at('warm')
    await train({ ...asked, initFrom: base, steps: 0 }, { directory: warm })
    const [before, after] = [await load(base), await load(warm)]
    const noise = drawNoise(5, 2, 1)
    const { points: expected } = await sample(before, noise, { grid: [1, 0] })
    for (const state of STATES) {
      const { points } = await sample(after.given({ state }), noise, { grid: [1, 0] })
      expectSamePoints(points, expected)
    }
    await before.close()
    await after.close()
  })
})

test('trains from data alone, from a run and from a teacher of its own', async () => {
  const short: UserConfig = { data, network: { hidden: 16, layers: 1 }, batch: 32, steps: 3 }
  const velocity = at('velocity')
  await train(
    { ...short, objective: 'flow-matching', network: { ...short.network, conditioning: 's' } },
    { directory: velocity },
  )
  const condition = { kind: 'state' } as const
  for (const [i, keys] of [
    { objective: 'psd' },
    { objective: 'meanflow' },
    { objective: 'lmd', teacher: velocity },
    { objective: 'ayf-emd', teacher: 'train' },
  ].entries()) {
    const { finished } = await train({ ...short, condition, ...keys }, { directory: at(`short-${i}`) })
    expect(finished).toBe(true)
  }
})

test.each<[UserConfig, RegExp]>([
  [{ interpolant: 'trig' }, /^condition\.kind: state tells a noisy point of the linear path/],
  [{ coupling: { kind: 'reflow' } }, /^coupling\.kind: condition state needs/],
  [{ guidance: { rule: 'teacher' } }, /^guidance\.rule: teacher leads towards classes and vectors/],
  [{ network: { kind: 'dit' } }, /^condition\.kind/],
])('%j makes no sense with a state', (keys, message) => {
  const { network: _, ...rest } = asked
  expect(() => resolveConfig({ ...rest, ...keys } as UserConfig)).toThrow(message)
})
