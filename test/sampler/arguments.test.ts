import { beforeAll, describe, expect, test } from 'vitest'
import {
  ArgumentError,
  checkGrid,
  drawNoise,
  dynamicShift,
  euler,
  evaluateRun,
  evaluateSamples,
  GridError,
  generatedDataset,
  heun,
  interpolants,
  jumpThrough,
  type LoadedMap,
  load,
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
    ['dynamicShift', n => dynamicShift(n), [0, -1, Number.NaN, undefined]],
    ['load', path => load(path), ['', 3, null, undefined, 'a\0b']],
    ['load, weights', name => load(folder, { weights: name }), ['mean', 1]],
    ['load, threads', n => load(folder, { threads: n }), [0, -1, Number.NaN, 1.5, 1e9]],
    ['train, directory', path => train({}, { directory: path }), ['', undefined, 5]],
    ['train, threads', n => train({}, { directory: `${folder}/x`, threads: n }), [0, Number.NaN]],
    ['evaluateRun, count', count => evaluated({ count }), [...NO_COUNTS, 0, 1]],
    ['evaluateRun, seed', seed => evaluated({ seed }), [0.5, Number.NaN]],
    ['evaluateRun, steps', n => evaluated({ steps: [n] }), [...NO_COUNTS, 0]],
    ['evaluateRun, method', method => evaluated({ method }), ['rk4', undefined]],
    ['evaluateRun, weights', name => evaluated({ weights: name }), ['ema', [], ['mean']]],
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
      await expectRefused(s => map.jump(points, s, 0), NO_TIMES)
      await expectRefused(t => map.jump(points, 1, t), NO_TIMES)
      await expectRefused(x => sample(map, x, { grid: [1, 0] }), NO_POINTS)
      await expectRefused(method => sample(map, points, { grid: [1, 0], method }), ['rk4', 3])
      await expectRefused(seed => sample(map, points, { grid: [1, 0], seed }), [Number.NaN])
    }
    await expectRefused(t => maps[0].velocity(points, t), NO_TIMES)
  })
})

test('right ones are taken', async () => {
  expect(drawNoise(0, 2, -3)).toHaveLength(0)
  for (const map of maps) expect(await map.jump(points, 1, 0)).toHaveLength(4)
})
