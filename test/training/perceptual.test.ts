import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant, evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { standardizationOf, standardizedBy } from '../../src/data/standardized.ts'
import { openFeatures } from '../../src/evaluation/features/open.ts'
import { measureLoss } from '../../src/evaluation/loss-map.ts'
import { initialClassifier } from '../../src/model/classifier.ts'
import { flat, flowMap, interpolants, unstandardized } from '../../src/model/index.ts'
import type { Draw } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { classifierFile, readClassifier } from '../../src/serialization/classifier-file.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { openTrainingData } from '../../src/training/data.ts'
import { perceptualOf } from '../../src/training/perceptual.ts'
import { featuresOf } from '../../src/training/perceptual-network.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('perceptual')
const at = (name: string) => join(folder, name)
const shipped = (name: string) => fileURLToPath(new URL(`../../features/${name}.onnx`, import.meta.url))

const note = { format: 'oxbow-features', classes: '["0","1"]' }

/** A network for features of two moons that is as good as untrained: what it tells apart does not matter here. */
const moons = at('moons.onnx')
beforeAll(() => {
  const dataset = generatedDataset('two-moons')
  const flat = initialClassifier({ shape: [2], classes: 2 }, random(1, 'test'))
  writeFileSync(moons, classifierFile(dataset, flat, note))
})

const plane = (perceptual: object, own: UserConfig = {}): UserConfig => ({
  ...tiny,
  data: 'two-moons',
  loss: { perceptual: { features: moons, ...perceptual } },
  steps: 12,
  chunk: 3,
  logEvery: 1,
  checkpointEvery: 100,
  ...own,
})

const pixel = {
  data: { glyphs: { size: 16 } } as unknown as UserConfig['data'],
  objective: 'imf',
  condition: { kind: 'class' },
  network: { kind: 'dit', patch: 4, width: 12, depth: 1, heads: 2, parameterization: 'denoised' },
  loss: { perceptual: { weight: 0.1 } },
  ...{ batch: 8, steps: 4, logEvery: 1 },
} as unknown as UserConfig

describe('a classifier as part of another graph', () => {
  test.each([
    ['pictures', shipped('glyphs-16'), [16, 16, 1]],
    ['larger pictures', shipped('mnist'), [28, 28, 1]],
    ['rows of numbers in their own units', moons, [2]],
  ])('has the features of its file: %s', async (_, path, shape) => {
    const dimension = shape.reduce((a, b) => a * b)
    const source = random(3, 'test')
    const points = Float32Array.from({ length: 3 * dimension }, () => source.normal())
    const by = {
      shift: Array.from({ length: dimension }, (_, i) => Math.sin(i)),
      scale: Array.from({ length: dimension }, (_, i) => (i === 1 ? 0 : 1 + Math.cos(i) / 2)),
    }
    const opened = await openFeatures(nodeRuntime(), path, { dimension })
    const { values } = await opened.extract(unstandardized(by, points))
    await opened.close()
    const graph = trace(featuresOf(readClassifier(readFileSync(path))!, by), spec([3, ...shape], 'float64'))
    const [found] = evaluate(graph, [{ shape: [3, ...shape], data: Float64Array.from(points) }])
    expect(values.length).toBe(3 * 64)
    found.data.forEach((value, i) => {
      expect(Math.abs(value - values[i])).toBeLessThan(2e-4 * Math.max(1, Math.abs(value)))
    })
  })

  test('is read with what its points are standardised by', () => {
    const points = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i) * (i % 2 === 0 ? 1 : 3))
    const data = pointsDataset(points, { dimension: 2, labels: Array.from({ length: 20 }, (_, i) => i % 2) })
    const seen = standardizedBy(standardizationOf('column', data), data)
    const flat = initialClassifier({ shape: [2], classes: 2 }, random(1, 'test'))
    const { shift, factor, parameters, shape, classes } = readClassifier(classifierFile(seen, flat, note))!
    const { standardization: by } = seen
    expect({ shape, classes }).toEqual({ shape: [2], classes: 2 })
    expect([...shift!]).toEqual(by!.shift.map(Math.fround))
    expect([...factor!]).toEqual(by!.scale.map(scale => Math.fround(1 / scale)))
    expect(parameters).toEqual(flat)
  })
})

describe.each(['denoised', 'average-velocity'] as const)('under %s', parameterization => {
  const config = resolveConfig({
    objective: 'imf',
    network: { parameterization },
    times: { minimum: 0.05 },
    loss: { perceptual: { below: 0.5, weight: 3 } },
  })

  test('N is x_s - max(s, least) V with the least time that the parameterization divides by', () => {
    const V = [0.3, -2]
    const parts = trace(
      ({ x0, eps, s }) => {
        const path = flat.path(interpolants.linear, x0, eps)
        const draw = { path, s, t: s, map: flowMap(x => x.mul(0).add(constant(V, [2], 'float64'))) } as Draw
        return perceptualOf(
          config,
          [
            { draw, rows: 1 },
            { draw, rows: 1 },
          ],
          points => points,
        )!
      },
      { x0: spec([1, 2], 'float64'), eps: spec([1, 2], 'float64'), s: spec([1, 1], 'float64') },
    )
    for (const s of [0.01, 0.2, 0.6]) {
      const [x0, eps] = [
        [1, 2],
        [-1, 0.5],
      ]
      const values = [x0, eps, [s]].map(row => ({ shape: [1, row.length], data: Float64Array.from(row) }))
      const [added, loss, residual] = evaluate(parts, values).map(({ data }) => data[0])
      const by = parameterization === 'denoised' ? Math.max(s, 0.05) : s
      const squares = x0.map((x, i) => ((1 - s) * x + s * eps[i] - by * V[i] - x) ** 2)
      const sum = s < 0.5 ? squares[0] + squares[1] : 0
      expect(residual).toBeCloseTo(sum / 2, 12)
      expect(loss).toBeCloseTo(sum / (sum + 0.01), 12)
      expect(added).toBeCloseTo(3 * loss, 12)
    }
  })
})

describe('a training with a perceptual loss', () => {
  test('adds its mean over all samples to the loss, and logs it beside', async () => {
    await train(plane({ weight: 0.3 }), { directory: at('two-terms') })
    for (const { loss, terms } of metricsOf(at('two-terms'))) {
      const { diagonal, consistency, perceptual } = terms
      expect(perceptual.loss).toBeGreaterThan(0)
      expect(perceptual.residual).toBeGreaterThan(0)
      const sum = 0.3 * diagonal.loss + 0.7 * 0.02 * consistency.loss + 0.3 * perceptual.loss
      expect(Math.abs(loss - sum)).toBeLessThan(1e-5 * sum)
    }
    await train(plane({ weight: 1e-9 }), { directory: at('without') })
    expect(metricsOf(at('without')).at(-1)!.gradientNorm).not.toBe(
      metricsOf(at('two-terms')).at(-1)!.gradientNorm,
    )
  })

  test('takes the network that comes with the package for pictures, and keeps it', async () => {
    const directory = at('pixel')
    const { residual } = await train(pixel, { directory })
    expect(residual).toBe(metricsOf(directory).at(-1)!.terms.consistency.residual)
    for (const { loss, terms } of metricsOf(directory)) {
      expect(Math.abs(loss - terms.consistency.loss - 0.1 * terms.perceptual.loss)).toBeLessThan(1e-5 * loss)
      // Every one of them is between 0 and 1 by its weight.
      expect(terms.perceptual.loss).toBeGreaterThan(0.1)
      expect(terms.perceptual.loss).toBeLessThan(1)
    }
    expect(readFileSync(paths(directory).features)).toEqual(readFileSync(shipped('glyphs-16')))
    expect(readRecord(directory).config.loss.perceptual).toEqual({
      weight: 0.1,
      below: 0.8,
      features: 'auto',
    })
  })

  test('goes on with the same bits where the file of its network has gone', async () => {
    const gone = at('gone.onnx')
    copyFileSync(moons, gone)
    // A relative path means the same from wherever the run is continued.
    const config = plane({ weight: 0.5, features: relative('.', gone) })
    await train(config, { directory: at('straight') })
    await train(config, { directory: at('stopped'), shouldStop: stopAfter(2) })
    rmSync(gone)
    expect(readRecord(at('stopped')).config.loss.perceptual!.features).toBe(gone)
    await train(config, { directory: at('stopped'), resume: true })
    expect(newestCheckpoint(at('stopped'))).toEqual(newestCheckpoint(at('straight')))
    expect(metricsOf(at('stopped'))).toEqual(metricsOf(at('straight')))
  })

  test('is not continued without its own copy', async () => {
    const directory = at('no-copy')
    await train(plane({}), { directory, shouldStop: stopAfter(2) })
    rmSync(paths(directory).features)
    await expect(train({}, { directory, resume: true })).rejects.toThrow(
      `${paths(directory).features}: is gone, the network of the run's perceptual loss; put it back`,
    )
  })

  test('is measured without it', async () => {
    const directory = at('two-terms')
    const { config } = readRecord(directory)
    const maps = await measureLoss(nodeRuntime(), directory, await openTrainingData(config), { draws: 256 })
    expect(maps.map(({ part }) => part)).toEqual(['diagonal', 'consistency'])
  })

  test('does not hand it on to the teacher that it trains', async () => {
    const directory = at('taught')
    const own = { objective: 'lmd', teacher: 'train', steps: 6 }
    await train(plane({}, own), { directory })
    expect(metricsOf(directory).at(-1)!.terms.perceptual.loss).toBeGreaterThan(0)
    expect(existsSync(paths(directory).features)).toBe(true)
    expect(metricsOf(join(directory, 'teacher')).at(-1)!.terms.perceptual).toBeUndefined()
    expect(existsSync(paths(join(directory, 'teacher')).features)).toBe(false)
  })
})

describe('refuses', () => {
  const foreign = at('foreign.onnx')
  beforeAll(() => {
    const graph = trace(({ x }) => x.mul(constant([1, 2])), { x: spec([4, 2]) })
    writeFileSync(foreign, lower(graph as never, { metadata: {} }))
  })

  test.each<[string, UserConfig, string]>([
    [
      'data without a network',
      plane({ features: 'auto' }),
      'no network for features comes with the package for two-moons; make one of its labels with "oxbow features DATA --out net.onnx", and name net.onnx here',
    ],
    [
      'the network of another program',
      plane({ features: foreign }),
      `${foreign} was not made by "oxbow features"; a network of another program can measure, but not be differentiated`,
    ],
    [
      'a network of other points',
      plane({ features: shipped('glyphs-16') }),
      `${shipped('glyphs-16')} takes points of [16, 16, 1], two-moons has [2]`,
    ],
    ['no file', plane({ features: at('none.onnx') }), `${at('none.onnx')}: no such file`],
  ])('%s', async (name, config, message) => {
    const directory = at(`refused ${name}`)
    await expect(train(config, { directory })).rejects.toThrow(`loss.perceptual.features: ${message}`)
    expect(existsSync(paths(directory).config)).toBe(false)
  })

  test.each<[UserConfig, string]>([
    [{ objective: 'freeflow', teacher: 'exact' }, 'freeflow trains without data, with which it compares'],
    [{ objective: 'fmm' }, 'fmm also jumps towards the noise, where no denoised point is known'],
    [{ objective: 'cmt', teacher: 'exact' }, 'points of a trajectory have no data point of their own'],
    [{ objective: 'lsd', interpolant: 'trig' }, 'use interpolant: linear, found trig'],
  ])('%j', (config, message) => {
    const loss = { perceptual: {} }
    expect(() => resolveConfig({ ...config, loss })).toThrow(message)
    expect(() => resolveConfig({ ...config, loss })).toThrow(/^loss\.perceptual: /)
    resolveConfig(config)
  })

  test.each([
    [{ weight: 0 }, 'loss.perceptual.weight'],
    [{ below: 1.5 }, 'loss.perceptual.below'],
    [{ feature: 'x' }, 'loss.perceptual.feature'],
  ])('%j', (perceptual, key) => {
    expect(() => resolveConfig({ loss: { perceptual } } as UserConfig)).toThrow(key)
  })
})
