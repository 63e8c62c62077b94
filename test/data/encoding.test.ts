import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { openDataset } from '../../src/data/catalogue.ts'
import { DataError } from '../../src/data/error.ts'
import { encodeNpy, encodeNpz } from '../../src/data/npy.ts'
import { readPoints } from '../../src/data/points.ts'
import { decodeText, wrongByte } from '../../src/data/utf8.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { encodeParquet } from './files.ts'

const folder = temporaryFolder('encoding')

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const wide = (text: string, swap: boolean): Buffer => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
  return swap ? bytes.swap16() : bytes
}
const points = async (path: string, options: object = {}) => [
  ...(await readPoints({ csv: { path, ...options } })).points,
]

test.each<[string, Buffer, string]>([
  ['in a row', latin1('x,c\n1,caf\xe9\n'), 'row 2, byte 9 (0xe9): not UTF-8, perhaps Latin-1'],
  ['in a header', latin1('gr\xf6\xdfe,y\n1,2\n3,4\n'), 'row 1, byte 2 (0xf6): not UTF-8'],
  ['after quotes', latin1('x,c\n1,"a\n"\n2,\xe4\n'), 'row 4, byte 13 (0xe4): not UTF-8'],
  ['half a character', Buffer.concat([Buffer.from('1,2\n3,é')]).subarray(0, -1), 'row 2, byte 6 (0xc3)'],
  ['an overlong form', Buffer.from([49, 44, 50, 10, 0xc0, 0xaf, 10]), 'row 2, byte 4 (0xc0)'],
  [
    'far down',
    Buffer.concat([Buffer.alloc(4_000_000, '1,2\n'), latin1('\xfc,1\n')]),
    'row 1000001, byte 4000000',
  ],
])('text that is not UTF-8 is refused by row and byte: %s', async (_, content, message) => {
  const path = file('latin.csv', content)
  await expect(openDataset({ csv: { path, label: 2 } })).rejects.toThrow(DataError)
  await expect(openDataset({ csv: { path, label: 2 } })).rejects.toThrow(`${path}: ${message}`)
})

test('so is JSON', async () => {
  const path = file('latin.jsonl', latin1('{"x": 1, "c": "a"}\n{"x": 2, "c": "\xe9"}\n'))
  await expect(openDataset({ jsonl: { path, label: 'c' } })).rejects.toThrow(`${path}: row 2, byte 34 (0xe9)`)
})

test('marks of byte order are understood', async () => {
  for (const swap of [false, true]) {
    expect(await points(file('wide.csv', wide('x;"y"\n1;2\n3;4\n', swap)))).toEqual([1, 2, 3, 4])
    expect((await readPoints(file('wide.jsonl', wide('[1, 2]\n[3, 4]\n', swap)))).points).toHaveLength(4)
  }
  const bare = file('bare.csv', Buffer.from('x,y\n1,2\n3,4\n', 'utf16le'))
  await expect(openDataset(bare)).rejects.toThrow('found text of UTF-16 without a byte order mark')
  const half = file('half.csv', wide('x,y\n1,2\n3,4\n', false).subarray(0, -1))
  await expect(openDataset(half)).rejects.toThrow('not valid UTF-16')
})

test('labels of Parquet, names of arrays, of pictures and of classes are UTF-8', async () => {
  const label = Buffer.from([0x66, 0xfc])
  const table = encodeParquet([
    { name: 'x', data: [1, 2, 3], type: 'DOUBLE' },
    { name: 'c', data: [label, label, label], type: 'BYTE_ARRAY' },
  ])
  await expect(openDataset({ parquet: { path: file('l.parquet', table), label: 'c' } })).rejects.toThrow(
    /row 1, column 2 \("c"\): expected a label of UTF-8/,
  )
  const array = { shape: [2, 1], data: new Float32Array(2) }
  const zip = Buffer.from(encodeNpz({ ab: array }))
  for (let at = zip.indexOf('ab.npy'); at >= 0; at = zip.indexOf('ab.npy', at + 1)) zip[at + 1] = 0xfc
  for (const [mark, place] of [
    ['PK\x03\x04', 6],
    ['PK\x01\x02', 8],
  ] as const) {
    const at = zip.indexOf(mark, 0, 'latin1') + place
    zip.writeUInt16LE(zip.readUInt16LE(at) | 0x800, at)
  }
  await expect(openDataset(file('names.npz', zip))).rejects.toThrow(/the name of an array .* is not UTF-8/)
  const cifar = join(folder, 'cifar')
  mkdirSync(cifar)
  writeFileSync(join(cifar, 'data_batch_1.bin'), Buffer.alloc(3073))
  writeFileSync(join(cifar, 'batches.meta.txt'), latin1('a\nb\n\xfc\n'))
  await expect(openDataset(cifar)).rejects.toThrow(/batches\.meta\.txt: row 3, byte 4 \(0xfc\)/)
})

test('two arrays of one name are refused', async () => {
  const bytes = encodeNpy({ shape: [2, 1], data: new Float32Array(2) })
  const zip = Buffer.from(
    encodeNpz({
      a: { shape: [2, 1], data: new Float32Array(2) },
      b: { shape: [2, 1], data: new Float32Array(2) },
    }),
  )
  for (let at = zip.indexOf('b.npy'); at >= 0; at = zip.indexOf('b.npy', at + 1)) zip.write('a', at)
  expect(crc32(bytes)).toBeGreaterThan(0)
  await expect(openDataset(file('twice.npz', zip))).rejects.toThrow('two arrays are called "a.npy"')
})

test('the first wrong byte is that of a strict decoder', () => {
  const strict = new TextDecoder('utf-8', { fatal: true })
  const isText = (bytes: Uint8Array): boolean => {
    try {
      strict.decode(bytes)
      return true
    } catch {
      return false
    }
  }
  const pieces = ['a', 'é', '€', '😀'].map(text => [...Buffer.from(text)])
  for (let first = 0x80; first < 256; first++) {
    for (const second of [0x20, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]) {
      const bytes = Uint8Array.from([...pieces.flat(), first, second, 0x80, 0x80])
      expect(wrongByte(bytes) < 0, `${first} ${second}`).toBe(isText(bytes))
      if (!isText(bytes)) expect(wrongByte(bytes)).toBeGreaterThanOrEqual(10)
    }
  }
  expect(decodeText(Buffer.from('\ufeffä'), 'f')).toBe('ä')
})

test('Excel’s line of the delimiter is understood', async () => {
  for (const content of [
    'sep=;\nx;y\n1;2\n3;4\n',
    '\ufeff"sep=|"\r\nx|y\r\n1|2\r\n3|4\r\n',
    'SEP=\t\n1\t2\n3\t4\n',
  ]) {
    expect(await points(file('sep.csv', content))).toEqual([1, 2, 3, 4])
  }
  await expect(openDataset(file('sep.csv', 'sep=;\nx;y\n1;2\n3;a\n'))).rejects.toThrow(
    /row 4, column 2 \("y"\)/,
  )
})

test('decimal commas are read where that is asked for', async () => {
  const path = file('commas.csv', 'x;y\n1,5;-2\n,5;3e1\n')
  expect(await points(path, { decimal: ',' })).toEqual([1.5, -2, 0.5, 30])
  expect(await points(file('tabs.tsv', '1,5\t2,5\n3\t4\n'), { decimal: ',' })).toEqual([1.5, 2.5, 3, 4])
  await expect(points(file('dots.csv', '1.5;2,5\n3;4\n'), { decimal: ',' })).rejects.toThrow(
    /row 1, column 1: expected a number, found "1\.5" \(a decimal point/,
  )
  await expect(points(path, { decimal: ',', delimiter: ',' })).rejects.toThrow(
    /both the decimal and the delimiter/,
  )
  await expect(points(file('either.csv', '1.100;2,5\n3;4\n'), { decimal: ',' })).rejects.toThrow(
    'found "1.100" (a thousands separator, or a decimal point where a comma was named); write 1100 or 1,100',
  )
})

test.each<[string, string, number[]]>([
  ['commas between cells', 'h,w\n"0,25","-5,5"\n"1e-1","2"\n3,"4,5"\n', [0.25, -5.5, 0.1, 2, 3, 4.5]],
  ['commas and no names', '"0,25","5,5"\n"1,5","2,5"\n', [0.25, 5.5, 1.5, 2.5]],
  ['commas after a line for Excel', 'sep=,\n"0,25","5,5"\n"1,5","2,5"\n', [0.25, 5.5, 1.5, 2.5]],
  ['a semicolon in a name', '"h;cm","w"\n"1,5","2,5"\n"3,5","4,5"\n', [1.5, 2.5, 3.5, 4.5]],
  ['semicolons between cells', '"h,cm";"w"\n"1,5";"2,5"\n"3,5";4,5\n', [1.5, 2.5, 3.5, 4.5]],
])('decimal commas in quotes are read, with %s', async (_, content, expected) => {
  const path = file('quoted-commas.csv', content)
  const advice = '{csv: {path: ..., decimal: ","}}'
  await expect(openDataset(path)).rejects.toThrow(advice)
  expect(await points(path, { decimal: ',' })).toEqual(expected.map(Math.fround))
})

test('a comma as decimal and delimiter is right where numbers are in quotes', async () => {
  const path = file('quoted-commas.csv', 'x,y\n"1,5",2\n3,"4,5"\n')
  expect(await points(path, { decimal: ',', delimiter: ',' })).toEqual([1.5, 2, 3, 4.5])
  const texts = { csv: { path: file('texts.csv', '"a",5\n"b",6\n'), decimal: ',', delimiter: ',' } } as const
  await expect(openDataset(texts)).rejects.toThrow('where numbers are not in quotes')
})

test.each<[string, string, '.' | ',', string]>([
  ['1.100,5', ';', '.', '1100.5'],
  ['1.100,5', ';', ',', '1100,5'],
  ['"1,100.5"', ',', '.', '1100.5'],
  ['"1,100.5"', ',', ',', '1100,5'],
  ["-1'234'567.25", ',', '.', '-1234567.25'],
  ['1.234.567', ';', ',', '1234567'],
  ['1 234,5', ';', ',', '1234,5'],
  ['"1,234,567"', ',', '.', '1234567'],
])(
  'of a number with separators such as %s the message says how to write it',
  async (cell, delimiter, decimal, plain) => {
    const content = (cell: string) =>
      ['x', 'y'].join(delimiter) + `\n${[cell, 7].join(delimiter)}\n1${delimiter}2\n`
    const path = file('thousands.csv', content(cell))
    const error = (await points(path, { decimal, delimiter }).catch(error => error)) as Error
    expect(error.message).toContain(`(a thousands separator); write ${plain}`)
    const number = Number(plain.replace(',', '.'))
    expect((await points(file('plain.csv', content(cell.replace(/[^"]+/, plain))), { decimal }))[0]).toBe(
      number,
    )
  },
)

test('a text in JSON lines is not read by an option of CSV', async () => {
  const error = (await openDataset(file('text.jsonl', '[1, "2,5"]\n[1, 2]\n')).catch(error => error)) as Error
  expect(error.message).toMatch(/"2,5" \(a decimal comma\); write 2\.5$/)
})

test.each<[string, string, RegExp]>([
  [
    'a decimal comma',
    '1,5;2\n3;4\n',
    /row 1, column 1: .*"1,5" \(a decimal comma\); read the file with \{csv: .*decimal/,
  ],
  ['below names', 'x;y\n1;2,25\n', /row 2, column 2 \("y"\): .*"2,25" \(a decimal comma\)/],
  ['with spaces between', '1,5 2,5\n3,5 4,5\n', /has numbers with decimal commas and spaces between them/],
  ['thousands', 'x;y\n1.234.567;2\n', /row 2, column 1 \("x"\): .*\(a thousands separator\)/],
  ['thousands in quotes', 'x,y\n"1,234",2\n', /"1,234" \(a thousands separator or a decimal comma\)/],
  ['thousands with spaces', 'x;y\n12 345;2\n', /"12 345" \(a thousands separator\)/],
  [
    'NA',
    'x,y\n1,NA\n',
    /row 2, column 2 \("y"\): expected a number, found "NA" \(a missing value\); fill it in/,
  ],
  [
    'an empty cell',
    'x,y\n1,\n',
    /row 2, column 2 \("y"\): expected a number, found an empty cell; fill it in/,
  ],
  ['NaN', 'x,y\nNaN,1\n', /row 2, column 1 \("x"\): expected a finite number, found NaN; fill it in/],
])('what is no number is named as what it is: %s', async (_, content, message) => {
  const error = await openDataset(file('cells.csv', content)).catch((error: Error) => error)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message).not.toContain('\n')
})
