import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dataset } from '../../src/data/dataset.ts'
import { DataError } from '../../src/data/error.ts'
import { seenHashes } from '../../src/data/hash-set.ts'
import { collectDataset, type Item, pointsDataset } from '../../src/data/in-memory.ts'
import { collectSides } from '../../src/data/split-index.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const cache = temporaryFolder('finite')

/** Two normal columns; the second wide and far away. */
function normals(rows: number, seed = 1): Float32Array {
  const stream = random(seed, 'test')
  return Float32Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? stream.normal() : 1000 + 50 * stream.normal(),
  )
}

/** All rows of a side. */
function side(dataset: Dataset, name: 'training' | 'heldOut', seed = 3): Float32Array {
  const out = new Float32Array(dataset.split![name] * dataset.dimension)
  dataset.split!.take(name, random(seed, 'take'), out)
  return out
}

const rowsOf = (values: ArrayLike<number>, dimension: number): string[] =>
  Array.from({ length: values.length / dimension }, (_, row) =>
    Array.from({ length: dimension }, (_, i) => values[row * dimension + i]).join(),
  )

describe('the split', () => {
  const values = normals(5000)
  const dataset = pointsDataset(values, { dimension: 2 })

  test('holds out a tenth, and every row is on one side', () => {
    const { training, heldOut } = dataset.split!
    expect(training + heldOut).toBe(5000)
    expect(Math.abs(heldOut - 500)).toBeLessThan(75)
    const both = [...rowsOf(side(dataset, 'training'), 2), ...rowsOf(side(dataset, 'heldOut'), 2)]
    expect(both.sort()).toEqual(rowsOf(values, 2).sort())
  })

  test.each([0, 0.25, 0.5])('holds out %d where asked to', holdOut => {
    const { training, heldOut } = pointsDataset(values, { dimension: 2, holdOut }).split!
    expect(training + heldOut).toBe(5000)
    expect(Math.abs(heldOut / 5000 - holdOut)).toBeLessThan(holdOut === 0 ? 1e-9 : 0.03)
  })

  test('holds out half at most', () => {
    expect(() => pointsDataset(values, { dimension: 2, holdOut: 0.51 })).toThrow(
      'holdOut: expected a share of the rows from 0 to 0.5, found 0.51',
    )
  })

  test('keeps the sides when rows come, whatever their order', () => {
    const more = Float32Array.from([...normals(300, 2), ...values])
    const held = new Set(rowsOf(side(pointsDataset(more, { dimension: 2 }), 'heldOut'), 2))
    for (const row of rowsOf(side(dataset, 'heldOut'), 2)) expect(held).toContain(row)
    for (const row of rowsOf(side(dataset, 'training'), 2)) expect(held).not.toContain(row)
  })

  test('never has equal rows on both sides, 0 and -0 included', () => {
    const pairs = Float32Array.from({ length: 4000 }, (_, i) =>
      i % 4 === 0 ? (i % 8 ? 0 : -0) : (i >> 3) % 500,
    )
    const repeated = pointsDataset(pairs, { dimension: 4, holdOut: 0.4 })
    expect(repeated.split!.heldOut).toBeGreaterThan(0)
    const positive = (rows: string[]) => new Set(rows.map(row => row.replaceAll('-0', '0')))
    const held = positive(rowsOf(side(repeated, 'heldOut'), 4))
    for (const row of positive(rowsOf(side(repeated, 'training'), 4))) expect(held).not.toContain(row)
  })

  test('draws for training from its rows only, each as often', () => {
    const small = pointsDataset(
      Float32Array.from({ length: 60 }, (_, i) => i),
      { dimension: 1, holdOut: 0.5 },
    )
    const counts = new Map<number, number>()
    const out = new Float32Array(60_000)
    small.sample(random(5, 'sample'), out)
    for (const value of out) counts.set(value, (counts.get(value) ?? 0) + 1)
    expect([...counts.keys()].sort()).toEqual([...side(small, 'training')].sort())
    const expected = 60_000 / small.split!.training
    for (const count of counts.values())
      expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected))
  })

  test('takes different rows in a random order that repeats with its stream', () => {
    const some = (seed: number) => {
      const out = new Float32Array(400)
      dataset.split!.take('heldOut', random(seed, 'take'), out)
      return rowsOf(out, 2)
    }
    expect(some(1)).toEqual(some(1))
    expect(some(1)).not.toEqual(some(2))
    expect(new Set(some(1)).size).toBe(200)
    expect(() => dataset.split!.take('heldOut', random(1), new Float32Array(2000))).toThrow(RangeError)
  })

  test('is not made of few rows, and a warning says so', () => {
    const values = normals(19)
    const { split, warnings, statistics } = pointsDataset(values, { dimension: 2, holdOut: 0.5 })
    expect(split).toMatchObject({ training: 19, heldOut: 0 })
    expect(warnings).toEqual([expect.stringMatching(/^points: no row is held out of 19 rows/)])
    expect(statistics!.mean[1]).toBeCloseTo(
      values.filter((_, i) => i % 2).reduce((a, b) => a + b) / (values.length / 2),
      3,
    )
  })
})

test('any bits can be ranked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0, 1000),
      (bits, kept) => {
        const collector = collectSides(kept)
        for (const bit of bits) collector.add(bit)
        const sides = collector.finish(false)
        const places = (held: boolean) => bits.flatMap((bit, i) => (bit === held ? [i] : []))
        for (const held of [true, false]) {
          const count = held ? sides.heldOut : sides.training
          expect(Array.from({ length: count }, (_, rank) => sides.row(held, rank))).toEqual(places(held))
        }
      },
    ),
  )
})

describe('statistics', () => {
  test('are of the training rows, also where the mean is large', () => {
    const values = normals(20_000).map((value, i) => (i % 2 ? value + 1e6 : value))
    const dataset = pointsDataset(values, { dimension: 2, holdOut: 0.3 })
    const rows = side(dataset, 'training')
    const { mean, deviation } = dataset.statistics!
    for (const column of [0, 1]) {
      const own = Float64Array.from(rows.filter((_, i) => i % 2 === column))
      const centre = own.reduce((a, b) => a + b) / own.length
      const spread = Math.sqrt(own.reduce((sum, x) => sum + (x - centre) ** 2, 0) / own.length)
      expect(mean[column]).toBeCloseTo(centre, 7)
      expect(deviation[column] / spread).toBeCloseTo(1, 9)
    }
  })
})

describe('points from code', () => {
  test('come with labels, in the order of their names', () => {
    const values = Float64Array.from({ length: 300 }, (_, i) => i)
    const labels = Array.from(values, i => (i % 3) * 10)
    const dataset = pointsDataset(values, { dimension: 1, labels, name: 'mine' })
    expect(dataset.name).toBe('mine')
    expect(dataset.labels).toEqual({ names: ['0', '10', '20'], counts: [100, 100, 100] })
    const [out, classes] = [new Float32Array(500), new Uint16Array(500)]
    dataset.sample(random(1), out, classes)
    out.forEach((value, i) => {
      expect(classes[i]).toBe(value % 3)
    })
  })

  test('need no label one after another', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [i, i * i])
    const plain = await collectDataset(rows, { dimension: 2 })
    for (const items of [
      rows.map(values => ({ values })),
      rows.map(values => ({ values, label: undefined })),
    ]) {
      const found = await collectDataset(items, { dimension: 2 })
      expect(found.fingerprint).toEqual(plain.fingerprint)
      expect(found.labels).toBeUndefined()
    }
  })

  test('may come one after another, and from a file when they are many', async () => {
    const values = normals(3000)
    async function* items(): AsyncGenerator<Item> {
      for (let row = 0; row < 3000; row += 50)
        yield { values: values.slice(2 * row, 2 * (row + 50)), label: row % 100 }
    }
    const small = await collectDataset(items(), { dimension: 2 })
    const large = await collectDataset(items(), { dimension: 2, memory: 1000, cache })
    const labels = Array.from({ length: 3000 }, (_, row) => (row - (row % 50)) % 100)
    const atOnce = pointsDataset(values, { dimension: 2, labels })
    const drawn = [small, large, atOnce].map(dataset => {
      const [out, classes] = [new Float32Array(600), new Uint16Array(300)]
      dataset.sample(random(1), out, classes)
      return {
        out,
        classes,
        labels: dataset.labels,
        statistics: dataset.statistics,
        split: dataset.split!.training,
      }
    })
    expect(drawn[1]).toEqual(drawn[0])
    expect(drawn[2]).toEqual(drawn[0])
  })

  test.each<[string, () => unknown, string]>([
    [
      'a number that is not finite',
      () => pointsDataset([1, 2, 3, Number.NaN], { dimension: 2 }),
      'points: row 2, column 2: expected a finite 32-bit number, found NaN',
    ],
    [
      'a number beyond 32 bits',
      () => pointsDataset([1, 2, 3e39, 1], { dimension: 2 }),
      'row 2, column 1: expected a finite 32-bit number, found 3e+39',
    ],
    [
      'half a point',
      () => pointsDataset([1, 2, 3], { dimension: 2 }),
      'points: row 1: expected 2 numbers for each point, found 3 in all',
    ],
    [
      'one point',
      () => pointsDataset([1, 2], { dimension: 2 }),
      'points: expected at least 2 rows of numbers, found 1',
    ],
    [
      'a missing label',
      () => pointsDataset([1, 2], { dimension: 1, labels: ['a'] }),
      'a label for each of 2 points, found 1 label',
    ],
    [
      'a share of all',
      () => pointsDataset([1, 2], { dimension: 1, holdOut: 1 }),
      'holdOut: expected a share',
    ],
    [
      'a wrong picture',
      () => pointsDataset([1, 2], { dimension: 1, image: [2, 2, 1] }),
      'have not 1 numbers',
    ],
  ])('refuses %s', (_, create, message) => {
    expect(create).toThrow(DataError)
    expect(create).toThrow(message)
  })

  test.each<[string, unknown[], string]>([
    ['nothing', [], 'expected at least 2 rows of numbers, found 0'],
    ['words', ['ab'], 'row 1'],
    ['null', [[1, 2], null], 'row 2: expected 2 numbers, found null'],
    ['labels on some', [[1, 2], { values: [1, 2], label: 1 }], 'a label for each point or for none'],
  ])('refuses %s one after another', async (_, items, message) => {
    const collecting = collectDataset(items as Item[], { dimension: 2 })
    await expect(collecting).rejects.toThrow(DataError)
    await expect(collecting).rejects.toThrow(message)
  })
})

test('repeats are found among many rows, up to a limit', () => {
  const count = 5000
  const hashes = Array.from({ length: count }, (_, i) => ({ high: i % 7, low: i }))
  const all = seenHashes()
  expect(hashes.map(hash => all.add(hash))).toEqual(new Array(count).fill(1))
  expect(hashes.map(hash => all.add(hash))).toEqual(new Array(count).fill(2))
  const few = seenHashes(10)
  expect(hashes.slice(0, 12).map(hash => few.add(hash))).toEqual([
    ...new Array(10).fill(1),
    undefined,
    undefined,
  ])
  expect(few.distinct).toBeUndefined()
})
