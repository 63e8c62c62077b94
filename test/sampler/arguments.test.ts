import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  ArgumentError,
  checkGrid,
  collectDataset,
  drawNoise,
  dynamicShift,
  euler,
  evaluateRun,
  evaluateSamples,
  flowMapEulerGrid,
  flowMatchEulerGrid,
  GridError,
  generatedDataset,
  heun,
  interpolants,
  jumpThrough,
  type LoadedMap,
  load,
  measureResiduals,
  openDataset,
  pointsDataset,
  prepareMetrics,
  renoise,
  sample,
  solve,
  train,
  uniformGrid,
} from '../../src/index.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('arguments')
let maps: LoadedMap[]
beforeAll(async () => {
  await train({ ...tiny, steps: 1 }, { directory: folder })
  maps = [await load(folder), await load(`${folder}/model.onnx`)]
})

/** What is no number that counts something. */
const NO_COUNTS: unknown[] = [-1, 0.5, Number.NaN, Infinity, 1e12, '3', null, undefined, 3n, {}]
const NO_TIMES: unknown[] = [Number.NaN, -0.1, 1.1, Infinity, '0.5', null, undefined]
const NO_POINTS: unknown[] = [new Float32Array(3), [1, 2], new Float64Array(2), null, undefined, 'x', 7]

const NO_FUNCTIONS: unknown[] = [undefined, null, 5, 'x', {}]
const NO_OPTIONS: unknown[] = [null, 5, 'x', ['x'], { unheardOf: 1 }]
const NO_DATASETS: unknown[] = [
  null,
  5,
  'ring',
  {},
  { dimension: 2 },
  Promise.resolve(generatedDataset('ring')),
]
const NOT_FINITE = [Float32Array.of(0, Number.NaN), Float32Array.of(Infinity, 0)]

const points = new Float32Array(4)
const still = async (x: Float32Array) => x
/** One line, naming an argument and what was expected and found. */
const LINE = /^[\w./:, -]+: expected [^\n]+, found [^\n]+$/

async function expectRefused(call: (value: never) => unknown, values: readonly unknown[]): Promise<void> {
  for (const value of values) {
    const error = await (async () => call(value as never))().then(
      result => new Error(`${String(value)} was taken: ${String(result)}`),
      (reason: Error) => reason,
    )
    expect([error.constructor, error.message]).toEqual([
      expect.toSatisfy(kind => kind === ArgumentError || kind === GridError),
      expect.stringMatching(LINE),
    ])
  }
}

const ring = generatedDataset('ring')
const noises = { interpolant: interpolants.linear, seed: 0 }
const unused = `${folder}/unused`
const residualOptions = {
  dimension: 2,
  interpolant: interpolants.linear,
  data: points,
  noise: points,
  compile: () => Promise.reject(new Error('was compiled')),
}

const request = { steps: [1], count: 50, seed: 0, method: 'auto', weights: ['ema'] } as const
const evaluated = (changes: object) => evaluateRun(folder, { ...request, ...changes })

describe('a wrong argument is refused in one line', () => {
  const cases: [string, (value: never) => unknown, unknown[]][] = [
    ['drawNoise, count', n => drawNoise(n, 2, 0), NO_COUNTS],
    ['drawNoise, dimension', n => drawNoise(3, n, 0), [...NO_COUNTS, 0]],
    ['drawNoise, seed', n => drawNoise(3, 2, n), [0.5, Number.NaN, '0', undefined]],
    ['uniformGrid', n => uniformGrid(n), [...NO_COUNTS, 0]],
    ['checkGrid', grid => checkGrid(grid), [undefined, 'x', [1, Number.NaN], ['1', '0']]],
    ['jumpThrough, points', x => jumpThrough(still, x, [1, 0]), [[1], null, undefined]],
    ['jumpThrough, grid', grid => jumpThrough(still, points, grid), [[1, Number.NaN, 0], null]],
    ['euler', t => euler(still)(points, 1, t), NO_TIMES],
    ['heun', s => heun(still)(points, s, 0), NO_TIMES],
    [
      'renoise, seed',
      n => renoise(still, points, [1, 0], { interpolant: interpolants.linear, seed: n }),
      [0.5],
    ],
    ['solve, time', t => solve(async x => x, new Float64Array(2), 1, t), NO_TIMES],
    [
      'solve, tolerance',
      n => solve(async x => x, new Float64Array(2), 1, 0, { tolerance: n }),
      [0, Number.NaN],
    ],
    ['jumpThrough, jump', jump => jumpThrough(jump, points, [1, 0]), NO_FUNCTIONS],
    ['jumpThrough, finite points', x => jumpThrough(still, x, [1, 0]), NOT_FINITE],
    ['euler, velocity', velocity => euler(velocity), NO_FUNCTIONS],
    ['euler, points', x => euler(still)(x, 1, 0), NO_POINTS.slice(3)],
    ['heun, velocity', velocity => heun(velocity), NO_FUNCTIONS],
    ['renoise, jump', jump => renoise(jump, points, [1, 0], noises), NO_FUNCTIONS],
    ['renoise, points', x => renoise(still, x, [1, 0], noises), [...NOT_FINITE, null]],
    ['renoise, options', value => renoise(still, points, [1, 0], value), [undefined, ...NO_OPTIONS]],
    [
      'renoise, interpolant',
      value => renoise(still, points, [1, 0], { interpolant: value, seed: 0 }),
      ['linear', undefined, {}],
    ],
    ['solve, velocity', velocity => solve(velocity, new Float64Array(2), 1, 0), NO_FUNCTIONS],
    ['solve, points', x => solve(async y => y, x, 1, 0), [...NOT_FINITE, Float64Array.of(Number.NaN)]],
    ['solve, options', value => solve(async x => x, new Float64Array(2), 1, 0, value), NO_OPTIONS],
    [
      'solve, onStep',
      f => solve(async x => x, new Float64Array(2), 1, 0, { onStep: f }),
      NO_FUNCTIONS.slice(1),
    ],
    ['sample, map', map => sample(map, points, { grid: [1, 0] }), [undefined, ...NO_DATASETS]],
    ['sample, options', value => sample(maps[0], points, value), [undefined, ...NO_OPTIONS]],
    ['flowMapEulerGrid', value => flowMapEulerGrid(value), [undefined, ...NO_OPTIONS, {}]],
    ['flowMatchEulerGrid', value => flowMatchEulerGrid(value), [undefined, ...NO_OPTIONS, {}]],
    ['flowMatchEulerGrid, spacing', spacing => flowMatchEulerGrid({ steps: 2, spacing }), ['x', 1, null]],
    ['flowMatchEulerGrid, mu', mu => flowMatchEulerGrid({ steps: 2, mu }), [true, '1', null, Number.NaN]],
    ['dynamicShift, base', base => dynamicShift(9, base), [null, 5, [1], ['a', 'b']]],
    ['load, options', value => load(folder, value), NO_OPTIONS],
    ['train, options', value => train({}, value), [undefined, ...NO_OPTIONS]],
    ['train, an unknown option', signal => train({}, { directory: unused, signal } as never), [5]],
    ['train, data', data => train({}, { directory: unused, data }), NO_DATASETS],
    ['train, resume', resume => train({}, { directory: unused, resume }), ['yes', 1, null]],
    ['train, onProgress', onProgress => train({}, { directory: unused, onProgress }), NO_FUNCTIONS.slice(1)],
    ['openDataset, options', value => openDataset('ring', value), NO_OPTIONS],
    ['openDataset, memory', memory => openDataset('ring', { memory }), ['1', -1, Number.NaN, null]],
    ['openDataset, cache', cache => openDataset('ring', { cache }), [5, null, '']],
    ['openDataset, rules', rules => openDataset('ring', { rules }), [0, 1.5, 99, '1', null]],
    [
      'pointsDataset, values',
      values => pointsDataset(values, { dimension: 2 }),
      [undefined, null, 5, 'x', {}],
    ],
    ['pointsDataset, options', value => pointsDataset([1, 2], value), [undefined, ...NO_OPTIONS]],
    ['pointsDataset, dimension', n => pointsDataset([1, 2], { dimension: n }), [...NO_COUNTS, 0]],
    ['pointsDataset, name', name => pointsDataset([1, 2], { dimension: 1, name }), ['', 5, null]],
    [
      'pointsDataset, labels',
      labels => pointsDataset([1, 2], { dimension: 1, labels }),
      ['ab', 5, null, new Float32Array(2)],
    ],
    [
      'pointsDataset, image',
      image => pointsDataset([1, 2], { dimension: 1, image }),
      [[1, 1], 5, null, [1, 1, 0.5]],
    ],
    [
      'collectDataset, items',
      items => collectDataset(items, { dimension: 2 }),
      [undefined, null, 5, {}, still],
    ],
    ['collectDataset, options', value => collectDataset([[1, 2]], value), [undefined, ...NO_OPTIONS]],
    [
      'prepareMetrics, dataset',
      dataset => prepareMetrics(dataset, { count: 9 }),
      [undefined, ...NO_DATASETS],
    ],
    ['prepareMetrics, options', value => prepareMetrics(ring, value), [undefined, ...NO_OPTIONS]],
    ['prepareMetrics, seed', seed => prepareMetrics(ring, { count: 9, seed }), ['1', 0.5, null]],
    ['prepareMetrics, names', names => prepareMetrics(ring, { count: 9, names }), ['strays', 5, [5], null]],
    [
      'measures of samples',
      x => prepareMetrics(ring, { count: 2, names: ['energyDistance'] }).evaluate(x),
      [undefined, null, [1, 2, 3, 4], 'x', points.subarray(2)],
    ],
    ['measureResiduals, map', map => measureResiduals(map, residualOptions), [undefined, null, 5, {}]],
    [
      'measureResiduals, options',
      value => measureResiduals({ jump: still, velocity: still } as never, value),
      [
        undefined,
        ...NO_OPTIONS,
        {},
        { ...residualOptions, dtype: 'int8' },
        { ...residualOptions, data: null },
      ],
    ],
    ['evaluateRun, data', data => evaluateRun(folder, request, data), NO_DATASETS],
    [
      'evaluateSamples, dataset',
      dataset => evaluateSamples('x.csv', dataset, { count: 9, seed: 0 }),
      [undefined, ...NO_DATASETS],
    ],
    ['dynamicShift', n => dynamicShift(n), [0, -1, Number.NaN, undefined]],
    ['load', path => load(path), ['', 3, null, undefined, 'a\0b']],
    ['load, weights', name => load(folder, { weights: name }), ['Mean', 'power:', 'power:2', 1]],
    ['load, threads', n => load(folder, { threads: n }), [0, -1, Number.NaN, 1.5, 1e9]],
    ['train, directory', path => train({}, { directory: path }), ['', undefined, 5]],
    ['train, threads', n => train({}, { directory: `${folder}/x`, threads: n }), [0, Number.NaN]],
    ['evaluateRun, count', count => evaluated({ count }), [...NO_COUNTS, 0, 1]],
    ['evaluateRun, seed', seed => evaluated({ seed }), [0.5, Number.NaN]],
    ['evaluateRun, steps', n => evaluated({ steps: [n] }), [...NO_COUNTS, 0]],
    ['evaluateRun, method', method => evaluated({ method }), ['rk45', undefined]],
    ['evaluateRun, weights', name => evaluated({ weights: name }), ['ema', [], ['Mean'], ['power:2']]],
    ['evaluateRun, request', value => evaluateRun(folder, value), [undefined, null]],
    [
      'evaluateSamples, count',
      count => evaluateSamples('x.csv', generatedDataset('ring'), { count, seed: 0 }),
      [...NO_COUNTS, 0],
    ],
  ]
  test.each(cases)('%s', (_, call, values) => expectRefused(call, values))

  test('of a map, from a run and from an ONNX file', async () => {
    for (const map of maps) {
      await expectRefused(x => map.jump(x, 1, 0), NO_POINTS)
      await expectRefused(x => map.jump(x, 1, 0), NOT_FINITE)
      await expectRefused(s => map.jump(points, s, 0), NO_TIMES)
      await expectRefused(t => map.jump(points, 1, t), NO_TIMES)
      await expectRefused(x => sample(map, x, { grid: [1, 0] }), NO_POINTS)
      await expectRefused(method => sample(map, points, { grid: [1, 0], method }), ['rk45', 3])
      await expectRefused(seed => sample(map, points, { grid: [1, 0], seed }), [Number.NaN])
    }
    await expectRefused(t => maps[0].velocity(points, t), NO_TIMES)
  })
})

test('what is no configuration and no share is refused as such', async () => {
  for (const config of [null, undefined, 'ring', 5] as never[]) {
    await expect(train(config, { directory: unused })).rejects.toThrow(/^config: expected keys and values, /)
  }
  for (const holdOut of [Number.NaN, '0.1', null, -1] as never[]) {
    await expect(openDataset('ring', { holdOut })).rejects.toThrow(/^holdOut: expected a share of the rows /)
  }
  expect(existsSync(unused)).toBe(false)
})

test('a map that is closed says so, once what it computes is done', async () => {
  for (const path of [folder, `${folder}/model.onnx`]) {
    const map = await load(path)
    const many = map.jump(drawNoise(50_000, 2, 0), 1, 0)
    await map.close()
    expect(await many).toHaveLength(100_000)
    const closed = { name: 'RunError', message: `${path}: the map is closed; load it again` }
    await expect(map.jump(points, 1, 0)).rejects.toMatchObject(closed)
    await expect(map.velocity(points, 1)).rejects.toMatchObject(closed)
    await expect(sample(map, points, { grid: [1, 0] })).rejects.toMatchObject(closed)
    await map.close()
  }
})

test('right ones are taken', async () => {
  expect(drawNoise(0, 2, -3)).toHaveLength(0)
  for (const map of maps) expect(await map.jump(points, 1, 0)).toHaveLength(4)
})
