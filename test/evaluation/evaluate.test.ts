import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  constant,
  DYNAMIC,
  type Shape,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../src/autodiff/index.ts'
import { ConfigError } from '../../src/config/index.ts'
import { openDataset } from '../../src/data/catalogue.ts'
import type { ComparisonConfig, Plan } from '../../src/evaluation/comparison.ts'
import {
  type EvaluationRequest,
  evaluateRun,
  recordedEvaluation,
  writeEvaluation,
} from '../../src/evaluation/evaluate.ts'
import { openFeatures } from '../../src/evaluation/features/open.ts'
import { evaluateSamples } from '../../src/evaluation/saved-samples.ts'
import { metrics } from '../../src/metric/catalogue.ts'
import { described } from '../../src/metric/map-catalogue.ts'
import { allMetrics } from '../../src/metric/table.ts'
import { random } from '../../src/random/random.ts'
import { gatherComparison } from '../../src/report/comparison.ts'
import { evaluationTable } from '../../src/report/evaluation.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { paths, readRecord, writeRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('evaluate')
const at = (name: string) => join(folder, name)
const request: EvaluationRequest = {
  steps: [1, 2],
  count: 300,
  seed: 0,
  method: 'auto',
  weights: ['ema', 'raw'],
}

/** Two curved columns, the second in units of its own. */
function writeTable(name: string, unit: number): void {
  const source = random(1, 'table')
  const lines = Array.from({ length: 400 }, () => {
    const x = source.normal()
    return `${x},${unit * (Math.sin(2 * x) + 0.3 * source.normal())}`
  })
  writeFileSync(at(name), lines.join('\n'))
}

/** An ONNX network of one input. */
function writeNetwork(name: string, shape: Shape, of: (x: Tensor) => Tensor): string {
  writeFileSync(at(name), lower(simplify(trace(({ x }) => ({ y: of(x) }), { x: spec(shape) }))))
  return at(name)
}

beforeAll(async () => {
  const steps = { ...tiny, steps: 60, objective: 'psd' }
  await train({ ...steps, data: mixture }, { directory: at('mixture') })
  await train({ ...steps, data: mixture, ema: 0, target: 'student' }, { directory: at('plain') })
  writeTable('one.csv', 1)
  writeTable('large.csv', 1000)
  await train({ ...steps, data: at('one.csv') }, { directory: at('one') })
  await train({ ...steps, data: at('large.csv') }, { directory: at('large') })
})

/** Metrics of what this data or map does not have: a network for features, classes, vectors, held-out rows, a head. */
const ELSEWHERE = [
  // Of points of other spaces.
  ...Object.keys(allMetrics).filter(name => !Object.hasOwn(metrics, name)),
  ...['featureFrechet', 'classAccuracy', 'classBalance', 'classCoverage'],
  ...['classAgreement', 'jointEnergyDistance', 'memorised', 'headNLL', 'mass'],
  // Of maps that jump both ways: in cli/weigh.test.ts.
  ...['inverseError', 'determinantResidual'],
  // Of curved spaces alone: in samples-of-spaces.test.ts.
  'mmdPublished',
]

describe('an evaluation', () => {
  test('says of every metric what its numbers mean, where it lies and what data scores', async () => {
    const { rows, maps, data, notes } = await evaluateRun(at('mixture'), { ...request, metrics: 'all' })
    const memorised =
      'memorised: needs 100 held-out rows; mixture is drawn anew each time, so no rows are trained on or held out'
    expect(notes).toEqual([`left out ${memorised}`])
    await expect(evaluateRun(at('mixture'), { ...request, metrics: ['memorised'] })).rejects.toThrow(
      `metrics: ${memorised.replace(':', '')}`,
    )
    const names = Object.keys(described).filter(name => !ELSEWHERE.includes(name))
    for (const { metrics } of rows) {
      for (const [name, metric] of Object.entries(metrics)) {
        const { unit, direction, range } = described[name]
        expect(metric, name).toMatchObject({ unit, direction, floor: expect.any(Number) })
        expect(metric.range, name).toEqual(range.map(end => (Number.isFinite(end) ? end : null)))
        const [low, high] = metric.interval!
        expect(low, name).toBeLessThanOrEqual(metric.value!)
        expect(high, name).toBeGreaterThanOrEqual(metric.value!)
        expect(metric.count, name).toBeLessThanOrEqual(300)
      }
    }
    expect([...Object.keys(rows[0].metrics), ...Object.keys(maps[0].metrics)].sort()).toEqual(names.sort())
    expect(maps.map(({ weights }) => weights)).toEqual(['ema', 'raw'])
    expect(data).toMatchObject({ name: 'mixture', dimension: 2, fingerprint: { rows: null } })
  })

  test('of the quick metrics alone where nothing is asked for', async () => {
    const { rows, maps } = await evaluateRun(at('mixture'), request)
    const quick = Object.keys(described).filter(
      name => !described[name].onRequest && !ELSEWHERE.includes(name),
    )
    expect(Object.keys(rows[0].metrics)).toEqual(quick)
    expect(maps).toEqual([])
  })

  test('gives both kinds of weights, and one where they are the same', async () => {
    const weightsOf = async (run: string) =>
      (await evaluateRun(at(run), request)).rows.map(row => row.weights)
    expect(await weightsOf('mixture')).toEqual(['ema', 'ema', 'raw', 'raw'])
    expect(await weightsOf('plain')).toEqual(['ema', 'ema'])
    const { notes } = await evaluateRun(at('plain'), request)
    expect(notes.join()).toContain('shown once')
    expect((await evaluateRun(at('plain'), { ...request, weights: ['raw'] })).rows[0].weights).toBe('raw')
  })

  test('answers the request that it was made for, and no other', async () => {
    const asked = { ...request, metrics: ['recall', 'modeJS'] }
    writeEvaluation(at('mixture'), await evaluateRun(at('mixture'), asked))
    const recorded = (change: object) => recordedEvaluation(at('mixture'), { ...asked, ...change })
    expect(recorded({})).toBeDefined()
    expect(recorded({ metrics: ['modeJS', 'recall', 'recall'] })).toBeDefined()
    expect(recorded({ metrics: ['modeJS'] })).toBeUndefined()
    expect(recorded({ metrics: 'all' })).toBeUndefined()
    expect(recorded({ metrics: undefined })).toBeUndefined()
    expect(recorded({ features: 'net.onnx' })).toBeUndefined()
    writeFileSync(join(at('mixture'), 'evaluation.json'), JSON.stringify({ request: asked, rows: [] }))
    expect(recorded({})).toBeUndefined()
  })

  test('one of an earlier version, without strays, is measured again', async () => {
    const whole = await evaluateRun(at('mixture'), request)
    writeEvaluation(at('mixture'), whole)
    expect(Object.keys(whole.rows[0].metrics)[0]).toBe('strays')
    expect(recordedEvaluation(at('mixture'), request)).toBeDefined()
    const rows = whole.rows.map(({ metrics: { strays: _, ...metrics }, ...row }) => ({ ...row, metrics }))
    writeEvaluation(at('mixture'), { ...whole, rows })
    expect(recordedEvaluation(at('mixture'), request)).toBeUndefined()
  })

  test('is of the rows that are held out, and says so', async () => {
    const evaluation = await evaluateRun(at('one'), request)
    const { rows, notes, data } = evaluation
    const { heldOut } = data.split!
    expect(heldOut).toBeGreaterThan(20)
    expect(rows[0].metrics.slicedWasserstein.count).toBe(heldOut)
    expect(evaluationTable(evaluation).count).toBe(heldOut)
    expect(evaluation.request.count).toBe(300)
    expect(notes).toEqual([`measured at ${heldOut} points, all rows that are held out`])
    expect(rows[0].metrics.slicedWasserstein.unit).toBe('standard deviations')
    const large = (await evaluateRun(at('large'), request)).rows[0].metrics.slicedWasserstein
    expect(large.value).toBeLessThan(5)
  })

  test('is in a comparison at the count that was measured', async () => {
    const asked = { ...request, steps: [1], weights: ['ema' as const] }
    const evaluation = await evaluateRun(at('one'), asked)
    writeEvaluation(at('one'), evaluation)
    const { config } = readRecord(at('one'))
    const { count } = await gatherComparison({
      comparison: { data: at('one.csv'), seeds: 1, metric: 'slicedWasserstein' } as ComparisonConfig,
      plan: {
        methods: [{ id: 'psd', label: 'psd' }],
        runs: [{ method: 'psd', directory: at('one'), config }],
      } as unknown as Plan,
      request: asked,
      command: '',
      config: '',
    })
    expect(count).toBe(evaluation.data.split!.heldOut)
  })

  test('of a run whose data is not known needs the data', async () => {
    cpSync(at('mixture'), at('imported'), { recursive: true })
    rmSync(paths(at('imported')).checkpoints, { recursive: true })
    const { config, data } = readRecord(at('imported'))
    const fingerprint = { ...data.fingerprint, sha256: '' }
    writeRecord(at('imported'), { config: { ...config, data: 'imported' }, data: { ...data, fingerprint } })
    await expect(evaluateRun(at('imported'), request)).rejects.toThrow(
      `${at('imported')}: its data is not known; name the data to measure against with --data`,
    )
    const { rows } = await evaluateRun(at('imported'), request, await openDataset('ring'))
    expect(rows.map(({ weights }) => weights)).toEqual(['ema', 'ema'])
  })

  test.each([
    ['recal', 'metrics: unknown metric "recal"; did you mean "recall"?'],
    ['trajectoryError', 'ownTrajectoryError compares with the map'],
    ['modeJS', 'metrics: modeJS needs a mixture; one.csv has dimension 2 and no mixture'],
    ['featureFrechet', 'needs a feature network: --features net.onnx'],
  ])('refuses %s of a file', async (name, message) => {
    await expect(evaluateRun(at('one'), { ...request, metrics: [name] })).rejects.toThrow(message)
  })
})

describe('likelihood', () => {
  const metrics = ['flowNLL', 'jumpNLL', 'semigroupError', 'eulerianResidual']
  const measured = async (run: string) =>
    (await evaluateRun(at(run), { ...request, weights: ['ema'], metrics })).maps[0].metrics

  test('is in the units of the data: a unit a thousand times smaller adds the log of a thousand', async () => {
    const [one, large] = [await measured('one'), await measured('large')]
    for (const name of ['flowNLL', 'jumpNLL']) {
      // The two files are not split alike, since the split goes by the content of rows.
      expect(Math.abs(large[name].value! - one[name].value! - Math.log(1000)), name).toBeLessThan(0.2)
      expect(one[name].floor, name).toBeNull()
    }
    // Residuals are of standardised points.
    expect(large.semigroupError.value! / one.semigroupError.value!).toBeCloseTo(1, 0)
    expect(one.semigroupError.unit).toBe('standard deviations')
    expect(one.eulerianResidual.unit).toBe('standard deviations per time')
  })

  test('of a mixture stands beside that of its own density, which no model beats but by luck', async () => {
    const { flowNLL, jumpNLL } = await measured('mixture')
    expect(flowNLL.floor).toBeGreaterThan(1)
    expect(flowNLL.floor).toBe(jumpNLL.floor)
    expect(flowNLL.value).toBeGreaterThan(flowNLL.floor! + 0.05)
    expect(jumpNLL.value).toBeGreaterThan(jumpNLL.floor! + 0.05)
  })
})

describe('transport', () => {
  const metrics = ['straightness', 'relativeStraightness', 'transportCost']
  const measured = async (run: string) =>
    (await evaluateRun(at(run), { ...request, weights: ['ema'], metrics })).maps[0].metrics

  test('is measured along trajectories of the map, with intervals', async () => {
    const { straightness, relativeStraightness, transportCost } = await measured('mixture')
    expect(relativeStraightness.value).toBeCloseTo(straightness.value! / transportCost.value!, 9)
    for (const { value, interval, count } of [straightness, relativeStraightness, transportCost]) {
      expect(interval![0]).toBeLessThan(value!)
      expect(interval![1]).toBeGreaterThan(value!)
      expect(count).toBe(300)
    }
    expect([straightness.floor, transportCost.floor]).toEqual([0, null])
    expect([straightness.unit, relativeStraightness.unit]).toEqual(['squared data units', 'none'])
  })

  test('is of standardised points', async () => {
    const { straightness } = await measured('one')
    expect(straightness.unit).toBe('squared standard deviations')
  })
})

describe('features', () => {
  const features = async (
    path: string,
    points: number[],
    dimension: number,
    image?: [number, number, number],
  ) => {
    const network = await openFeatures(nodeRuntime(), path, { dimension, image })
    const found = await network.extract(Float32Array.from(points))
    await network.close()
    return found
  }

  test('of a network that changes nothing give the Fréchet distance itself, in the units of the data', async () => {
    const path = writeNetwork('same.onnx', [DYNAMIC, 2], x => x.mul(1))
    const asked = { ...request, metrics: ['frechetDistance', 'featureFrechet'], features: path }
    const [{ metrics }] = (await evaluateRun(at('mixture'), asked)).rows
    const { frechetDistance, featureFrechet } = metrics
    expect(featureFrechet.value).toBeCloseTo(frechetDistance.value!, 6)
    expect(featureFrechet.interval![0]).toBeCloseTo(frechetDistance.interval![0], 6)
    expect(featureFrechet.floor).toBeCloseTo(frechetDistance.floor!, 6)
    // Standard deviations are undone before the network looks.
    const onlySecond = writeNetwork('second.onnx', [DYNAMIC, 2], x => x.slice(1, 1, 2))
    const ofFile = { ...request, metrics: ['featureFrechet'], features: onlySecond }
    const [large] = (await evaluateRun(at('large'), ofFile)).rows
    const [one] = (await evaluateRun(at('one'), ofFile)).rows
    const ratio = large.metrics.featureFrechet.floor! / one.metrics.featureFrechet.floor!
    expect(ratio / 1e6).toBeCloseTo(1, 0)
  })

  test('that are not finite are refused of data, and no value of samples', async () => {
    const none = writeNetwork('none.onnx', [DYNAMIC, 2], x => x.div(x.sub(x)))
    const asked = { ...request, metrics: ['featureFrechet'] }
    const found = evaluateRun(at('one'), { ...asked, features: none })
    await expect(found).rejects.toThrow(ConfigError)
    await expect(found).rejects.toThrow(
      `features: ${none}: expected finite features of every point of the data, found NaN or infinity`,
    )
    // Finite near the data, and not where the samples are.
    const far = writeNetwork('far.onnx', [DYNAMIC, 2], x => x.mul(x).mul(x.mul(x)))
    writeFileSync(at('far.csv'), '1e12,1\n2e12,2\n3e12,1\n')
    const { metrics } = await evaluateSamples(at('far.csv'), await openDataset('ring'), {
      count: 100,
      seed: 0,
      metrics: ['featureFrechet'],
      features: far,
    })
    expect(metrics.featureFrechet).toMatchObject({ value: null, interval: null })
  })

  test('and coordinates that are more than the points are noted', async () => {
    const many = writeNetwork('many.onnx', [DYNAMIC, 2], x => x.matmul(constant(1, [2, 21], x.dtype)))
    const metrics = ['frechetDistance', 'featureFrechet']
    const asked = { ...request, count: 20, steps: [1], weights: ['ema' as const], metrics, features: many }
    const { notes } = await evaluateRun(at('mixture'), asked)
    expect(notes).toEqual([
      expect.stringContaining('featureFrechet: fewer points than coordinates: 20 and 21;'),
    ])
    writeFileSync(at('two.csv'), '1,2,3\n4,5,7\n')
    const line = { gaussian: { mean: [0, 0, 0], std: 1 } }
    const saved = await evaluateSamples(at('two.csv'), await openDataset(line), {
      count: 10,
      seed: 0,
      metrics: ['frechetDistance'],
    })
    expect(saved.notes).toEqual([
      expect.stringContaining('frechetDistance: fewer points than coordinates: 2 and 3;'),
    ])
  })

  test('of pictures: channels first or last, as the network wants them', async () => {
    // A picture of 1 x 2 with three channels; the network gives the second channel.
    const picture = [1, 2, 3, 4, 5, 6]
    const first = writeNetwork('first.onnx', [DYNAMIC, 3, 1, 2], x => x.slice(1, 1, 2))
    expect(await features(first, picture, 6, [1, 2, 3])).toEqual({ values: Float64Array.of(2, 5), size: 2 })
    const last = writeNetwork('last.onnx', [DYNAMIC, 1, 2, 3], x => x.slice(3, 1, 2))
    expect((await features(last, picture, 6, [1, 2, 3])).values).toEqual(Float64Array.of(2, 5))
  })

  test('of a network with a batch of fixed size', async () => {
    const fixed = writeNetwork('fixed.onnx', [4, 2], x => x.mul(constant(2, [], x.dtype)))
    const points = Array.from({ length: 12 }, (_, i) => i)
    const { values, size } = await features(fixed, points, 2)
    expect([...values]).toEqual(points.map(value => 2 * value))
    expect(size).toBe(2)
  })

  test.each([
    ['nowhere.onnx', /features: .*nowhere\.onnx: no such file/],
    ['one.csv', /features: .*one\.csv: not an ONNX model/],
    ['mixture/model.onnx', /expected one input of float32, found x float32\[batch, 2\], s float32\[batch\]/],
    ['three.onnx', /takes \[batch, 3\], and a point of the data is 2 numbers/],
    ['wide.onnx', /expected from 1 to 1024 features for each point, found 2000; take a pooled layer/],
  ])('refuses %s', async (name, message) => {
    writeNetwork('three.onnx', [DYNAMIC, 3], x => x.mul(1))
    writeNetwork('wide.onnx', [DYNAMIC, 2], x => x.matmul(constant(1, [2, 2000], x.dtype)))
    await expect(features(at(name), [1, 2], 2)).rejects.toThrow(message)
  })
})

describe('saved samples', () => {
  const fixture = (name: string) => new URL(`../metric/fixtures/${name}`, import.meta.url).pathname
  const asked = { count: 20_000, seed: 0 }

  // oxbow evaluate test/metric/fixtures/saved.npy --data ring --metrics all --json
  test('give the same numbers on every machine, to 1e-6', async () => {
    const { rows } = JSON.parse(readFileSync(fixture('saved.json'), 'utf8'))
    const found = await evaluateSamples(fixture('saved.npy'), await openDataset('ring'), {
      ...asked,
      metrics: 'all',
    })
    expect(Object.keys(found.metrics)).toEqual(Object.keys(rows[0].metrics))
    for (const [name, metric] of Object.entries(found.metrics)) {
      const expected = rows[0].metrics[name]
      const numbers = (of: typeof metric) => [
        of.value,
        of.floor,
        of.low,
        of.high,
        ...of.interval!,
        of.pValue ?? 0,
      ]
      numbers(metric).forEach((value, i) => {
        const close = 1e-6 * Math.max(1, Math.abs(numbers(expected)[i]!))
        expect(Math.abs(value! - numbers(expected)[i]!), `${name} ${i}`).toBeLessThanOrEqual(close)
      })
    }
    expect(found.data.fingerprint.sha256).toHaveLength(64)
  })

  test('drawn from all of a file where there are more than can be compared', async () => {
    const lines = readFileSync(at('one.csv'), 'utf8').split('\n')
    const sorted = lines.toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b))
    writeFileSync(at('sorted.csv'), sorted.join('\n'))
    const measured = async (seed: number) =>
      (await evaluateSamples(at('sorted.csv'), await openDataset(at('one.csv')), { ...asked, seed })).metrics
        .slicedWasserstein.value!
    const value = await measured(0)
    // The first of them, which are its least, would be about a standard deviation away.
    expect(value).toBeLessThan(0.5)
    expect(await measured(0)).toBe(value)
    expect(await measured(1)).not.toBe(value)
  })

  test('of any format, some of them where there are more than can be compared', async () => {
    const { metrics, notes } = await evaluateSamples(at('one.csv'), await openDataset(at('large.csv')), asked)
    const count = metrics.slicedWasserstein.count
    expect(count).toBeGreaterThan(20)
    expect(notes).toEqual([
      `measured at ${count} points, all rows that are held out`,
      `${count} of 400 points of ${at('one.csv')} are measured, drawn at random`,
    ])
    expect(metrics.slicedWasserstein.unit).toBe('standard deviations')
  })

  test.each([
    ['a file of other points', 'three.csv', {}, /three\.csv: has 3 coordinates, ring 2/],
    ['a single point', 'single.csv', {}, /expected at least 2 points, found 1/],
    ['no file', 'nowhere.csv', {}, /nowhere\.csv: no such file/],
    [
      'what only a map has',
      'one.csv',
      { metrics: ['flowNLL'] },
      /flowNLL needs a run, not its samples alone/,
    ],
  ])('refuses %s', async (_, name, change, message) => {
    writeFileSync(at('three.csv'), '1,2,3\n4,5,6\n')
    writeFileSync(at('single.csv'), '1,2\n')
    const found = evaluateSamples(at(name), await openDataset('ring'), { ...asked, ...change })
    await expect(found).rejects.toThrow(message)
  })
})
