import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDataset } from '../../src/data/catalogue.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { outlierIn } from '../../src/data/outliers.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('outliers')
const stream = random(8, 'outliers test')
const normals = (count: number): number[] => Array.from({ length: count }, () => stream.normal())
const told = (values: number[]): string[] =>
  pointsDataset(values, { dimension: 1 }).warnings!.filter(text => text.includes('outlier'))
const with_ = (values: number[], at: number, value: number) => values.with(at, value)

test('a number that sets the scale is told with its row and column, also when the data is opened again', async () => {
  const rows = normals(1000).map((x, i) => `${x},${i === 776 ? 1e6 : stream.normal()}`)
  const path = join(folder, 'far.csv')
  writeFileSync(path, `x,y\n${rows.join('\n')}\n`)
  for (const memory of [2 ** 20, 100, 100]) {
    const { warnings } = await openDataset(path, { memory, cache: join(folder, 'cache') })
    expect(warnings!.filter(text => text.includes('outlier'))).toEqual([
      expect.stringMatching(
        /far\.csv: row 778, column 2 \("y"\): 1000000 is an outlier that sets the scale: the standard deviation is 3\.2e\+4, that of most rows (0\.9|1\.[01])/,
      ),
    ])
  }
})

test.each<[string, number[], RegExp]>([
  ['among many rows', with_(normals(20_000), 15_000, -1e4), /row 15001, column 1: -10000/],
  ['among few', with_(normals(12), 3, 500), /row 4, column 1: 500/],
  [
    'among equal ones',
    with_(new Array(300).fill(2), 7, 9),
    /row 8, column 1: 9 .*nearly all other rows have one value/,
  ],
  [
    'among zeros',
    with_(
      normals(500).map((x, i) => (i % 3 ? 0 : x)),
      40,
      1e5,
    ),
    /row 41, column 1: 100000/,
  ],
  ['where some are coded as missing', normals(500).map((x, i) => (i % 50 ? x : -999)), /-999/],
])('%s', (_, values, message) => {
  expect(told(values)).toEqual([expect.stringMatching(message)])
  expect(outlierIn(Float64Array.from(values))).toBeDefined()
})

test.each<[string, number[]]>([
  ['a normal distribution', normals(5000)],
  ['two clusters far apart', normals(1000).map((x, i) => (i % 4 ? x : x + 1e4))],
  ['a long tail', normals(2000).map(Math.exp)],
  ['two values', normals(1000).map((_, i) => (i % 30 ? 0 : 1))],
  ['counts with zeros', normals(1000).map((x, i) => (i % 2 ? 0 : Math.round(20 + 5 * x)))],
])('%s has none', (_, values) => {
  expect(told(values)).toEqual([])
  expect(outlierIn(Float64Array.from(values))).toBeUndefined()
})
