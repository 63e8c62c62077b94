import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { brotliCompressSync, crc32, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { type DatasetSpec, openDataset } from '../../src/data/catalogue.ts'
import { DataError } from '../../src/data/error.ts'
import { encodeNpy, encodeNpz } from '../../src/data/npy.ts'
import { readPoints } from '../../src/data/points.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { encodeCifar, encodeIdx, encodeParquet, encodePicture } from './files.ts'

const folder = temporaryFolder('formats')
let made = 0

function file(name: string, content: string | Uint8Array): string {
  const at = join(folder, String(made++))
  mkdirSync(at)
  writeFileSync(join(at, name), content)
  return join(at, name)
}

const bytes = (count: number, seed = 1): Uint8Array => {
  const stream = random(seed, 'bytes')
  return Uint8Array.from({ length: count }, () => stream.integer(256))
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

/** The class of each row, by drawing all rows. */
async function classesByRow(spec: DatasetSpec): Promise<Map<string, string>> {
  const { split, dimension, labels } = await openDataset(spec, { holdOut: 0 })
  const [out, classes] = [new Float32Array(split!.training * dimension), new Uint16Array(split!.training)]
  split!.take('training', random(1), out, classes)
  return new Map(
    Array.from(classes, (label, i) => [
      out.subarray(i * dimension, (i + 1) * dimension).join(),
      labels!.names[label],
    ]),
  )
}

const number = fc.float({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)
const table = fc
  .integer({ min: 1, max: 4 })
  .chain(d => fc.array(fc.array(number, { minLength: d, maxLength: d }), { minLength: 2, maxLength: 12 }))

type Writer = (rows: number[][]) => string | Uint8Array

const columnsOf = (rows: number[][]) => rows[0].map((_, i) => rows.map(row => row[i]))
const npyOf = (rows: number[][], Type: typeof Float32Array | typeof Float64Array) =>
  encodeNpy({ shape: [rows.length, rows[0].length], data: Type.from(rows.flat()) })

const writers: Record<string, Writer> = {
  'float32.npy': rows => npyOf(rows, Float32Array),
  'float64.npy': rows => npyOf(rows, Float64Array),
  'compressed.npy.gz': rows => gzipSync(npyOf(rows, Float32Array)),
  'plain.npz': rows =>
    encodeNpz({ x: { shape: [rows.length, rows[0].length], data: Float32Array.from(rows.flat()) } }),
  'deflated.npz': rows => zipSync({ 'x.npy': npyOf(rows, Float64Array) }, { level: 6 }),
  'arrays.jsonl': rows => rows.map(row => `${JSON.stringify(row)}\n`).join(''),
  'objects.jsonl': rows =>
    rows.map(row => JSON.stringify(Object.fromEntries(row.map((x, i) => [`k${i}`, x])))).join('\n'),
  'lines.ndjson.gz': rows => gzipSync(rows.map(row => `${JSON.stringify(row)}\r\n`).join('\n')),
  'table.csv.gz': rows => gzipSync(rows.map(row => row.join()).join('\n')),
  'table.parquet': rows =>
    encodeParquet(columnsOf(rows).map((data, i) => ({ name: `c${i}`, data, type: 'DOUBLE' }))),
}

test.each(Object.entries(writers))('any points survive %s', { timeout: 20_000 }, async (name, write) => {
  await fc.assert(
    fc.asyncProperty(table, async rows => {
      const path = file(name, write(rows))
      const { dimension, points } = await readPoints(path)
      expect(dimension).toBe(rows[0].length)
      expect([...points]).toEqual(rows.flat())
      const { fingerprint } = await openDataset(path)
      expect(fingerprint).toMatchObject({
        rows: rows.length,
        minimum: columnsOf(rows).map(c => Math.min(...c)),
      })
    }),
    { numRuns: name.endsWith('parquet') ? 4 : 25 },
  )
})

describe('NPY', () => {
  const header = (descr: string, shape: string, fortran = 'False') => {
    const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }\n`
    const length = Buffer.alloc(2)
    length.writeUInt16LE(text.length)
    return Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), length, Buffer.from(text)])
  }
  const npy = (descr: string, shape: string, data: ArrayBufferView, fortran?: string) =>
    file('x.npy', Buffer.concat([header(descr, shape, fortran), Buffer.from(data.buffer as ArrayBuffer)]))

  test.each<[string, ArrayBufferView, number[]]>([
    ['|b1', Uint8Array.of(1, 0, 0, 1), [1, 0, 0, 1]],
    ['|u1', Uint8Array.of(1, 2, 3, 255), [1, 2, 3, 255]],
    ['|i1', Int8Array.of(1, -2, 3, -128), [1, -2, 3, -128]],
    ['<u2', Uint16Array.of(1, 2, 3, 65535), [1, 2, 3, 65535]],
    ['<i2', Int16Array.of(1, 2, 3, -32768), [1, 2, 3, -32768]],
    ['<i4', Int32Array.of(1, 2, 3, -4), [1, 2, 3, -4]],
    ['<u4', Uint32Array.of(1, 2, 3, 2 ** 31), [1, 2, 3, 2 ** 31]],
    ['<i8', BigInt64Array.of(1n, 2n, 3n, -4n), [1, 2, 3, -4]],
    ['<u8', BigUint64Array.of(1n, 2n, 3n, 4n), [1, 2, 3, 4]],
    ['<f2', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff), [1, -2, 2 ** -24, 65504]],
    ['<f8', Float64Array.of(1, 2, 3, 4.5), [1, 2, 3, 4.5]],
    ['>f4', Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x40, 0, 0), [1, -2, 0, 3]],
    ['>i2', Uint8Array.of(0, 1, 1, 0, 255, 255, 0, 3), [1, 256, -1, 3]],
  ])('%s', async (descr, data, values) => {
    expect([...(await readPoints(npy(descr, '2, 2', data))).points]).toEqual(values)
  })

  test('Fortran order', async () => {
    const path = npy('<f8', '3, 2', Float64Array.of(1, 2, 3, 10, 20, 30), 'True')
    expect([...(await readPoints(path)).points]).toEqual([1, 10, 2, 20, 3, 30])
  })

  test('an array [n] is one column, as in text', async () => {
    const found = await openDataset(npy('<f4', '5,', Float32Array.of(1, 2, 3, 4, 5)))
    expect(found).toMatchObject({ dimension: 1, fingerprint: { rows: 5, minimum: [1], maximum: [5] } })
  })

  test.each<[string, number, [number, number, number]]>([
    ['5, 3, 2', 30, [3, 2, 1]],
    ['5, 3, 2, 3', 90, [3, 2, 3]],
  ])('pictures [%s]', async (shape, count, picture) => {
    const dataset = await openDataset(npy('|u1', shape, bytes(count)))
    expect(dataset).toMatchObject({ shape: picture, dimension: count / 5 })
    expect(dataset.fingerprint.minimum).toHaveLength(picture[2])
  })

  test.each<[string, string, string]>([
    ['<f4', '5, 3, 2', 'or pictures [n, H, W] or [n, H, W, C] of uint8; found f4 [5, 3, 2]'],
    ['|u1', '5, 3, 2, 4', 'pictures [n, H, W, C] of 1 or 3 channels, found [5, 3, 2, 4]'],
    ['<c8', '5, 2', 'expected numbers (b1, u1'],
    ['<f4', '0, 2', 'expected points [n, D], found an array [0, 2]'],
    ['<f4', '99999999999, 99999999999', 'cannot have the shape'],
    ['<f4', '1000000, 1000000', 'expected 4000000000000 bytes of numbers for [1000000, 1000000], found 120'],
    ['<f4', '-5, 2', 'its header is damaged'],
  ])('refuses %s [%s]', async (descr, shape, message) => {
    const size =
      { '5, 3, 2': 120, '5, 3, 2, 4': 120, '5, 2': 80, '5': 20 }[shape] ?? (shape === '0, 2' ? 0 : 120)
    await expect(openDataset(npy(descr, shape, new Uint8Array(size)))).rejects.toThrow(message)
  })
})

describe('NPZ', () => {
  const x = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }
  const y = { shape: [3], data: Float32Array.of(2, 0, 2) }
  const path = file('two.npz', encodeNpz({ x, y }))

  test('one array is chosen, with labels from another', async () => {
    expect((await openDataset({ npz: { path, array: 'x' } })).labels).toBeUndefined()
    const spec = { npz: { path, labels: 'y' } }
    expect((await openDataset(spec)).labels).toEqual({ names: ['0', '2'], counts: [1, 2] })
    expect((await classesByRow(spec)).get('3,4')).toBe('0')
  })

  test.each<[string, DatasetSpec, string]>([
    ['no choice', path, 'holds several arrays ("x, y"); choose one with array'],
    ['an unknown array', { npz: { path, array: 'z' } }, 'no array "z" (there are "x, y")'],
    [
      'labels of another length',
      {
        npz: { path: file('l.npz', encodeNpz({ x, y: { shape: [2], data: y.data.slice(1) } })), labels: 'y' },
      },
      'x: expected a label for each of 3 rows, found 2 labels',
    ],
    ['an archive of something else', file('docx.npz', zipSync({ 'a.txt': bytes(5) })), 'holds no array'],
    [
      'a path that leads out of it',
      file('escape.npz', zipSync({ '../x.npy': encodeNpy(x) })),
      'a name in it leads out of the archive',
    ],
    ['text', file('text.npz', '1,2\n'), 'expected an NPZ archive, found text'],
  ])('refuses %s', async (_, spec, message) => {
    await expect(openDataset(spec)).rejects.toThrow(DataError)
    await expect(openDataset(spec)).rejects.toThrow(message)
  })

  test('a small file that inflates to very much', async () => {
    const zeros = encodeNpy({ shape: [17_000_000, 1], data: new Float32Array(17_000_000) })
    const bomb = file('bomb.npz', zipSync({ 'x.npy': zeros }, { level: 6 }))
    await expect(openDataset(bomb)).rejects.toThrow(/x: inflates to 680\d+ bytes, over 200 times its size/)
  })

  test('an entry whose checksum differs', async () => {
    const archive = Buffer.from(encodeNpz({ x }))
    archive[archive.indexOf(Buffer.from(x.data.buffer)) + 3] ^= 1
    await expect(openDataset(file('flipped.npz', archive))).rejects.toThrow(
      'x: is damaged (its checksum differs)',
    )
  })

  // A zip archive has each name twice.
  test.each(['indexOf', 'lastIndexOf'] as const)('an entry whose name was damaged, by %s', async find => {
    const archive = Buffer.from(encodeNpz({ x }))
    archive[archive[find]('x.npy')] ^= 1
    await expect(openDataset(file(`named-${find}.npz`, archive))).rejects.toThrow(
      /: is damaged \(its name is written twice, the other is "[xy]\.npy"\)$/,
    )
  })

  test('an entry that is longer than it says', async () => {
    const archive = zipSync({ 'x.npy': encodeNpy(x) })
    const view = Buffer.from(archive)
    const central = view.lastIndexOf('PK\x01\x02', undefined, 'latin1')
    view.writeUInt32LE(view.readUInt32LE(central + 24) - 4, central + 24)
    await expect(openDataset(file('lie.npz', view))).rejects.toThrow(DataError)
  })
})

describe('JSON lines', () => {
  const lines = ['{"a":1,"b":2,"v":[5,6,7],"kind":"p"}', '{"b":4,"a":3,"v":[8,9,9],"kind":"q"}']
  const path = file('rows.jsonl', `${lines.join('\n')}\n`)

  test('keys, in any order on a line, or one field', async () => {
    expect((await classesByRow({ jsonl: { path, columns: ['b', 'a'], label: 'kind' } })).get('4,3')).toBe('q')
    expect((await classesByRow({ jsonl: { path, field: 'v', label: 'kind' } })).get('5,6,7')).toBe('p')
  })

  test.each<[string, string, string]>([
    ['a word', '[1,2]\n[3,"x"]\n', 'row 2, column 2: expected a number, found "x"'],
    ['null', '{"a":1,"b":2}\n{"a":null,"b":2}\n', 'row 2, column 1 ("a"): expected a number, found nothing'],
    ['a large number', '[1]\n[1e40]\n', 'row 2, column 1: expected a finite 32-bit number, found 1e+40'],
    ['a short row', '[1,2]\n\n[3]\n', 'row 3: expected 2 numbers, found 1'],
    ['a missing key', '{"a":1}\n{"b":1}\n', 'row 2: no key "a"'],
    ['a key of every object', '{"a":1,"toString":2}\n{"a":1}\n', 'row 2: no key "toString"'],
    [
      'a document over lines',
      '{\n"a":1\n}\n',
      'row 1: expected one JSON document on the line (and 2 more: row 2; row 3)',
    ],
    ['a bare number', '1\n2\n', 'row 1: expected an array of numbers or an object, found 1'],
    ['nested arrays', '[[1,2],[3,4]]\n[[1,2],[3,4]]\n', 'row 1, column 1: expected a number, found [1,2]'],
    ['depth', `${'['.repeat(200_000)}\n[1]\n`, 'row 1: expected one JSON document'],
    ['no numbers', '[]\n[]\n', 'row 1: expected numbers, found none'],
    ['nothing', '\n\n', 'the file is empty'],
    ['a web page', '<html></html>\n', 'expected JSON on each line, found a web page'],
  ])('refuses %s', async (_, content, message) => {
    const path = file('wrong.jsonl', content)
    await expect(openDataset(path)).rejects.toThrow(DataError)
    await expect(openDataset(path)).rejects.toThrow(`${path}: ${message}`)
  })

  test('keys of the prototype are keys like others', async () => {
    const path = file('proto.jsonl', '{"__proto__":1,"constructor":2}\n{"__proto__":3,"constructor":4}\n')
    expect([...(await readPoints(path)).points]).toEqual([1, 2, 3, 4])
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })
})

describe('Parquet', () => {
  const rows = 500
  const columns = [
    { name: 'x', data: Array.from({ length: rows }, (_, i) => i / 8), type: 'DOUBLE' },
    { name: 'n', data: Array.from({ length: rows }, (_, i) => BigInt(i % 100)), type: 'INT64' },
    { name: 'flag', data: Array.from({ length: rows }, (_, i) => i % 3 === 0), type: 'BOOLEAN' },
    { name: 'kind', data: Array.from({ length: rows }, (_, i) => (i % 2 ? 'odd' : 'even')), type: 'STRING' },
  ]
  const path = file('t.parquet', encodeParquet(columns, { rowGroupSize: 120 }))

  test('numbers of any type over row groups, with words as labels', async () => {
    const spec = { parquet: { path, label: 'kind' } }
    const dataset = await openDataset(spec)
    expect(dataset).toMatchObject({ dimension: 3, labels: { names: ['even', 'odd'], counts: [250, 250] } })
    expect((await classesByRow(spec)).get('50.125,1,0')).toBe('odd')
    expect((await openDataset({ parquet: { path, columns: ['n', 1] } })).fingerprint).toEqual({
      sha256: dataset.fingerprint.sha256,
      rows,
      minimum: [0, 0],
      maximum: [99, 499 / 8],
    })
  })

  test.each<[string, ((bytes: Uint8Array) => Uint8Array)?]>([
    ['GZIP', gzipSync],
    ['BROTLI', brotliCompressSync],
    ['SNAPPY'],
    ['UNCOMPRESSED'],
  ])('codec %s', async (codec, compress) => {
    const content = encodeParquet(columns.slice(0, 2), {
      codec,
      ...(compress && { compressors: { [codec]: compress } }),
    })
    const { points } = await readPoints(file('c.parquet', content))
    expect([...points.subarray(200, 204)]).toEqual([12.5, 0, 12.625, 1])
  })

  test.each<[string, DatasetSpec, string]>([
    ['a column of words', path, 'row 1, column 4 ("kind"): expected a number, found "even" (and 499 more: '],
    ['an unknown column', { parquet: { path, columns: ['kid'] } }, 'no column "kid", did you mean "kind"?'],
    [
      'a value that is not there',
      file('null.parquet', encodeParquet([{ name: 'a', data: [1.5, null, 2.5], type: 'DOUBLE' }])),
      'row 2, column 1 ("a"): expected a number, found nothing',
    ],
    ['text', file('text.parquet', 'a,b\n1,2\n'), 'expected a Parquet file, found text'],
    [
      'a cut file',
      file('cut.parquet', encodeParquet(columns).subarray(0, 900)),
      'not a Parquet file that can be read',
    ],
  ])('refuses %s', async (_, spec, message) => {
    await expect(openDataset(spec)).rejects.toThrow(DataError)
    await expect(openDataset(spec)).rejects.toThrow(message)
  })
})

long(
  'a Parquet file that asks for more memory than there is ends nothing but its reader',
  {
    timeout: 60_000,
  },
  async () => {
    const rows = 2 ** 21
    const column = { name: 'a', data: new Array(rows).fill(true), type: 'BOOLEAN' }
    const content = encodeParquet([column], { codec: 'UNCOMPRESSED', statistics: false, rowGroupSize: rows })
    // The length of a run of equal values, from 2^21 to 2^27.
    const run = content.indexOf(Buffer.of(0x80, 0x80, 0x80, 0x02, 0x01))
    expect(run).toBeGreaterThan(0)
    expect((await openDataset(file('run.parquet', content))).fingerprint.rows).toBe(rows)
    content.set([0xfe, 0xff, 0xff, 0x7f], run)
    const path = file('run.parquet', content)
    // Which limit it meets first depends on the machine.
    await expect(openDataset(path)).rejects.toThrow(
      /run\.parquet: not a Parquet file that can be read \(it (needs too much memory|takes too long)\)/,
    )
  },
)

long('a Parquet file is held to the ratio of other compressed formats', { timeout: 60_000 }, async () => {
  const rows = 2 ** 20
  const data = new Array(rows).fill(true)
  const columns = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `c${i}`, data, type: 'BOOLEAN' }))
  const many = file('many.parquet', encodeParquet(columns(17)))
  await expect(openDataset(many)).rejects.toThrow(
    `${many}: its ${rows} rows inflate to ${17 * rows * 4} bytes, over 200 times its size; not read`,
  )
  const chosen = { parquet: { path: many, columns: ['c3'] } }
  expect((await openDataset(chosen)).fingerprint.rows).toBe(rows)
})

describe('IDX', () => {
  const [pixels, labels] = [bytes(30 * 12), Array.from({ length: 30 }, (_, i) => i % 4)]

  test.each(['', '.gz'])('pictures with the labels beside them%s', async ending => {
    const packed = (content: Buffer) => (ending ? gzipSync(content) : content)
    const path = file(`train-images-idx3-ubyte${ending}`, packed(encodeIdx([30, 4, 3], pixels)))
    writeFileSync(path.replace('images-idx3', 'labels-idx1'), packed(encodeIdx([30], labels)))
    const dataset = await openDataset(path)
    expect(dataset).toMatchObject({
      dimension: 12,
      shape: [4, 3, 1],
      labels: { names: ['0', '1', '2', '3'], counts: [8, 8, 7, 7] },
    })
    expect([...(await readPoints(path)).points]).toEqual([...pixels])
    expect((await classesByRow(path)).get([...pixels.subarray(60, 72)].join())).toBe('1')
  })

  test('points without labels', async () => {
    const path = file('x.idx', encodeIdx([180, 2], pixels))
    expect(await openDataset(path)).toMatchObject({ dimension: 2, fingerprint: { rows: 180 } })
    const whole = new Int16Array([1, -2, 3, 4])
    const swapped = Buffer.from(whole.buffer).swap16()
    expect([...(await readPoints(file('i2.idx', encodeIdx([2, 2], swapped, 11)))).points]).toEqual([
      1, -2, 3, 4,
    ])
  })

  test.each<[string, () => Buffer, string]>([
    ['labels alone', () => encodeIdx([30], labels), 'expected points or pictures, found an array [30]'],
    [
      'a cut file',
      () => encodeIdx([30, 4, 3], pixels).subarray(0, 200),
      'expected 360 bytes of numbers for [30, 4, 3], found 184',
    ],
    ['a long file', () => encodeIdx([29, 4, 3], pixels), 'expected 348 bytes of numbers'],
    ['an absurd shape', () => encodeIdx([2 ** 31, 2 ** 31, 2 ** 31], pixels), 'expected 9.9'],
    ['an unknown type', () => encodeIdx([30, 4, 3], pixels, 10), 'damaged header'],
    ['a cut header', () => encodeIdx([30, 4, 3], pixels).subarray(0, 11), 'damaged header'],
    ['text', () => Buffer.from('1,2\n3,4\n'), 'expected an IDX array, found text'],
  ])('refuses %s', async (_, content, message) => {
    const path = file('x-idx3-ubyte', content())
    await expect(openDataset(path)).rejects.toThrow(DataError)
    await expect(openDataset(path)).rejects.toThrow(message)
  })

  long('refuses a cut gzip stream, and one that inflates to very much', async () => {
    const whole = gzipSync(encodeIdx([30, 4, 3], pixels))
    const cut = file('c-idx3-ubyte.gz', whole.subarray(0, whole.length - 30))
    await expect(openDataset(cut)).rejects.toThrow(`${cut}: the gzip stream is cut short`)
    const bomb = file(
      'b-idx3-ubyte.gz',
      gzipSync(
        encodeIdx([1, 1, 1], []).fill(1) &&
          Buffer.concat([encodeIdx([70_000, 1000], []), Buffer.alloc(70_000_000)]),
      ),
    )
    await expect(openDataset(bomb)).rejects.toThrow(/inflates to more than \d+ bytes, 200 times its size/)
  })
})

describe('CIFAR-10', () => {
  const [pixels, labels] = [bytes(6 * 3072), [3, 9, 0, 3, 1, 1]]
  const path = file('data_batch_1.bin', encodeCifar(labels.slice(0, 4), pixels.subarray(0, 4 * 3072)))
  const second = path.replace('_1', '_2')
  writeFileSync(second, encodeCifar(labels.slice(4), pixels.subarray(4 * 3072)))
  writeFileSync(path.replace('data_batch_1', 'test_batch'), encodeCifar([5], pixels.subarray(0, 3072)))

  test.each<[string, DatasetSpec, number]>([
    ['a file', path, 4],
    ['files', { cifar: { path: [path, second] } }, 6],
    ['their folder', join(path, '..'), 6],
  ])('%s', async (_, spec, rows) => {
    const dataset = await openDataset(spec)
    expect(dataset).toMatchObject({ dimension: 3072, shape: [32, 32, 3], fingerprint: { rows } })
    expect(dataset.labels!.names).toHaveLength(10)
    expect((await classesByRow(spec)).get(pixels.subarray(3072, 6144).join())).toBe('9')
  })

  test('names of the classes that lie beside it', async () => {
    const at = file('data_batch_1.bin', encodeCifar(labels, pixels))
    const names = ['airplane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
    writeFileSync(join(at, '..', 'batches.meta.txt'), `${names.join('\n')}\n\n`)
    expect((await openDataset(at)).labels).toEqual({ names, counts: [1, 2, 0, 2, 0, 0, 0, 0, 0, 1] })
  })

  test.each<[string, () => Buffer, string]>([
    [
      'a cut file',
      () => encodeCifar([1, 2], pixels).subarray(0, 5000),
      'expected CIFAR-10 records of 3073 bytes, found 5000 bytes',
    ],
    ['a wrong label', () => encodeCifar([1, 10], pixels), 'record 2: expected a label from 0 to 9, found 10'],
    ['another file', () => Buffer.from('hello'), 'expected CIFAR-10 records'],
  ])('refuses %s', async (_, content, message) => {
    await expect(openDataset(file('x.bin', content()))).rejects.toThrow(message)
  })
})

describe('a folder of pictures', () => {
  const solid = (r: number, g: number, b: number, [h, w] = [6, 8]) =>
    Uint8Array.from({ length: 3 * h * w }, (_, i) => [r, g, b][i % 3])

  async function pictures(files: Record<string, Buffer>): Promise<string> {
    const at = join(folder, `pictures-${made++}`)
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(at, name, '..'), { recursive: true })
      writeFileSync(join(at, name), content)
    }
    return at
  }

  test('of three formats, classes by subfolder, pixels as they are', async () => {
    const [a, b, c] = [bytes(144), bytes(144, 2), solid(200, 100, 50)]
    const files = {
      'cat/1.png': await encodePicture([6, 8, 3], a),
      'dog/2.webp': await encodePicture([6, 8, 3], b, 'webp'),
      'cat/3.JPG': await encodePicture([6, 8, 3], c, 'jpeg'),
      'notes.txt': Buffer.from('left out'),
      'dog/.hidden.png': Buffer.from('left out'),
    }
    const path = await pictures(files)
    const dataset = await openDataset(path)
    expect(dataset).toMatchObject({
      name: basename(path),
      dimension: 144,
      shape: [6, 8, 3],
      labels: { names: ['cat', 'dog'], counts: [2, 1] },
    })
    const lines = ['cat/1.png', 'cat/3.JPG', 'dog/2.webp'].map(
      name => `${sha256(files[name as keyof typeof files])}  ${name}\n`,
    )
    expect(dataset.fingerprint.sha256).toBe(sha256(lines.join('')))
    const { points } = await readPoints(path)
    expect([...points.subarray(0, 144)]).toEqual([...a])
    expect([...points.subarray(288)]).toEqual([...b])
    points.subarray(144, 288).forEach((value, i) => {
      expect(Math.abs(value - c[i])).toBeLessThan(4)
    })
  })

  test('resized, cropped, grey', async () => {
    // Red left and right, blue in the middle.
    const wide = Uint8Array.from({ length: 10 * 30 * 3 }, (_, i) => {
      const inside = Math.floor(i / 3) % 30 >= 10 && Math.floor(i / 3) % 30 < 20
      return (i % 3 === 0 && !inside) || (i % 3 === 2 && inside) ? 255 : 0
    })
    const path = await pictures({
      'a.png': await encodePicture([10, 30, 3], wide),
      'b.png': await encodePicture([20, 20, 3], solid(9, 9, 9, [20, 20])),
    })
    const open = async (options: object) => {
      const spec = { images: { path, size: 4, ...options } } as DatasetSpec
      const dataset = await openDataset(spec, { holdOut: 0 })
      const out = new Float32Array(2 * dataset.dimension)
      dataset.split!.take('training', random(1), out)
      const first = out[0] === 9 ? dataset.dimension : 0
      return { image: dataset.shape, pixels: out.subarray(first, first + dataset.dimension) }
    }
    const cropped = await open({})
    expect(cropped.image).toEqual([4, 4, 3])
    expect(cropped.pixels[3 * 5 + 2]).toBeGreaterThan(240)
    const whole = await open({ crop: 'none', size: [4, 6] })
    expect(whole.image).toEqual([4, 6, 3])
    expect(whole.pixels[0]).toBeGreaterThan(200)
    const grey = await open({ color: 'grey' })
    expect(grey.image).toEqual([4, 4, 1])
    expect(new Set(grey.pixels).size).toBeLessThan(4)
  })

  test('what is transparent is black', async () => {
    const clear = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? 0 : 255))
    const path = await pictures({
      'a.png': await encodePicture([2, 2, 4], clear),
      'b.png': await encodePicture([2, 2, 4], new Uint8Array(16).fill(255)),
    })
    const { points } = await readPoints(path)
    expect([...points]).toEqual([...new Array(12).fill(0), ...new Array(12).fill(255)])
  })

  test('folders of a set in parts are no classes, which a warning says', async () => {
    const one = await encodePicture([2, 2, 3], bytes(12))
    const path = await pictures({ 'test/cat/1.png': one, 'train/cat/1.png': one, 'train/dog/1.png': one })
    const { labels, warnings = [] } = await openDataset({ images: { path } }, { holdOut: 0 })
    expect(labels!.names).toEqual(['test', 'train'])
    expect(warnings.join()).toContain(`use --data ${join(path, 'train')}`)
    const trains = await pictures({ 'train/1.png': one, 'test/2.png': one })
    expect((await openDataset({ images: { path: trains } }, { holdOut: 0 })).warnings?.join()).not.toContain(
      'use --data',
    )
  })

  const good = encodePicture([6, 8, 3], bytes(144))
  test.each<[string, () => Promise<Record<string, Buffer>>, string]>([
    [
      'pictures of several sizes',
      async () => ({ 'a.png': await good, 'b.png': await encodePicture([4, 4, 3], bytes(48)) }),
      'b.png: is 4 x 4, the first picture 6 x 8; give all one size, e.g. size: 6 (--data.images.size 6)',
    ],
    [
      'pictures beside subfolders',
      async () => ({ 'a.png': await good, 'c/b.png': await good }),
      'holds pictures itself and in subfolders',
    ],
    ['no picture', async () => ({ 'a.txt': Buffer.from('x') }), 'holds no picture'],
    [
      'a mislabelled file',
      async () => ({ 'a.png': Buffer.from('1,2,3\n') }),
      'a.png: expected a PNG, JPEG or WebP picture, found text',
    ],
    [
      'a cut picture',
      async () => ({ 'a.png': (await good).subarray(0, 100) }),
      'a.png: not an image that can be read',
    ],
    [
      'an absurd size',
      async () => {
        const bomb = Buffer.from(await good)
        bomb.writeUInt32BE(60_000, 16)
        bomb.writeUInt32BE(60_000, 20)
        bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29)
        return { 'a.png': bomb }
      },
      'a.png: not an image that can be read (it has too many pixels',
    ],
  ])('refuses %s', async (_, files, message) => {
    const path = await pictures(await files())
    await expect(openDataset(path)).rejects.toThrow(DataError)
    await expect(openDataset(path)).rejects.toThrow(message)
  })

  test('refuses a link that leads out of it, takes one inside', async () => {
    const path = await pictures({ 'a/1.png': await good, 'a/2.png': await good })
    symlinkSync(join(path, 'a'), join(path, 'b'))
    expect((await openDataset(path)).labels!.counts).toEqual([2, 2])
    const outside = await pictures({ 'secret.png': await good })
    symlinkSync(join(outside, 'secret.png'), join(path, 'a', '3.png'))
    await expect(openDataset(path)).rejects.toThrow(/a\/3\.png: is a link that leads out of/)
  })

  test('a link to the folder itself does not go on for ever', async () => {
    const path = await pictures({ 'a/1.png': await good })
    symlinkSync(path, join(path, 'a', 'loop'))
    await expect(openDataset(path)).rejects.toThrow(/more than 8 folders deep/)
  })
})

test.each([
  ['points.xls', /expected a folder of pictures, or a file whose name ends in \.csv.*or name its format/],
  ['points.npy', /not an NPY file: it is text/],
  ['points.npz', /expected an NPZ archive, found text/],
])('a file called %s that holds text is refused', async (name, message) => {
  const path = file(name, '1,2\n3,4\n')
  await expect(openDataset(path)).rejects.toThrow(message)
  await expect(openDataset({ csv: { path } })).resolves.toMatchObject({ dimension: 2 })
})

describe('hostile names and files', () => {
  const line = /^[^\n\p{Cc}]+$/u
  test.each<[string, () => DatasetSpec]>([
    ['a header over lines', () => file('h.csv', '"a\nb\u001b[2J","c"\nx,1\n1,2\n')],
    [
      'a header as a choice',
      () => ({ csv: { path: file('c.csv', '"a\nb","c"\n1,1\n1,2\n'), columns: ['d\n'] } }),
    ],
    ['an array', () => file('n.npz', zipSync({ 'x\n\u001b[2J.npy': bytes(200) }))],
    [
      'a column',
      () => file('p.parquet', encodeParquet([{ name: 'x\ny', data: ['a', 'b'], type: 'STRING' }])),
    ],
    [
      'a type',
      () =>
        file(
          't.npy',
          Buffer.concat(
            [encodeNpy({ shape: [1, 1], data: Float32Array.of(1) })].map(content =>
              Buffer.from(Buffer.from(content).toString('latin1').replace('<f4', '\n\u001b4'), 'latin1'),
            ),
          ),
        ),
    ],
    ['a key', () => file('k.jsonl', '{"a\\nb":"x","c":1}\n')],
  ])('%s gives a message of one line', async (_, make) => {
    const error = await openDataset(make()).then(
      () => undefined,
      (error: Error) => error,
    )
    expect(error).toBeInstanceOf(DataError)
    expect(error!.message).toMatch(line)
  })

  test('what is no regular file is refused', async () => {
    const at = join(folder, 'sockets')
    mkdirSync(at)
    const servers = ['a.csv', 'a.png'].map(name => createServer().listen(join(at, name)))
    await Promise.all(servers.map(server => once(server, 'listening')))
    await expect(openDataset(join(at, 'a.csv'))).rejects.toThrow('a.csv: is no regular file')
    await expect(openDataset(at)).rejects.toThrow('a.png: is no regular file')
    await expect(openDataset({ csv: { path: '/dev/zero' } })).rejects.toThrow('/dev/zero: is no regular file')
    for (const server of servers) server.close()
  })
})
