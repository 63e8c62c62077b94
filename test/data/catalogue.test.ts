import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planeDatasets } from '../../src/data/built-in.ts'
import {
  type DatasetSpec,
  generatedDataset,
  openDataset,
  withAbsolutePaths,
} from '../../src/data/catalogue.ts'
import { DataError } from '../../src/data/error.ts'
import { random } from '../../src/random/random.ts'
import { draw, moments } from './draw.ts'

const names = Object.keys(planeDatasets)

describe.each(names)('%s', name => {
  const dataset = generatedDataset(name)

  test('gives the same points for the same stream and others for another', () => {
    expect(draw(generatedDataset(name), 500)).toEqual(draw(dataset, 500))
    expect(draw(dataset, 500, 2)).not.toEqual(draw(dataset, 500, 1))
  })

  test('fills the whole array, in single precision as in double', () => {
    const out = new Float32Array(1000).fill(Number.NaN)
    dataset.sample(random(1, 'test'), out)
    expect(out).toEqual(Float32Array.from(draw(dataset, 500)))
    expect(out.every(Number.isFinite)).toBe(true)
  })

  test('keeps no state between calls', () => {
    const before = draw(dataset, 100)
    draw(dataset, 37, 5)
    expect(draw(dataset, 100)).toEqual(before)
  })

  test('has a fingerprint that repeats and spans its points', () => {
    const { sha256, rows, minimum, maximum } = dataset.fingerprint
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(rows).toBeNull()
    expect(generatedDataset(name).fingerprint).toEqual(dataset.fingerprint)
    const points = draw(dataset, 10_000, 3)
    for (const column of [0, 1]) {
      const values = points.filter((_, i) => i % 2 === column)
      const width = maximum[column] - minimum[column]
      expect(Math.abs(Math.min(...values) - minimum[column])).toBeLessThan(0.25 * width)
      expect(Math.abs(Math.max(...values) - maximum[column])).toBeLessThan(0.25 * width)
      expect(width).toBeLessThan(10)
    }
  })
})

test('fingerprints tell the planeDatasets apart', () => {
  expect(new Set(names.map(name => generatedDataset(name).fingerprint.sha256)).size).toBe(names.length)
})

const { PI, SQRT1_2 } = Math
const swissMean = [2 / 5, 2 / (3 * PI) / 5]
const swissSquare = ((PI ** 2 * (4.5 ** 3 - 1.5 ** 3)) / 9 + 2) / 25
const spiralSquare = ((9 * PI ** 2) / 2 + 0.5 * (4 / (3 * PI) + 2 - 8 / (9 * PI ** 2)) + 1 / 6) / 9 + 0.02

/** Closed forms: the mean and the trace of the covariance. */
const expected: Record<string, [number[], number]> = {
  ring: [[0, 0], 16 + 2 * 0.15 ** 2],
  'eight-gaussians': [[0, 0], 8 + 2 * (0.5 * SQRT1_2) ** 2],
  checkerboard: [[0, 0], 8 / 3],
  'two-moons': [[0, 0.3], 3.04 + 4 * ((1.25 - 2 / PI) / 2 - 0.0625 + 0.01)],
  'swiss-roll': [swissMean, swissSquare - swissMean[0] ** 2 - swissMean[1] ** 2],
  pinwheel: [[0, 0], 4 * 1.1],
  spirals: [[0, 0], spiralSquare],
  heart: [[0, 2 * 0.2934813 - 0.6], 4 * (0.3283585 + 0.2770506)], // by 64 million cells
  gaussian: [[1, -1], 0.5],
}

test.each(names)('%s has the moments of its definition', name => {
  const { mean, covariance } = moments(draw(generatedDataset(name), 200_000))
  const [centre, trace] = expected[name]
  expect(Math.abs(mean[0] - centre[0])).toBeLessThan(0.025)
  expect(Math.abs(mean[1] - centre[1])).toBeLessThan(0.025)
  expect(Math.abs(covariance[0] + covariance[1] - trace) / trace).toBeLessThan(0.01)
})

test.each([
  ['checkerboard', 0.25],
  ['two-moons', 4 * ((0.5 - 2 / PI) / 2 - 0.125)],
  ['ring', 0],
])('%s has the covariance of x and y of its definition', (name, covariance) => {
  expect(Math.abs(moments(draw(generatedDataset(name), 200_000)).covariance[2] - covariance)).toBeLessThan(
    0.06,
  )
})

const opened: [unknown, number][] = [
  ['ring', 2],
  [{ mixture: { components: [{ mean: [0, 0, 0], std: 1 }] } }, 3],
  [{ gaussian: { mean: [0], std: [2] } }, 1],
]
test.each(opened)('opens %j', (spec, dimension) => {
  expect(generatedDataset(spec as DatasetSpec).dimension).toBe(dimension)
})

const refused: [unknown, RegExp][] = [
  [
    'rign',
    /^unknown dataset "rign"; did you mean "ring"\? \(known: ring, .*spirals.*or the path of a file or folder that is there\)$/,
  ],
  ['checkboard', /did you mean "checkerboard"/],
  ['Two-Moons', /did you mean "two-moons"/],
  ['photographs', /^unknown dataset "photographs" \(known/],
  ['toString', /^unknown dataset "toString" \(known/],
  ['', /^unknown dataset ""/],
  [
    {},
    /^data: expected a name or a block with one key of mixture, gaussian, glyphs, energy, markov, csv, .*; found \{\}$/,
  ],
  [{ ring: {} }, /found \{"ring":\{\}\}$/],
  [{ csv: { path: 'a.csv' }, mixture: {} }, /with one key/],
  [{ csv: {} }, /^csv\.path: expected text; found nothing$/],
  [{ csv: { path: 'a.csv', sep: ',' } }, /^csv: unknown key "sep"; known: path, columns,/],
  [{ csv: null }, /^csv: expected a block of keys; found null$/],
  [{ mixture: { weights: [1] } }, /^mixture: unknown key "weights"; known: components$/],
  [{ csv: { path: 'a.csv', columns: 'h' } }, /^csv\.columns: expected a list; found "h"$/],
  [{ csv: { path: 'a.csv', columns: [] } }, /^csv\.columns: expected a list of at least 1 item; found \[\]$/],
  [{ csv: { path: 'a.csv', header: 'yes' } }, /^csv\.header: expected true or false; found "yes"$/],
  [{ csv: { path: '' } }, /^csv\.path: expected at least 1 character; found ""$/],
  ...[null, {}, '', ';;', '"', '\n'].map((delimiter): [unknown, RegExp] => [
    { csv: { path: 'a.csv', delimiter } },
    /^csv\.delimiter: expected one character, such as ";", which is no quote and no line end; found \S+$/,
  ]),
  [['ring'], /found \["ring"\]$/],
  [null, /found null$/],
  [7, /found 7$/],
]
test.each(refused)('refuses %j', async (spec, message) => {
  const open = () => openDataset(spec as DatasetSpec)
  await expect(open).rejects.toThrow(DataError)
  await expect(open).rejects.toThrow(message)
})

const absolute: [unknown, unknown][] = [
  ['ring', 'ring'],
  ['unknown', 'unknown'],
  ['a/points.csv', resolve('a/points.csv')],
  [{ gaussian: { mean: [0], std: 1 } }, { gaussian: { mean: [0], std: 1 } }],
  [{ given: 'points' }, { given: 'points' }],
  [
    { csv: { path: 'a.csv', columns: ['a.csv', 2], label: 'k' } },
    { csv: { path: resolve('a.csv'), columns: ['a.csv', 2], label: 'k' } },
  ],
  [{ npz: { path: 'a.npz', labels: 'y' } }, { npz: { path: resolve('a.npz'), labels: 'y' } }],
  [{ idx: { path: 'a', labels: 'y' } }, { idx: { path: resolve('a'), labels: resolve('y') } }],
  [{ cifar: { path: ['a.bin', 'b.bin'] } }, { cifar: { path: [resolve('a.bin'), resolve('b.bin')] } }],
]
test.each(absolute)('%j by absolute paths', (spec, expected) => {
  expect(withAbsolutePaths(spec as DatasetSpec)).toEqual(expected)
})
