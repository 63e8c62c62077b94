import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDataset } from '../../src/data/catalogue.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { seenHashes } from '../../src/data/hash-set.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { heldCounts, isHeldOccurrence, splitRule } from '../../src/data/split-rule.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('split')
const stream = random(4, 'split test')

const integers = (rows: number, values: number): number[] =>
  Array.from({ length: rows }, () => 1 + stream.integer(values))
const normals = (rows: number): number[] => Array.from({ length: rows }, () => stream.normal())

type Side = 'training' | 'heldOut'

/** How often a side of a column has each value. */
function countsOf({ split }: Dataset, side: Side): Map<number, number> {
  const out = new Float32Array(split![side])
  split!.take(side, random(1, 'all'), out)
  const counts = new Map<number, number>()
  for (const value of out) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

const column = (values: number[], holdOut: number) => pointsDataset(values, { dimension: 1, holdOut })

describe('values that many rows have', () => {
  test.each<[string, number[], number]>([
    ['months', integers(1200, 12), 0.1],
    ['months, half of them', integers(1200, 12), 0.5],
    ['sorted months', integers(1200, 12).sort((a, b) => a - b), 0.1],
    ['few months', integers(40, 12), 0.2],
    ['two values', integers(1000, 2), 0.1],
    ['ages', integers(1200, 100), 0.1],
    ['one value', new Array(100).fill(3), 0.5],
  ])('are all trained on: %s', (_, values, holdOut) => {
    const dataset = column(values, holdOut)
    const training = countsOf(dataset, 'training')
    expect([...training.keys()].sort()).toEqual([...new Set(values)].sort())
    const { heldOut } = dataset.split!
    expect(heldOut).toBeLessThanOrEqual(holdOut * values.length)
    expect(heldOut).toBeGreaterThan(0.6 * holdOut * values.length)
  })

  test('are held out in proportion', () => {
    const held = countsOf(column(integers(1200, 12), 0.1), 'heldOut')
    expect(held.size).toBe(12)
    for (const count of held.values()) expect(Math.abs(count - 10)).toBeLessThanOrEqual(4)
  })

  test('hold out no more than was promised, whatever side their hash is on', () => {
    for (let value = 0; value < 12; value++) {
      const dataset = column([...new Array(913).fill(value), ...normals(87)], 0.5)
      expect(dataset.split!.heldOut).toBeLessThanOrEqual(500)
      expect(countsOf(dataset, 'training').get(value)).toBeGreaterThan(400)
    }
  })

  test('do not change where rare rows are', () => {
    const rare = normals(2000)
    const alone = countsOf(column(rare, 0.1), 'heldOut')
    const mixed = countsOf(column([...new Array(1000).fill(7), ...rare], 0.1), 'heldOut')
    mixed.delete(7)
    expect(mixed).toEqual(alone)
  })

  test('are split alike in memory, in a file, and when that is opened again', async () => {
    const path = join(folder, 'months.csv')
    const values = integers(3000, 12)
    writeFileSync(path, `month,one\n${values.map(value => `${value},1`).join('\n')}\n`)
    const options = { memory: 1000, cache: join(folder, 'cache') }
    const splits = [
      pointsDataset(
        values.flatMap(value => [value, 1]),
        { dimension: 2 },
      ),
      await openDataset(path, options),
      await openDataset(path, options),
    ].map(({ split, statistics }) => {
      const out = new Float32Array(2 * split!.heldOut)
      split!.take('heldOut', random(2, 'all'), out)
      return { out, statistics }
    })
    expect(splits[1]).toEqual(splits[0])
    expect(splits[2]).toEqual(splits[0])
  })

  test('are known in a stream of any length', () => {
    const seen = seenHashes(100)
    const held = heldCounts(2 ** 31)
    const frequent = { high: 5, low: 5 }
    for (let i = 0; i < 5000; i++) {
      const hash = i > 400 && i % 3 === 0 ? frequent : { high: Math.imul(i, 0x9e3779b1) >>> 0, low: i }
      seen.add(hash)
      if (hash.high < 2 ** 31) held.add(hash)
    }
    const { isHeld } = splitRule({ rows: 5000, holdOut: 0.5 }, seen, held)!
    const sides = Array.from({ length: 1000 }, () => isHeld(frequent))
    expect(sides[0]).toBe(false)
    expect(sides.filter(Boolean)).toHaveLength(500)
  })
})

describe('one value with very many rows', () => {
  /** Zeros, and rows of continuous numbers among them, each `times` times. */
  const inflated = (rows: number, zeros: number, times = 1): number[] =>
    Array.from({ length: rows }, (_, i) => (i % 10 < 10 * zeros ? 0 : stream.normal())).flatMap(value =>
      new Array<number>(times).fill(value),
    )

  test.each([
    [6000, 0.7, 0.1],
    [3000, 0.8, 0.1],
    [3000, 0.9, 0.5],
    [400, 0.9, 0.3],
    [60, 0.7, 0.4],
  ])('of %i rows, %f of them 0, the others are held out too', (rows, zeros, holdOut) => {
    const values = inflated(rows, zeros)
    const dataset = column(values, holdOut)
    const held = countsOf(dataset, 'heldOut')
    const others = rows * (1 - zeros)
    expect(Math.abs(held.size - 1 - others * holdOut)).toBeLessThan(
      4 * Math.sqrt(others * holdOut * (1 - holdOut)),
    )
    expect(held.get(0)! / dataset.split!.heldOut).toBeCloseTo(zeros, 0)
    expect(countsOf(dataset, 'training').get(0)).toBeGreaterThanOrEqual(rows * zeros * (1 - holdOut) - 1)
    expect(dataset.split!.rules).toBe(3)
  })

  test('a run of rules 2 keeps its split', () => {
    const old = pointsDataset(inflated(3000, 0.8), { dimension: 1, rules: 2 })
    expect([...countsOf(old, 'heldOut')]).toEqual([[0, old.split!.heldOut]])
    expect(old.split!.rules).toBe(2)
  })
})

test.each([3, 12])(
  'of a file that is there %i times it is said that held-out rows are also trained on',
  times => {
    const rows = normals(700)
    const repeated = column(Array.from({ length: times }, () => rows).flat(), 0.1)
    const { heldOut } = repeated.split!
    expect(repeated.warnings!.join('\n')).toContain(
      `${heldOut} of ${heldOut} held-out rows equal rows trained on`,
    )
    for (const values of [rows, integers(1200, 12)]) {
      expect(column(values, 0.1).warnings!.join('\n')).not.toContain('trained on')
    }
  },
)

test('one of each 1/holdOut occurrences is held out, never the first', () => {
  for (const holdOut of [0.5, 0.3, 0.1, 0.013]) {
    const held = Array.from({ length: 5000 }, (_, i) => isHeldOccurrence({ high: 9, low: 4 }, i + 1, holdOut))
    expect(held[0]).toBe(false)
    const count = held.filter(Boolean).length
    expect(Math.abs(count - 5000 * holdOut)).toBeLessThan(0.1 * 5000 * holdOut)
  }
})

test('more rows than chance explains are not held out, though each comes but a few times', () => {
  // Pairs whose hashes hold them out, found among many.
  const all = normals(2000)
  const chosen = [...countsOf(column(all, 0.1), 'heldOut').keys()]
  const few = [...chosen, ...chosen, ...all.slice(0, 100)]
  const { heldOut } = column(few, 0.1).split!
  expect(heldOut).toBeLessThan(0.2 * few.length)
})

test('a split of version 0.1.0 is by the hash alone, and tells what never trains', () => {
  const values = integers(1200, 12)
  const old = pointsDataset(values, { dimension: 1, rules: 1 })
  const [training, held] = [countsOf(old, 'training'), countsOf(old, 'heldOut')]
  expect(held.size).toBeGreaterThan(0)
  for (const value of held.keys()) expect(training.has(value)).toBe(false)
  const [first] = held.keys()
  expect(old.warnings).toContainEqual(
    expect.stringMatching(
      new RegExp(
        `${held.size} frequent values? with ${old.split!.heldOut} of 1200 rows never trained.*\\(${first}\\)`,
      ),
    ),
  )
})
