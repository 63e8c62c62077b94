import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { openDataset } from '../../src/data/catalogue.ts'
import { csvDataset } from '../../src/data/csv.ts'
import { DataError } from '../../src/data/error.ts'
import { draw } from './draw.ts'

const folder = mkdtempSync(join(tmpdir(), 'oxbow-csv-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'points.csv')

function open(content: string | Buffer) {
  writeFileSync(path, content)
  return csvDataset(path)
}

const read: [string, string, number[], string[] | undefined][] = [
  ['commas without a header', '1,2\n3,4\n', [1, 2, 3, 4], undefined],
  ['a header', 'x,y\n1,2\n3,4\n', [1, 2, 3, 4], ['x', 'y']],
  ['tabs', 'x\ty\n1\t2\n3\t4', [1, 2, 3, 4], ['x', 'y']],
  ['semicolons', '1;2\n3;4\n', [1, 2, 3, 4], undefined],
  ['one column', '1\n2\n3\n', [1, 2, 3], undefined],
  ['exponents and signs', '+1e-3,-.5\n2.,1E2\n', [0.001, -0.5, 2, 100], undefined],
  ['spaces and blank lines', '\n 1 , 2 \n\n3,4\n\n', [1, 2, 3, 4], undefined],
  ['Windows line ends and a byte order mark', '\ufeff"x",y\r\n1,2\r\n3,4\r\n', [1, 2, 3, 4], ['x', 'y']],
  ['quotes', '"x, left","y"\n"1","2"\n3,4\n', [1, 2, 3, 4], ['x, left', 'y']],
]
test.each(read)('reads %s', (_, content, points, columns) => {
  const dataset = open(content)
  expect([...dataset.points]).toEqual(points)
  expect(dataset.columns).toEqual(columns)
  expect(dataset.warnings.filter(warning => !warning.includes('rescale'))).toEqual([])
})

test('reads UTF-16 with its byte order mark', () => {
  const dataset = open(Buffer.from('\ufeffx,y\n1,2\n3,4\n', 'utf16le'))
  expect([...dataset.points]).toEqual([1, 2, 3, 4])
  expect(dataset.columns).toEqual(['x', 'y'])
})

test('fingerprints the content', () => {
  const content = 'x,y\n1,-2\n3,4\n2,9\n'
  expect(open(content).fingerprint).toEqual({
    sha256: createHash('sha256').update(content).digest('hex'),
    rows: 3,
    minimum: [1, -2],
    maximum: [3, 9],
  })
  expect(csvDataset(path).name).toBe('points.csv')
})

test('draws whole rows with replacement, each as often', () => {
  const dataset = open('0,10\n1,11\n2,12\n3,13\n')
  const points = draw(dataset, 40_000)
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < points.length; i += 2) {
    expect(points[i + 1] - points[i]).toBe(10)
    counts[points[i]]++
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450)
})

test('opens by a path or a config block', async () => {
  open('1,2\n3,4\n')
  const [plain, block] = [await openDataset(path), await openDataset({ csv: { path } })]
  expect(plain.fingerprint).toEqual(block.fingerprint)
})

test.each([
  ['a constant column', 'x,y\n1,5\n2,5\n', 'column 2 ("y") is constant (5)'],
  ['large values', 'x,y\n1000,5\n2,-4\n', 'values lie between -4 and 1000'],
  ['tiny values', 'x,y\n1e-3,2e-3\n3e-3,4e-3\n', 'values lie between 0.001 and 0.004'],
  ['row numbers', ',x\n0,0.5\n1,0.7\n2,0.1\n3,9\n4,3\n', 'column 1 counts the rows from 0'],
])('warns of %s', (_, content, warning) => {
  const { warnings } = open(content)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(`${path}: ${warning}`)
})

test('any table survives writing and reading', () => {
  const number = fc.float({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain(d => fc.array(fc.array(number, { minLength: d, maxLength: d }), { minLength: 2, maxLength: 8 }))
  fc.assert(
    fc.property(table, fc.constantFrom(',', '\t', ';'), fc.boolean(), (rows, delimiter, header) => {
      const lines = rows.map(row => row.join(delimiter))
      if (header) lines.unshift(rows[0].map((_, i) => `column ${i}`).join(delimiter))
      expect([...open(lines.join('\n')).points]).toEqual(rows.flat())
    }),
    { numRuns: 50 },
  )
})

describe('refuses', () => {
  const cases: [string, string, string][] = [
    ['an empty file', '', 'the file is empty'],
    ['blank lines only', '\n  \n\n', 'the file is empty'],
    ['a header only', 'x,y\n', 'expected at least 2 rows of numbers, found 0'],
    ['one row', 'x,y\n1,2\n', 'expected at least 2 rows of numbers, found 1'],
    ['a word', 'x,y\n1,2\n3,four\n', 'row 3, column 2 ("y"): expected a number, found "four"'],
    ['a word without a header', '1,2\n3,4\n5,six\n', 'row 3, column 2: expected a number, found "six"'],
    [
      'a word in the first of the rows',
      '1,label\n3,4\n',
      'row 1, column 2: expected a number, found "label"',
    ],
    ['an empty cell', '1,2\n3,\n', 'row 2, column 2: expected a number, found an empty cell'],
    ['only empty cells', '1,2\n,\n', 'row 2, column 1: expected a number, found an empty cell'],
    ['nan', '1,2\n3,4\nnan,5\n', 'row 3, column 1: expected a finite number, found nan'],
    ['NaN in the first row', 'NaN,NaN\n3,4\n1,5\n', 'row 1, column 1: expected a finite number, found NaN'],
    ['infinity', '1,2\n3,-inf\n', 'row 2, column 2: expected a finite number, found -inf'],
    [
      'a number beyond 32 bits',
      '1,2\n3,1e39\n',
      'row 2, column 2: expected a number within ±3.4e38 (32-bit floats), found 1e39',
    ],
    ['a number beyond 64 bits', '1,2\n3,1e999\n', 'row 2, column 2: expected a number within'],
    ['a hexadecimal number', '1,2\n3,0x10\n', 'row 2, column 2: expected a number, found "0x10"'],
    ['a short row', '1,2\n3\n', 'row 2: expected 2 columns, found 1'],
    ['a long row after a blank line', 'x,y\n1,2\n\n3,4,5\n', 'row 4: expected 2 columns, found 3'],
    ['decimal commas', '1,5;2,5\n3,5;4,5\n', 'row 2, column 1 ("1,5"): expected a number, found "3,5"'],
    ['spaces between columns', '1 2\n3 4\n', 'row 2, column 1 ("1 2"): expected a number, found "3 4"'],
    ['an open quote', '1,2\n"3,4\n', 'Quote Not Closed'],
  ]
  test.each(cases)('%s', (_, content, message) => {
    expect(() => open(content)).toThrow(DataError)
    expect(() => open(content)).toThrow(`${path}: ${message}`)
    expect(() => open(content)).not.toThrow(/\n/)
  })

  test('a missing file', () => {
    expect(() => csvDataset(join(folder, 'none.csv'))).toThrow(`${join(folder, 'none.csv')}: no such file`)
  })

  test('a folder', () => {
    expect(() => csvDataset(folder)).toThrow(`${folder}: is a folder, expected a file`)
  })

  test('bytes that are no text', () => {
    expect(() => open(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0, 0xff, 0xfe]))).toThrow(DataError)
  })
})
