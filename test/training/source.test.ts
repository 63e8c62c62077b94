import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant, evaluate, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { type EvaluationRequest, evaluateRun } from '../../src/evaluation/evaluate.ts'
import { bridgeNoise, interpolants, pathOf } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { cardText } from '../../src/report/card.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { uniformGrid } from '../../src/sampler/sampler.ts'
import { sample, sampleNoise } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { readRecord } from '../../src/serialization/run.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { planOfModel } from '../../src/studio/engine/model-file.ts'
import { batchSource } from '../../src/training/batches.ts'
import { openTrainingData } from '../../src/training/data.ts'
import { startOf } from '../../src/training/source.ts'
import { termsOf } from '../../src/training/terms.ts'
import { train } from '../../src/training/train.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint, quick, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('source')
const at = (name: string) => join(folder, name)

const A = { mean: 1.5, deviation: 0.4 }
const B = { mean: -1, deviation: 0.8 }
const gaussian = ({ mean, deviation }: typeof A) => ({ gaussian: { mean: [mean, -mean], std: deviation } })

/** Coefficients `a, b, c` of a path and their derivatives, from the path itself. */
function coefficients(name: 'linear' | 'trig', g: number, time: number) {
  const one = (k: number, i: number) => constant([k === i ? 1 : 0], [1, 1], 'float64')
  const values = [0, 1, 2].map(k => {
    const graph = trace(
      (t: Tensor) => {
        const path = pathOf(interpolants[name], one(k, 0), one(k, 1), bridgeNoise(g, one(k, 2)))
        return { at: path.at(t), velocity: path.velocity(t) }
      },
      spec([1, 1], 'float64'),
    )
    return evaluate(graph, [{ shape: [1, 1], data: Float64Array.of(time) }]).map(({ data }) =>
      Number(data[0]),
    )
  })
  const [at, velocity] = [0, 1].map(i => values.map(pair => pair[i]))
  return { at, velocity }
}

/** The law of a path between two Gaussians, and its velocity `b(x) = m' + (k'/k)(x - m)`, by the closed form. */
function law(name: 'linear' | 'trig', g: number, t: number) {
  const point = (t: number) => {
    const [a, b] = name === 'linear' ? [1 - t, t] : [Math.cos((Math.PI * t) / 2), Math.sin((Math.PI * t) / 2)]
    const variance = (a * A.deviation) ** 2 + (b * B.deviation) ** 2 + g * g * 2 * t * (1 - t)
    return { m: a * A.mean + b * B.mean, k: Math.sqrt(variance) }
  }
  const h = 1e-5
  const [before, { m, k }, after] = [point(t - h), point(t), point(t + h)]
  return { m, k, rise: (after.m - before.m) / (2 * h), slope: (after.k - before.k) / (2 * h) / k }
}

describe.each([
  ['linear', 0],
  ['linear', 1],
  ['linear', 0.5],
  ['trig', 1],
] as const)('the %s path between two Gaussians with noise %s', (name, g) => {
  test.each([0.05, 0.3, 0.5, 0.9])('has the conditional mean of its velocity at %s', t => {
    const { at, velocity } = coefficients(name, g, t)
    const deviations = [A.deviation, B.deviation, 1]
    const means = [A.mean, B.mean, 0]
    const dot = (x: number[], y: number[], z: number[]) =>
      x.reduce((sum, value, i) => sum + value * y[i] * z[i], 0)
    const squares = deviations.map(value => value * value)
    const variance = dot(at, at, squares)
    const { m, k, rise, slope } = law(name, g, t)
    expect(variance).toBeCloseTo(k * k, 9)
    expect(dot(at, means, [1, 1, 1])).toBeCloseTo(m, 9)
    expect(dot(velocity, means, [1, 1, 1])).toBeCloseTo(rise, 6)
    // The regression of the velocity on the point.
    expect(dot(velocity, at, squares) / variance).toBeCloseTo(slope, 6)
    // Without the derivative of the noise it would be another.
    if (g === 1 && t !== 0.5)
      expect(Math.abs(dot(velocity.slice(0, 2), at, squares) / variance - slope)).toBeGreaterThan(0.05)
    // E[z|x] = c (x - m)/k^2, so that -E[z|x]/c is the score.
    if (g > 0) expect(-at[2] / variance / at[2]).toBeCloseTo(-1 / (k * k), 9)
  })
})

const base: UserConfig = {
  ...quick,
  steps: 700,
  objective: 'flow-matching',
  data: gaussian(A),
  source: gaussian(B),
}

/** The largest difference, as a part of 1 and the value. */
const farthest = (a: ArrayLike<number>, b: ArrayLike<number | bigint>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - Number(b[i])) / (1 + Math.abs(value))))

const moments = (points: Float32Array, j: number) => {
  const values = [...points].filter((_, i) => i % 2 === j)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    mean,
    deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
  }
}

describe.each([0, 1])('a velocity that was trained between two Gaussians with noise %s', sourceNoise => {
  const run = at(`gaussian-${sourceNoise}`)
  beforeAll(() => train({ ...base, sourceNoise }, { directory: run }))

  test('is that of the closed form', async () => {
    const map = await load(run)
    for (const t of [0.2, 0.5, 0.8]) {
      const { m, k, rise, slope } = law('linear', sourceNoise, t)
      const source = random(4, 'points')
      const x = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 ? -m : m) + k * source.normal())
      const found = await map.velocity(x, t)
      const expected = Float32Array.from(
        x,
        (value, i) => (i % 2 ? -rise : rise) + slope * (value - (i % 2 ? -m : m)),
      )
      const error = Math.sqrt(found.reduce((sum, value, i) => sum + (value - expected[i]) ** 2, 0) / x.length)
      expect(error, String(t)).toBeLessThan(0.2)
    }
    await map.close()
  })

  test('takes points of the one to the law of the other, and back', async () => {
    const map = await load(run)
    const start = (await startOf(map, 4000, 1))()
    expect(moments(start, 0).mean).toBeCloseTo(B.mean, 1)
    expect(moments(start, 1).deviation).toBeCloseTo(B.deviation, 1)
    const grid = uniformGrid(20)
    const { points } = await sample(map, start, { grid, method: 'heun' })
    for (const j of [0, 1]) {
      expect(Math.abs(moments(points, j).mean - (j ? -A.mean : A.mean))).toBeLessThan(0.1)
      expect(Math.abs(moments(points, j).deviation - A.deviation)).toBeLessThan(0.1)
    }
    const back = await sample(map, points, { grid: grid.toReversed(), method: 'heun' })
    const far = Math.sqrt(
      back.points.reduce((sum, value, i) => sum + (value - start[i]) ** 2, 0) / start.length,
    )
    expect(far).toBeLessThan(0.05)
    await expect(sampleNoise(map, 10, { grid })).rejects.toThrow(
      /starts from points of gaussian, not from noise/,
    )
    for (const method of ['ddim', 'renoise', 'euler-maruyama'] as const) {
      await expect(sample(map, start, { grid: [0.9, 0], method })).rejects.toThrow()
    }
    await map.close()
  })
})

describe('draws', () => {
  test('are of both sets, with noise and times between the ends', async () => {
    const config = resolveConfig({ ...base, sourceNoise: 0.5, batch: 4000 })
    const dataset = await openTrainingData(config)
    const [term] = termsOf(config)
    expect(term.inputs).toEqual(['x0', 'eps', 'z', 's'])
    const [x0, first, z, s] = batchSource(config, dataset, [{ trains: ['map'], terms: [term] }]).draw(
      1,
      1,
    ) as Float32Array[]
    expect(moments(x0, 0).mean).toBeCloseTo(A.mean, 1)
    expect(moments(first, 0).mean).toBeCloseTo(B.mean, 1)
    expect(moments(z, 0).deviation).toBeCloseTo(1, 1)
    expect(Math.min(...s)).toBeGreaterThanOrEqual(0.01)
    expect(Math.max(...s)).toBeLessThanOrEqual(0.99)
    const jumps = resolveConfig({ ...base, objective: 'lsd', sourceNoise: 0.5 })
    expect(termsOf(jumps).map(({ inputs }) => inputs.includes('z'))).toEqual([true, true])
  })
})

/** Two files in units of their own. */
function writeTables(): void {
  const source = random(1, 'tables')
  const lines = (of: () => string) => Array.from({ length: 600 }, of).join('\n')
  writeFileSync(
    at('a.csv'),
    `x,y\n${lines(() => `${1000 + 50 * source.normal()},${0.01 * source.normal()}`)}`,
  )
  writeFileSync(at('b.csv'), `y,x\n${lines(() => `${-7 + 3 * source.normal()},${0.2 * source.normal()}`)}`)
}

describe('two files', () => {
  const both: UserConfig = { ...tiny, steps: 40, chunk: 10, data: at('a.csv'), source: at('b.csv') }
  beforeAll(async () => {
    writeTables()
    await train(both, { directory: at('files') })
  })

  test('are each brought to their own scale, in one order of columns, and kept in the record', async () => {
    const { data } = readRecord(at('files'))
    const { shift, scale, source } = data.standardization!
    expect(Math.round(shift[0] / 20)).toBe(50)
    expect(scale[0] / scale[1]).toBeGreaterThan(1000)
    expect(source!.shift[1]).toBeCloseTo(-7, 0)
    expect(source!.scale[1]).toBeCloseTo(3, 0)
    expect(data.source).toMatchObject({ name: expect.stringContaining('b.csv'), fingerprint: { rows: 600 } })
    expect(readModel(at('files')).data.source).toEqual(data.source)
  })

  test('are what samples begin and end at, in the units of each', async () => {
    const map = await load(at('files'))
    const start = (await startOf(map, 50, 0))()
    expect(moments(start, 1).mean).toBeCloseTo(-7, 0)
    const { points } = await sample(map, start, { grid: [1, 0] })
    expect(Math.abs(moments(points, 0).mean - 1000)).toBeLessThan(100)
    // The jump in outer units is the one of the graph with the units inside.
    const outer = await map.jump(start, 1, 0.4)
    // The velocity in outer units is what a short jump goes by.
    const [s, h] = [0.4, 0.002]
    const velocity = await map.velocity(outer, s)
    const [before, after] = [await map.jump(outer, s, s + h), await map.jump(outer, s, s - h)]
    for (const j of [0, 1]) {
      const found = moments(
        before.map((value, i) => (value - after[i]) / (2 * h) - velocity[i]),
        j,
      )
      const size = Math.abs(moments(velocity, j).mean) + moments(velocity, j).deviation
      expect(Math.abs(found.mean) + found.deviation).toBeLessThan(0.02 * size)
    }
    await map.close()
    const exported = await load(join(at('files'), 'model.onnx'))
    const same = await exported.jump(start, 1, 0.4)
    expect(farthest(outer, same)).toBeLessThan(1e-3)
    await exported.close()
  })

  test('give a sampler in one graph that takes points of the source', async () => {
    const { bytes } = encodeOnnxSampler(readModel(at('files')), { grid: [1, 0.5, 0], method: 'auto' })
    const { program, inputs } = await nodeRuntime().openModel(bytes)
    expect(inputs.map(({ name }) => name)).toEqual(['source'])
    const map = await load(at('files'))
    const start = (await startOf(map, 20, 0))()
    const { points } = await sample(map, start, { grid: [1, 0.5, 0] })
    const [found] = await program.run([start])
    expect(farthest(points, found)).toBeLessThan(1e-3)
    await map.close()
    await program.close()
  })

  test('are sampled by the command from points of the source', async () => {
    const { code, stderr } = await runHere([
      'sample',
      at('files'),
      '--count',
      '30',
      '--seed',
      '3',
      '--out',
      at('drawn.csv'),
    ])
    expect([code, stderr]).toEqual([0, ''])
    const map = await load(at('files'))
    const { points } = await sample(map, (await startOf(map, 30, 3))(), { grid: [1, 0] })
    await map.close()
    const rows = readFileSync(at('drawn.csv'), 'utf8').trim().split('\n').slice(1)
    expect(rows.map(row => Math.fround(Number(row.split(',')[0])))).toEqual(
      [...points].filter((_, i) => i % 2 === 0),
    )
    const refused = await runHere([
      'steer',
      at('files'),
      '--reward',
      '{kind: gaussian}',
      '--out',
      at('steered.csv'),
    ])
    expect(refused.stderr).toMatch(
      /starts from points of .*b.csv, but this command needs a map that starts from noise/,
    )
  })

  test('are named on its card', () => {
    const card = cardText(at('files'))
    expect(card).toContain('carries points of b.csv at time 1 to data')
    expect(card).toContain('np.load("start.npy")[:batch].astype(np.float32)  # points of b.csv')
    expect(card).not.toContain('standard_normal')
  })

  test('are not shown by the studio, which draws noise', () => {
    for (const file of ['model.onnx', 'model.safetensors']) {
      expect(() => planOfModel(readFileSync(join(at('files'), file)), file)).toThrow(
        /starts from points of .*b.csv; the page only shows maps from noise/,
      )
    }
  })

  test('are resumed to the same numbers, and not with another source', async () => {
    await train(both, { directory: at('parts'), shouldStop: stopAfter(2) })
    const text = readFileSync(at('b.csv'), 'utf8')
    writeFileSync(at('b.csv'), text.replace('-', '-1'))
    await expect(train({}, { directory: at('parts'), resume: true })).rejects.toThrow(
      /source: .*b.csv has changed/,
    )
    writeFileSync(at('b.csv'), text)
    await train({}, { directory: at('parts'), resume: true })
    expect(newestCheckpoint(at('parts'))).toEqual(newestCheckpoint(at('files')))
  })

  test('are measured from held-out points, without a density', async () => {
    const request: EvaluationRequest = { steps: [1], count: 50, seed: 0, method: 'auto', weights: ['ema'] }
    const { rows, maps } = await evaluateRun(at('files'), {
      ...request,
      metrics: ['energyDistance', 'straightness', 'lagrangianResidual'],
    })
    expect(rows[0].metrics.energyDistance.value).toBeGreaterThan(0)
    expect(maps[0].metrics.straightness.value).toBeGreaterThan(0)
    await expect(evaluateRun(at('files'), { ...request, metrics: ['flowNLL'] })).rejects.toThrow(
      /flowNLL needs a map from noise, whose density is known/,
    )
  })
})

describe('other trainings', () => {
  const small: UserConfig = { ...tiny, steps: 20, data: gaussian(A), source: gaussian(B) }

  test.each([
    ['maps', { objective: 'psd', sourceNoise: 0.3 }],
    ['consistency', { objective: 'ct', sourceNoise: 0.3 }],
    ['optimal transport', { objective: 'flow-matching', coupling: { kind: 'ot' } }],
    [
      'reflow of an own teacher',
      { objective: 'reflow', teacher: 'train', coupling: { pairs: 64, steps: 2 } },
    ],
    ['the default recipe', { objective: 'cmt', teacher: 'train', coupling: { pairs: 64, steps: 2 } }],
  ] as [string, UserConfig][])('of %s run', async (name, user) => {
    const { loss } = await train({ ...small, ...user }, { directory: at(name.replaceAll(' ', '-')) })
    expect(Number.isFinite(loss)).toBe(true)
  })

  test.each([
    ['a path that keeps data', { interpolant: 'vp' }, /interpolant: between two data sets/],
    [
      'an exact teacher',
      { objective: 'lmd', teacher: 'exact' },
      /teacher: exact is the velocity between data and noise/,
    ],
    [
      'fresh noise',
      { objective: 'itm', teacher: 'runs/a', coupling: { kind: 'independent' } },
      /itm adds normal noise/,
    ],
    ['no data', { objective: 'pid', teacher: 'runs/a' }, /pid needs noise/],
    ['states', { condition: { kind: 'state' } }, /condition.kind: state/],
    ['preconditioning', { objective: 'ct', network: { parameterization: 'edm' } }, /made for normal noise/],
    ['Min-SNR', { objective: 'flow-matching', loss: { minSnr: 5 } }, /loss.minSnr/],
    ['noise alone', { source: null, sourceNoise: 1 }, /sourceNoise: is added on the way to a source/],
    ['denoised outputs and noise', { network: { parameterization: 'denoised' }, sourceNoise: 1 }, /hides/],
  ] as [string, UserConfig, RegExp][])('with %s are refused', (_, user, message) => {
    expect(() => resolveConfig({ ...small, ...user })).toThrow(message)
  })

  test('of other points, or on a teacher from noise, are refused', async () => {
    await expect(
      train({ ...small, source: { gaussian: { mean: [0, 0, 0], std: 1 } } }, { directory: at('wide') }),
    ).rejects.toThrow(/source: gaussian has points of 3 coordinates, gaussian of 2/)
    await train(
      { ...small, source: null, objective: 'flow-matching', steps: 1 },
      { directory: at('from-noise') },
    )
    await expect(
      train({ ...small, objective: 'lmd', teacher: at('from-noise') }, { directory: at('mixed') }),
    ).rejects.toThrow(/begins at noise with sourceNoise 0, this run at gaussian/)
  })
})
