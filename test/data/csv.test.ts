import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { openDataset } from '../../src/data/catalogue.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { DataError } from '../../src/data/error.ts'
import { readPoints } from '../../src/data/points.ts'
import { random } from '../../src/random/random.ts'
import { draw } from './draw.ts'

const folder = mkdtempSync(join(tmpdir(), 'oxbow-csv-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'points.csv')

/** The dataset and its rows in the file's order. */
async function open(content: string | Buffer, options: object = {}) {
  writeFileSync(path, content)
  const dataset = await openDataset({ csv: { path, ...options } })
  return { ...dataset, points: [...(await readPoints(path)).points] }
}

const ofFewRows = (warning: string) => warning.includes('no row is held out')

const read: [string, string | Buffer, number[], string[]?][] = [
  ['commas without a header', '1,2\n3,4\n', [1, 2, 3, 4]],
  ['a header', 'x,y\n1,2\n3,4\n', [1, 2, 3, 4], ['x', 'y']],
  ['tabs', 'x\ty\n1\t2\n3\t4', [1, 2, 3, 4], ['x', 'y']],
  ['semicolons', '1;2\n3;4\n', [1, 2, 3, 4]],
  ['one column', '1\n2\n3\n', [1, 2, 3]],
  ['exponents and signs', '+1e-3,-.5\n2.,1E2\n', [Math.fround(0.001), -0.5, 2, 100]],
  ['spaces and blank lines', '\n 1 , 2 \n\n3,4\n\n', [1, 2, 3, 4]],
  ['Windows line ends and a byte order mark', '\ufeff"x",y\r\n1,2\r\n3,4\r\n', [1, 2, 3, 4], ['x', 'y']],
  ['quotes', '"x, left","y"\n"1","2"\n3,4\n', [1, 2, 3, 4], ['x, left', 'y']],
  ['a header that begins with a bracket', '[x],y\n1,2\n3,4\n', [1, 2, 3, 4], ['[x]', 'y']],
  [
    'UTF-16 with its byte order mark',
    Buffer.from('\ufeffx,y\n1,2\n3,4\n', 'utf16le'),
    [1, 2, 3, 4],
    ['x', 'y'],
  ],
]
test.each(read)('reads %s', async (_, content, points, columns) => {
  const dataset = await open(content)
  expect(dataset.points).toEqual(points)
  expect(dataset.warnings!.filter(warning => !ofFewRows(warning))).toEqual([])
  expect(dataset.columns).toEqual(columns)
  if (!columns) return
  const chosen = await openDataset({ csv: { path, columns: [columns.at(-1)!] } })
  expect(chosen.dimension).toBe(1)
})

test('fingerprints the content', async () => {
  const content = 'x,y\n1,-2\n3,4\n2,9\n'
  const { fingerprint, name } = await open(content)
  expect(fingerprint).toEqual({
    sha256: createHash('sha256').update(content).digest('hex'),
    rows: 3,
    minimum: [1, -2],
    maximum: [3, 9],
  })
  expect(name).toBe('points.csv')
})

test('draws whole rows with replacement, each as often', async () => {
  const dataset = await open('0,10\n1,11\n2,12\n3,13\n')
  const points = draw(dataset, 40_000)
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < points.length; i += 2) {
    expect(points[i + 1] - points[i]).toBe(10)
    counts[points[i]]++
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450)
})

test('opens by a path or a config block', async () => {
  await open('1,2\n3,4\n')
  const [plain, block] = [await openDataset(path), await openDataset({ csv: { path } })]
  expect(plain.fingerprint).toEqual(block.fingerprint)
})

test.each([
  ['a constant column', 'x,y\n1,5\n2,5\n', 'column 2 ("y") is constant (5)'],
  [
    'a column that hardly varies',
    'x,y\n1,70000\n2,70000.01\n',
    'column 2 ("y") hardly varies: standard deviation 0.0039 about 70000',
  ],
  ['equal rows', 'x,y\n1,5\n\n2,6\n1,5.0\n2,6\n', '2 of 4 rows repeat earlier ones, the first is row 5'],
  ['row numbers', 'id,x\n0,0.5\n1,0.7\n2,0.1\n3,9\n4,3\n', 'column 1 ("id") counts the rows from 0'],
])('warns of %s', async (_, content, warning) => {
  const warnings = (await open(content)).warnings!.filter(warning => !ofFewRows(warning))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(`${path}: ${warning}`)
})

test('warns of every column that counts the rows', async () => {
  const rows = [3, 1, 4, 1, 5, 9].map((x, i) => `${i},${i},${x},${i + 1},${i < 5 ? i : 7}`)
  const { warnings } = await open(`level_0,index,x,rank,y\n${rows.join('\n')}\n`)
  expect(warnings!.filter(warning => warning.includes('counts'))).toEqual(
    [
      'column 1 ("level_0") counts the rows from 0',
      'column 2 ("index") counts the rows from 0',
      'column 4 ("rank") counts the rows from 1',
    ].map(text => `${path}: ${text}; exclude it unless it is a coordinate`),
  )
})

describe('whole numbers with a comma between them', () => {
  const lines = Array.from({ length: 30 }, (_, i) => `1,${i + 1}`)
  const content = `${lines.join('\r\n')}\r\n`
  const isTold = ({ warnings }: Dataset) => warnings!.some(text => text.includes('decimal: ","'))

  test('may be one with a decimal comma', async () => {
    const pairs = await open(content)
    expect(pairs.dimension).toBe(2)
    expect(isTold(pairs)).toBe(true)
    const decimals = await openDataset({ csv: { path, decimal: ',' } })
    expect([decimals.dimension, decimals.fingerprint.minimum[0]]).toEqual([1, Math.fround(1.1)])
    const options = { memory: 10, cache: join(folder, 'cache') }
    for (const _ of ['read', 'read again']) expect(isTold(await openDataset(path, options))).toBe(true)
  })

  test.each<[string, string, object]>([
    ['a delimiter that was named', content, { delimiter: ',' }],
    ['columns that were named', content, { columns: [1, 2] }],
    ['a label', content, { label: 1 }],
    ['names', `x,y\n${content}`, {}],
    ['a number that is not whole', `${content}1,0.5\n`, {}],
    ['a negative number', `${content}1,-5\n`, {}],
  ])('are two where there is %s', async (_, content, options) => {
    writeFileSync(path, content)
    expect(isTold(await openDataset({ csv: { path, ...options } }))).toBe(false)
  })

  test('where the names are half as many, the message says what to do', async () => {
    await expect(open(`h\n${content}`)).rejects.toThrow(
      'row 2: expected 1 columns, found 2; read decimal commas with {csv: {path: ..., decimal: ","}}',
    )
    expect((await openDataset({ csv: { path, decimal: ',' } })).columns).toEqual(['h'])
    await expect(open('h,w\n1,5,2,5\n')).rejects.toThrow('save the file with semicolons')
  })
})

describe('columns', () => {
  const content = 'id,x,kind,y\n7,1,b,2\n8,3,a,4\n9,5,b,6\n'
  const options: [object, number[]][] = [
    [{ columns: ['y', 'x'] }, [4, 3]],
    [{ columns: [2, 4], label: 'kind' }, [3, 4]],
    [{ label: 3 }, [8, 3, 4]],
    [{ columns: ['x'], label: 'kind', delimiter: ',' }, [3]],
  ]
  test.each(options)('%j', async (options, row) => {
    writeFileSync(path, content)
    const dataset = await openDataset({ csv: { path, ...options } })
    expect(dataset.dimension).toBe(row.length)
    const out = new Float32Array(3 * row.length)
    const classes = new Uint16Array(3)
    dataset.split!.take('training', random(1, 'test'), out, classes)
    const at = Array.from(out).findIndex(
      (_, i) => i % row.length === 0 && row.every((x, j) => out[i + j] === x),
    )
    expect(at).toBeGreaterThanOrEqual(0)
    expect(dataset.labels).toEqual('label' in options ? { names: ['a', 'b'], counts: [1, 2] } : undefined)
    if (dataset.labels) expect(classes[at / row.length]).toBe(0)
  })

  test('a header may be of numbers', async () => {
    writeFileSync(path, '0,1\n5,6\n7,8\n')
    expect((await openDataset({ csv: { path, header: true } })).fingerprint.rows).toBe(2)
    expect((await openDataset({ csv: { path } })).fingerprint.rows).toBe(3)
  })

  test.each<[object, string]>([
    [{ columns: ['salary'] }, 'no column "salary" (there are "id, x, kind, y")'],
    [{ label: 'kid' }, 'no column "kid", did you mean "id"?'],
    [{ columns: [5] }, 'no column 5; there are 4, counted from 1'],
    [{ columns: ['x', 2] }, 'column 2 is chosen twice'],
    [{ columns: ['x', 'kind'], label: 'kind' }, 'column "kind" is the label'],
    [{ header: false, columns: ['x'] }, 'no column "x"; the file has no header'],
  ])('refuses %j', async (options, message) => {
    writeFileSync(path, content)
    const opening = openDataset({ csv: { path, ...options } })
    await expect(opening).rejects.toThrow(DataError)
    await expect(opening).rejects.toThrow(`${path}: ${message}`)
  })
})

test('lines are read alike with quotes and without, whatever stands in them', async () => {
  const cell = fc.constantFrom('1', ' 2 ', '', '-3.5e2', 'nan', 'x', '0x1', '+.5', 'é')
  const end = fc.constantFrom('\n', '\r\n')
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 2, maxLength: 6 })
  const outcome = (content: string) =>
    open(content).then(
      ({ points }) => points,
      (error: Error) => error.message,
    )
  await fc.assert(
    fc.asyncProperty(table, end, fc.array(fc.nat(6), { maxLength: 2 }), async (rows, end, blanks) => {
      const lines = rows.map(row => row.join())
      for (const at of blanks) lines.splice(at, 0, '  ')
      const quoted = lines.map(line => (line.trim() === '' ? line : line.replace(/^[^,]*/, '"$&"')))
      // A quoted cell keeps its spaces, which no number minds.
      expect(await outcome(quoted.join(end))).toEqual(await outcome(lines.join(end)))
    }),
    { numRuns: 100 },
  )
})

test('quotes that begin far down', async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => (i === 190_000 ? '"1\n",2' : `${i},${i % 5}`))
  const dataset = await open(`a,b\n${lines.join('\n')}\n`)
  expect(dataset.points.slice(380_000, 380_004)).toEqual([1, 2, 190_001, 1])
  lines[190_005] = 'oops,3'
  await expect(open(lines.join('\n'))).rejects.toThrow(
    `${path}: row 190007, column 1: expected a number, found "oops"`,
  )
})

test('any table survives writing and reading', async () => {
  const number = fc.float({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain(d => fc.array(fc.array(number, { minLength: d, maxLength: d }), { minLength: 2, maxLength: 8 }))
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom(',', '\t', ';'),
      fc.boolean(),
      async (rows, delimiter, header) => {
        const lines = rows.map(row => row.join(delimiter))
        if (header) lines.unshift(rows[0].map((_, i) => `column ${i}`).join(delimiter))
        expect((await open(lines.join('\n'))).points).toEqual(rows.flat())
      },
    ),
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
    [
      'decimal commas',
      '1,5;2,5\n3,5;4,5\n',
      'row 1, column 1: expected a number, found "1,5" (a decimal comma)',
    ],
    [
      'spaces between columns',
      '1 2\n3 4\n',
      'has numbers with spaces between them; name it as the delimiter',
    ],
    ['spaces below names', 'x y\n3  4\n', 'has numbers with spaces between them; name it as the delimiter'],
    [
      'another delimiter',
      '1|2\n3|4\n',
      'has numbers with "|" between them; name it as the delimiter: {csv: {path: ..., delimiter: "|"}}',
    ],
    ['an open quote', '1,2\n"3,4\n', 'row 2: a quote that is never closed'],
  ]
  test.each(cases)('%s', async (_, content, message) => {
    const opening = open(content)
    await expect(opening).rejects.toThrow(DataError)
    await expect(opening).rejects.toThrow(`${path}: ${message}`)
    await expect(opening).rejects.not.toThrow(/\n/)
  })

  test('a missing file', async () => {
    const none = join(folder, 'none.csv')
    await expect(openDataset(none)).rejects.toThrow(`${none}: no such file`)
  })

  test('a folder', async () => {
    mkdirSync(join(folder, 'folder.csv'))
    const csv = { path: join(folder, 'folder.csv') }
    await expect(openDataset({ csv })).rejects.toThrow(`${csv.path}: is a folder, expected a file`)
  })

  test('a word far down, and says how many there are', async () => {
    const rows = Array.from(
      { length: 120_000 },
      (_, i) => `${i / 7},${[99_999, 110_000, 119_000, 119_001].includes(i) ? 'oops' : i % 11}`,
    )
    await expect(open(`a,b\n${rows.join('\n')}\n`)).rejects.toThrow(
      `${path}: row 100001, column 2 ("b"): expected a number, found "oops" (and 3 more: row 110002, column 2 ("b"); row 119002, column 2 ("b"), ...)`,
    )
  })

  test('a column of words, and says what to do', async () => {
    await expect(open('a,b\n'.repeat(3) + '1,x\n'.repeat(20))).rejects.toThrow(/^((?!choose).)*$/)
    await expect(open('a,b\n' + '1,x\n'.repeat(20))).rejects.toThrow(
      /row 2, column 2 \("b"\): expected a number, found "x" \(and 19 more: .*\); choose other columns, or make this one the label$/,
    )
  })

  test('what is no number in every row, without reading to the end', async () => {
    await expect(open('1,a\n'.repeat(50_000))).rejects.toThrow(/row 1, column 2: .* \(and at least 9999 more/)
  })

  test('a line without end', async () => {
    await expect(open(`1,2\n${'3'.repeat(9_000_000)}`)).rejects.toThrow(
      `${path}: row 2: longer than 8388608 bytes`,
    )
  })

  test.each<[string, Buffer, string]>([
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n\0\0', 'latin1'), 'a PNG picture'],
    ['zeros', Buffer.alloc(40), 'a binary file'],
    ['JSON', Buffer.from('[1,2]\n[3,4]\n'), 'JSON'],
    ['a web page', Buffer.from('<!DOCTYPE html>\n<p>1,2</p>\n'), 'a web page'],
  ])('%s', async (_, content, found) => {
    await expect(open(content)).rejects.toThrow(`${path}: expected text of columns, found ${found}`)
  })

  test('what is compressed although its name does not say so, and the other way round', async () => {
    await expect(open(gzipSync('1,2\n3,4\n'))).rejects.toThrow(
      `${path}: is compressed by gzip; let its name end in .gz`,
    )
    writeFileSync(`${path}.gz`, '1,2\n3,4\n')
    await expect(openDataset(`${path}.gz`)).rejects.toThrow(
      `${path}.gz: expected a file compressed by gzip, found text`,
    )
  })
})
