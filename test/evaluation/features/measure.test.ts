import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { encodeNpy } from '../../../src/data/npy.ts'
import { standardizationOf, standardizedBy } from '../../../src/data/standardized.ts'
import { drawAsked } from '../../../src/evaluation/asked-rows.ts'
import { evaluateRun } from '../../../src/evaluation/evaluate.ts'
import { evaluationSchema } from '../../../src/evaluation/evaluation-schema.ts'
import { type FeatureMeasure, openFeatureMeasure } from '../../../src/evaluation/features/measure.ts'
import { featuresFor } from '../../../src/evaluation/features/shipped.ts'
import { runtimeProducts } from '../../../src/evaluation/products.ts'
import { evaluateSamples } from '../../../src/evaluation/saved-samples.ts'
import { prepareMetrics } from '../../../src/metric/prepare.ts'
import { random } from '../../../src/random/random.ts'
import { classLines, evaluationTable } from '../../../src/report/evaluation.ts'
import { gatherRun } from '../../../src/report/run-report.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { sampleNoise } from '../../../src/sampler/sampling.ts'
import { load } from '../../../src/serialization/load.ts'
import { train } from '../../../src/training/train.ts'
import { runHere } from '../../helpers/cli.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { long } from '../../helpers/long.ts'
import { tiny } from '../../helpers/training.ts'

const folder = temporaryFolder('features')
const glyphs = generatedDataset('glyphs')
const COUNT = 400

describe('metrics that look through a network', () => {
  const runtime = nodeRuntime()
  const dataset = standardizedBy(standardizationOf('auto', glyphs), glyphs)
  const asked = drawAsked('class', dataset, COUNT, 0)
  const products = runtimeProducts(runtime)
  const chosen = ['featureFrechet', 'classAccuracy', 'classBalance', 'classCoverage'] as const
  let measure: FeatureMeasure
  let close = async () => {}

  beforeAll(async () => {
    const features = (await featuresFor(runtime, glyphs, undefined))!
    const measures = prepareMetrics(dataset, { count: COUNT, names: [] })
    measure = await openFeatureMeasure({ features, dataset, measures, products, seed: 0, chosen, asked })
    close = features.close
  })
  afterAll(() => close())

  /** Glyphs whose classes are those asked for, each the one after it, or all of one. */
  const draw = (classOf: (asked: number) => number): Float32Array => {
    const found = new Float32Array(COUNT * 256)
    const [points, classes] = [new Float32Array(20 * COUNT * 256), new Float32Array(20 * COUNT)]
    dataset.sample(random(5, 'fresh'), points, classes)
    let next = 0
    asked.values.forEach((value, i) => {
      do next = (next + 1) % classes.length
      while (classes[next] !== classOf(value))
      found.set(points.subarray(next * 256, (next + 1) * 256), i * 256)
    })
    return found
  }

  test('give the data itself what its floor says', async () => {
    const { values, classes } = await measure.measure(draw(k => k))
    expect(Object.keys(values).sort()).toEqual([...chosen].sort())
    expect(values.classAccuracy.value).toBeGreaterThanOrEqual(0.99)
    expect(values.classAccuracy.floor).toBeGreaterThanOrEqual(0.99)
    expect(values.featureFrechet.value).toBeLessThan(2 * values.featureFrechet.high!)
    expect(values.classBalance.value).toBeLessThan(2 * values.classBalance.high!)
    expect(values.classCoverage.value).toBeGreaterThan(values.classCoverage.low! - 0.05)
    expect(classes).toHaveLength(10)
    for (const { count, agreement, strays, coverage } of classes!) {
      expect(count).toBeGreaterThan(15)
      expect(agreement).toBeGreaterThan(0.95)
      expect(strays).toBeLessThan(0.1)
      expect(coverage).toBeGreaterThan(0.6)
    }
  })

  test('tell classes that are exchanged by accuracy and coverage, and by nothing else', async () => {
    const { values } = await measure.measure(draw(k => (k + 1) % 10))
    expect(values.classAccuracy.value).toBeLessThan(0.02)
    expect(values.classCoverage.value).toBeLessThan(0.1)
    expect(values.featureFrechet.value).toBeLessThan(2 * values.featureFrechet.high!)
    expect(values.classBalance.value).toBeLessThan(2 * values.classBalance.high!)
  })

  long('tell samples of one class by balance and distance', async () => {
    const { values } = await measure.measure(draw(() => 3))
    expect(values.classBalance.value).toBeGreaterThan(0.8)
    expect(values.featureFrechet.value).toBeGreaterThan(10 * values.featureFrechet.high!)
  })

  test('tell one picture of each class by coverage', async () => {
    const samples = draw(k => k)
    const first = new Map<number, number>()
    asked.values.forEach((k, i) => {
      if (!first.has(k)) first.set(k, i)
      samples.copyWithin(i * 256, first.get(k)! * 256, (first.get(k)! + 1) * 256)
    })
    const { values } = await measure.measure(samples)
    expect(values.classAccuracy.value).toBeGreaterThan(0.99)
    expect(values.classCoverage.value).toBeLessThan(0.35)
  })

  test('have no value of samples that are not finite', async () => {
    const { values, classes } = await measure.measure(draw(k => k).fill(Number.NaN, 0, 1))
    expect(Object.values(values).map(({ value }) => value)).toEqual([null, null, null, null])
    expect(classes).toBeUndefined()
  })
})

describe('an evaluation of pictures', () => {
  const request = { steps: [1], count: 200, seed: 0, method: 'auto', weights: ['ema'] } as const
  const run = (name: string) => join(folder, name)

  beforeAll(async () => {
    const small = { ...tiny, objective: 'psd', data: 'glyphs', steps: 5 }
    await train({ ...small, condition: { kind: 'class' } }, { directory: run('told') })
    await train({ ...small, condition: { kind: 'class', drop: 0 } }, { directory: run('always') })
    await train(small, { directory: run('plain') })
  })

  long('asks the network of the package of itself, and no nearest rows', async () => {
    const found = await evaluateRun(run('told'), request)
    const [{ metrics, classes }] = found.rows
    expect(Object.keys(metrics)).toEqual(
      expect.arrayContaining(['strays', 'featureFrechet', 'classAccuracy', 'classCoverage']),
    )
    for (const name of ['classAgreement', 'classBalance', 'memorised'])
      expect(metrics).not.toHaveProperty(name)
    expect(metrics.classAccuracy.floor).toBeGreaterThan(0.99)
    expect(metrics.classAccuracy.value).toBeLessThan(0.5)
    expect(classes).toHaveLength(10)
    const lines = classLines(found)
    expect(lines[0]).toContain('By class, 1 step, ema weights, the worst is class ')
    expect(lines[1]).toMatch(/class 0: [\d.]+ % of \d+ samples belong to it, [\d.]+ % stray, covers [\d.]+ %/)
    // As it is recorded and read again.
    expect(evaluationSchema.parse(JSON.parse(JSON.stringify(found)))).toMatchObject({ rows: [{ classes }] })
  })

  long('of the data as a whole, of a map that is told classes, has their balance', async () => {
    const found = await evaluateRun(run('told'), { ...request, without: true })
    const [{ metrics, classes }] = found.rows
    expect(metrics).toHaveProperty('classBalance')
    for (const name of ['classAccuracy', 'classCoverage', 'classAgreement'])
      expect(metrics).not.toHaveProperty(name)
    expect(classes).toBeUndefined()
    expect(evaluationTable(found).methods[0].label).toBe('averaged, unconditional')
    // The samples are those of the map that is told nothing.
    const map = await load(run('told'))
    const { points } = await sampleNoise(map.without(), 200, { grid: [1, 0], method: 'auto', seed: 0 })
    await map.close()
    writeFileSync(run('without.npy'), encodeNpy({ shape: [200, 256], data: points }))
    const saved = await evaluateSamples(run('without.npy'), glyphs, { count: 200, seed: 0 })
    expect(saved.metrics.classBalance).toEqual(metrics.classBalance)
  })

  test('refuses what says nothing of the data as a whole', async () => {
    const refused = (name: string, more: object) =>
      evaluateRun(run(name), { ...request, without: true, ...more })
    await expect(refused('told', { metrics: ['classAccuracy'] })).rejects.toThrow(
      'metrics: classAccuracy needs samples with classes, but these are unconditional',
    )
    await expect(refused('plain', {})).rejects.toThrow(`${run('plain')}: was trained without conditions`)
    await expect(refused('always', {})).rejects.toThrow(
      `${run('always')}: is not unconditional: train with --condition.drop above 0`,
    )
  })

  test('by --class takes none alone, and of a map that is told classes', async () => {
    const other = await runHere(['evaluate', run('told'), '--class', '3'])
    expect([other.code, other.stderr]).toEqual([
      2,
      'oxbow: --class: expected none, found 3; without it every class is measured, as often as the data has it\n',
    ])
    const plain = await runHere(['evaluate', run('plain'), '--class', 'none'])
    expect([plain.code, plain.stderr]).toEqual([
      2,
      `oxbow: --class: ${run('plain')} was trained without classes\n`,
    ])
  })

  long('by --class none is written into the run, and the report draws what was measured', async () => {
    const asked = ['evaluate', run('told'), '--steps', '1', '--count', '50', '--weights', 'ema']
    expect((await runHere([...asked, '--class', 'none'])).code).toBe(0)
    const { command, methods, sheetClasses } = await gatherRun(run('told'))
    expect(command).toContain(' --class none')
    expect(sheetClasses).toBeUndefined()
    const map = await load(run('told'))
    const { points } = await sampleNoise(map.without(), 25, { grid: [1, 0], method: 'auto', seed: 0 })
    await map.close()
    expect(methods[0].samples[0].points).toEqual(points)
  })

  long('by nearest rows is to be had by its name', async () => {
    const { rows } = await evaluateRun(run('told'), { ...request, metrics: ['classAgreement'] })
    expect(Object.keys(rows[0].metrics)).toEqual(['classAgreement'])
  })

  long('of samples without classes has their balance', async () => {
    const { rows } = await evaluateRun(run('plain'), request)
    expect(rows[0].metrics).toHaveProperty('classBalance')
    expect(rows[0].metrics).not.toHaveProperty('classAccuracy')
    const refused = (name: string, metric: string) =>
      evaluateRun(run(name), { ...request, metrics: [metric] })
    await expect(refused('plain', 'classAccuracy')).rejects.toThrow(
      'classAccuracy needs a run with --condition class',
    )
    await expect(refused('told', 'classBalance')).rejects.toThrow('drawn by class')
  })

  test('of a file has balance and distance', async () => {
    const points = new Float32Array(200 * 256)
    glyphs.sample(random(6, 'file'), points)
    writeFileSync(run('samples.npy'), encodeNpy({ shape: [200, 256], data: points }))
    const { metrics } = await evaluateSamples(run('samples.npy'), glyphs, {
      count: 200,
      seed: 0,
      metrics: ['featureFrechetDistance', 'classBalance'],
    })
    expect(Object.keys(metrics)).toEqual(['featureFrechet', 'classBalance'])
    expect(metrics.featureFrechet.value).toBeLessThan(2 * metrics.featureFrechet.high!)
  })

  test('without a network says how to make one', async () => {
    const larger = generatedDataset({ glyphs: { size: 20 } })
    const points = new Float32Array(50 * 400)
    larger.sample(random(6, 'file'), points)
    writeFileSync(run('larger.npy'), encodeNpy({ shape: [50, 400], data: points }))
    const asked = { count: 50, seed: 0, metrics: ['featureFrechet'] }
    const { notes } = await evaluateSamples(run('larger.npy'), larger, {
      ...asked,
      metrics: ['energyDistance'],
    })
    expect(notes.join()).toContain('train a network on the labels with "oxbow features DATA --out net.onnx"')
    await expect(evaluateSamples(run('larger.npy'), larger, asked)).rejects.toThrow(
      'featureFrechet needs a feature network: --features net.onnx ("oxbow features DATA --out net.onnx" trains one on the labels)',
    )
  })

  test('of an earlier version has the earlier name of a metric', () => {
    const metric = { value: 1, interval: null, floor: null, low: null, high: null, count: 2, unit: 'none' }
    const metrics = { featureFrechetDistance: { ...metric, range: [0, null], direction: 'lower' } }
    const schema = evaluationSchema.shape.rows.element.shape.metrics
    expect(Object.keys(schema.parse(metrics))).toEqual(['featureFrechet'])
  })
})
