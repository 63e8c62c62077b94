import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { lacks, metrics } from '../../src/metric/catalogue.ts'
import { prepareMetrics } from '../../src/metric/prepare.ts'
import { random } from '../../src/random/random.ts'

const COUNT = 120

/** Distances in sizes of the data, each further away than the one before. */
const AWAY = [2, 3, 10, 1e4, 1e30]

const rows = (): Dataset => {
  const source = random(4, 'rows')
  const values = Float64Array.from({ length: 3600 }, () => source.normal())
  return pointsDataset(values, { dimension: 3 })
}

const SETTINGS: Readonly<Record<string, () => Dataset>> = {
  ring: () => generatedDataset('ring'),
  checkerboard: () => generatedDataset('checkerboard'),
  line: () => generatedDataset({ gaussian: { mean: [2], std: 0.5 } }),
  rows,
}

/** Samples that are worse than the data, by how they are made from a point of the data and its number. */
type Spoil = (points: Float32Array, size: number, away: number, dimension: number) => void

/** Which points go: any share, in no order that a metric could know. */
const goes = (i: number, share: number): boolean => random(i, 'goes').uniform() < share

const each = (points: Float32Array, dimension: number, change: (at: number, i: number) => void): void => {
  for (let i = 0; i < points.length / dimension; i++) change(i * dimension, i)
}

const WAYS: Readonly<Record<string, Spoil>> = {
  'all shifted': (points, size, away, d) =>
    each(points, d, at => {
      points[at] += away * size
    }),
  'all scaled up': (points, size, away, d) =>
    each(points, d, at => {
      const length = Math.hypot(...points.subarray(at, at + d)) || 1
      for (let k = 0; k < d; k++) points[at + k] *= 1 + (away * size) / length
    }),
  'half of them gone': (points, size, away, d) =>
    each(points, d, (at, i) => {
      if (goes(i, 0.5)) points[at] += away * size
    }),
  'one in five gone': (points, size, away, d) =>
    each(points, d, (at, i) => {
      if (goes(i, 0.2)) points[at + d - 1] -= away * size
    }),
  'all in one point': (points, size, away) => points.fill(away * size),
  'half of them in one point': (points, size, away, d) =>
    each(points, d, (at, i) => {
      if (goes(i, 0.5)) points.fill(away * size, at, at + d)
    }),
}

const BROKEN: Readonly<Record<string, Spoil>> = {
  'all NaN': points => points.fill(Number.NaN),
  'all infinite': points => points.fill(Infinity),
  'one NaN': points => points.fill(Number.NaN, 1, 2),
  'half infinite': (points, _size, _away, d) =>
    each(points, d, (at, i) => {
      if (goes(i, 0.5)) points[at] = i % 2 ? Infinity : -Infinity
    }),
}

/** Which numbers may be better further away, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'mmd, all scaled up':
    'its kernels are bounded: samples far from the data and from each other are nearer to it than those in one far place',
  recall:
    'it asks where the samples reach and not whether they hit: a far sample has a large ball, which holds much of the data. ' +
    'By its definition it says something beside precision alone',
  memorised:
    'it asks whether samples repeat training rows: far ones repeat nothing. It says something beside a distance alone',
}

describe.each(Object.keys(SETTINGS))('further away is never better: %s', setting => {
  const dataset = SETTINGS[setting]()
  const { dimension } = dataset
  const names = Object.keys(metrics).filter(name => lacks(metrics[name], dataset).length === 0)
  const measures = prepareMetrics(dataset, { count: COUNT, names })
  const { reference } = measures
  const fresh = new Float32Array(reference.length)
  dataset.sample(random(9, 'fresh'), fresh)
  const size = Math.max(...reference) - Math.min(...reference)

  /** How bad samples are by each metric: what has no value is worse than all. */
  const badness = (spoil: Spoil, away: number): Record<string, number> => {
    const samples = fresh.slice()
    spoil(samples, size, away, dimension)
    return Object.fromEntries(
      Object.entries(measures.evaluate(samples)).map(([name, value]) => [
        name,
        Number.isNaN(value) ? Infinity : metrics[name].direction === 'higher' ? -value : value,
      ]),
    )
  }
  /** Of the data itself. */
  const best = badness(() => {}, 0)
  /** Beyond rounding, for the sizes differ by thirty powers of ten, and beyond the luck of a vote on this few points. */
  const isBetter = (name: string, a: number, b: number): boolean =>
    a < b - 1e-4 * Math.abs(b) - (name === 'classifierAccuracy' ? 0.1 : 1e-9)

  test.each(Object.keys(WAYS))('%s', way => {
    let before = best
    for (const away of AWAY) {
      const found = badness(WAYS[way], away)
      for (const name of names) {
        if (name in EXCEPTIONS) continue
        const least = `${name}, ${way}` in EXCEPTIONS ? best : before
        const what = `${name}: ${found[name]} at ${away}, ${least[name]} nearer`
        expect(isBetter(name, found[name], least[name]), what).toBe(false)
      }
      before = found
    }
  })

  test.each(Object.keys(BROKEN))('%s', way => {
    const found = badness(BROKEN[way], 0)
    for (const name of names) {
      expect(isBetter(name, found[name], best[name]), `${name}: ${found[name]}`).toBe(false)
    }
  })
})
