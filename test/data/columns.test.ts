import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DatasetSpec, openDataset } from '../../src/data/catalogue.ts'
import { columnOrder, inOrderOf, reorder } from '../../src/data/column-order.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { readPoints } from '../../src/data/points.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { encodeParquet } from './files.ts'

const folder = temporaryFolder('columns')

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const rows = Array.from({ length: 30 }, (_, i) => [i / 3, (i * 7) % 11])
const lines = (index: (i: number) => string | number) =>
  rows.map((row, i) => `${index(i)},${row.join()}`).join('\n')
const column = (i: number) => ({ name: 'xy'[i], data: rows.map(row => row[i]), type: 'DOUBLE' })
const pandas = (columns: unknown) => ({
  kvMetadata: [{ key: 'pandas', value: JSON.stringify({ index_columns: columns }) }],
})
const shuffled = rows.map((_, i) => (i * 11) % 30)
const index = (name: string) => ({ name, data: shuffled, type: 'INT32' })

describe('the index of a data frame is left out, with a word', () => {
  test.each<[string, string, string | Buffer]>([
    ['', 'a.csv', `,x,y\n${lines(i => i)}\n`],
    ['', 'shuffled.csv', `"","x","y"\n${lines(i => (i * 11) % 30)}\n`],
    ['', 'words.csv', `,x,y\n${lines(i => `car ${i}`)}\n`],
    ['Unnamed: 0', 'b.tsv', `Unnamed: 0\tx\ty\n${lines(i => i + 1).replaceAll(',', '\t')}\n`],
    ['Unnamed: 0', 'c.jsonl', rows.map(([x, y], i) => JSON.stringify({ 'Unnamed: 0': i, x, y })).join('\n')],
    ['__index_level_0__', 'd.parquet', encodeParquet([column(0), column(1), index('__index_level_0__')])],
    ['id', 'e.parquet', encodeParquet([index('id'), column(0), column(1)], pandas(['id']))],
  ])('%j of %s', async (name, path, content) => {
    const at = file(path, content)
    for (const memory of [2 ** 20, 100, 100]) {
      const { dimension, columns, warnings } = await openDataset(at, { memory, cache: join(folder, 'cache') })
      expect({ dimension, columns }).toEqual({ dimension: 2, columns: ['x', 'y'] })
      expect(warnings!.filter(text => text.includes('is left out'))).toEqual([
        `${at}: column ${JSON.stringify(name)} is left out: it is the index of a data frame; to train on it, name all coordinates in columns`,
      ])
    }
    expect((await readPoints(at)).points).toHaveLength(60)
    if (path === 'words.csv') return
    const [format] = path.split('.').slice(-1)
    const spec = { [format === 'tsv' ? 'csv' : format]: { path: at, columns: [name, 'y'] } }
    const asked = await openDataset(spec as unknown as DatasetSpec)
    expect(asked.columns).toEqual([name, 'y'])
    expect(asked.warnings!.join()).not.toContain('left out')
    // A run that version 0.1.0 trained on it keeps it.
    expect((await openDataset(at, { rules: 1 })).dimension).toBe(3)
  })

  test('but not where nothing else is there, or it is a coordinate by another name', async () => {
    expect((await openDataset(file('one.csv', `Unnamed: 0\n${shuffled.join('\n')}\n`))).dimension).toBe(1)
    const range = { kind: 'range', name: null, start: 0, stop: 30, step: 1 }
    const whole = file('range.parquet', encodeParquet([column(0), index('n')], pandas([range])))
    expect((await openDataset(whole)).columns).toEqual(['x', 'n'])
  })
})

test.each<[string, string, RegExp]>([
  ['twice.csv', 'x,y,x\n1,2,3\n4,5,6\n', /two columns are called "x"; give each its own name/],
  ['twice.jsonl', '{"x": 1, "y": [1], "x": 2}\n', /two keys of a line are called "x"/],
])('names that stand for two columns are refused: %s', async (name, content, message) => {
  await expect(openDataset(file(name, content))).rejects.toThrow(message)
})

test.each<[string, number[]?]>([
  ['x,x\n1,2\n3,4\n5,6\n'],
  ['x,x\n1,2\n3,4\n5,6\n', [2, 1]],
  ['x,y,x\n1,2,3\n4,5,6\n'],
  [',a,b,b\n1,2,3,4\n7,8,9,9\n'],
])('of columns with one name the message says which to choose by number: %j %j', async (content, columns) => {
  const path = file('choose.csv', content)
  const error = (await openDataset({ csv: { path, columns } }).catch(error => error)) as Error
  const [, listed] = /\{columns: (\[.*\])\}/.exec(error.message)!
  const { columns: names } = await openDataset({ csv: { path, columns: JSON.parse(listed) } })
  expect(new Set(names).size).toBe(names!.length)
})

test('of columns with one name one can be chosen by its number', async () => {
  const path = file('chosen.csv', 'x,y,x\n1,2,3\n4,5,6\n')
  expect((await openDataset({ csv: { path, columns: [3, 'y'] } })).columns).toEqual(['x', 'y'])
})

test('keys of JSON in any order are matched by name', async () => {
  const path = file('keys.jsonl', '{"x": 1, "y": "2"}\n'.replace('"2"', '2') + '{"y": 4, "x": 3}\n')
  expect([...(await readPoints(path)).points]).toEqual([1, 2, 3, 4])
})

describe('columns are matched', () => {
  const named = (name: string, ...columns: string[]) => ({ name, columns })

  test('by their names', () => {
    expect(columnOrder(named('a', 'x', 'y', 'z'), named('b', 'z', 'x', 'y'))).toEqual([2, 0, 1])
    expect(columnOrder(named('a', 'x', 'y'), named('b', 'x', 'y'))).toBeUndefined()
    expect([...reorder(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 0, 1])]).toEqual([3, 1, 2, 6, 4, 5])
  })

  test('by their places where one side has no names but x0, x1, ...', () => {
    expect(columnOrder({ name: 'a' }, named('b', 'x', 'y'))).toBeUndefined()
    expect(columnOrder(named('a', 'x0', 'x1'), named('b', 'x', 'y'))).toBeUndefined()
    expect(columnOrder(named('a', 'x1', 'x0'), named('b', 'x0', 'x1'))).toEqual([1, 0])
  })

  test('or refused with both lists', () => {
    expect(() => columnOrder(named('a.csv', 'x', 'z'), named('b.csv', 'x', 'y'))).toThrow(
      'a.csv: its columns are x, z; those of b.csv are x, y; give both the same names',
    )
    expect(() => columnOrder(named('a', 'x0', 'x1', 'x2'), named('b', 'x', 'y'))).toThrow(
      /its columns are x0/,
    )
  })

  test('of whole datasets', () => {
    const flat = rows.flat()
    const dataset = { ...pointsDataset(flat, { dimension: 2 }), columns: ['x', 'y'] }
    const turned = inOrderOf(dataset, named('b', 'y', 'x'))
    const [out, expected] = [new Float32Array(20), new Float32Array(20)]
    turned.sample(random(1), out)
    dataset.sample(random(1), expected)
    expect(out).toEqual(reorder(expected, [1, 0]))
    expect(turned.statistics!.mean).toEqual(dataset.statistics!.mean.toReversed())
    expect(turned.fingerprint.maximum).toEqual(dataset.fingerprint.maximum.toReversed())
  })
})

test('a table may call its label labels, as other formats do', async () => {
  const path = file('labelled.csv', 'x,y,kind\n1,2,a\n3,4,b\n5,6,a\n')
  const { labels, columns } = await openDataset({ csv: { path, labels: 'kind' } as never })
  expect([columns, labels]).toEqual([['x', 'y'], { names: ['a', 'b'], counts: [2, 1] }])
})
