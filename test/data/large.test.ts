import { createHash } from 'node:crypto'
import {
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cacheFile, cacheFolder, clearCache } from '../../src/data/cache.ts'
import { type DatasetSpec, openDataset } from '../../src/data/catalogue.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { encodeNpy, encodeNpz } from '../../src/data/npy.ts'
import { openOptions, openSource } from '../../src/data/open.ts'
import { npySource } from '../../src/data/readers/npy.ts'
import type { Sink } from '../../src/data/source.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { encodeCifar, encodeIdx, encodeParquet } from './files.ts'

const folder = temporaryFolder('large')
let made = 0

/** A folder of its own for a test. */
function place(): { at: string; cache: string } {
  const at = join(folder, String(made++))
  mkdirSync(at)
  return { at, cache: join(at, 'cache') }
}

const ROWS = 4000
const values = (() => {
  const stream = random(1, 'large')
  return Float32Array.from({ length: 3 * ROWS }, () => Math.fround(stream.normal() * 10))
})()
const kinds = Array.from({ length: ROWS }, (_, i) => `k${(i * i) % 5}`)
const pixels = Uint8Array.from({ length: 12 * ROWS }, (_, i) => (i * i * 7) % 251)

/** All that a dataset gives, but for the numbers of rows in messages. */
function everything(dataset: Dataset) {
  const { dimension, fingerprint, statistics, labels, shape, warnings, split } = dataset
  const [out, classes] = [new Float32Array(500 * dimension), new Uint16Array(500)]
  dataset.sample(random(2), out, classes)
  const [held, heldClasses] = [new Float32Array(100 * dimension), new Uint16Array(100)]
  split!.take('heldOut', random(3), held, heldClasses)
  const { training, heldOut } = split!
  const [points, heldPoints] = [out, held].map(rows => createHash('sha256').update(rows).digest('hex'))
  return {
    points,
    heldPoints,
    dimension,
    fingerprint,
    statistics,
    labels,
    shape,
    warnings,
    training,
    heldOut,
    classes,
    heldClasses,
  }
}

const csv = () =>
  `a,b,c,kind\n${kinds.map((kind, i) => `${values.slice(3 * i, 3 * i + 3).join()},${kind}`).join('\n')}\n`

const sources: Record<string, [name: string, content: () => string | Uint8Array, options?: object]> = {
  csv: ['x.csv', csv, { label: 'kind' }],
  npy: ['x.npy', () => encodeNpy({ shape: [ROWS, 3], data: values })],
  'npy of 64 bits': ['x.npy', () => encodeNpy({ shape: [ROWS, 3], data: Float64Array.from(values) })],
  npz: [
    'x.npz',
    () =>
      encodeNpz({
        x: { shape: [ROWS, 3], data: values },
        y: { shape: [ROWS], data: Float32Array.from(kinds, kind => Number(kind[1])) },
      }),
    { labels: 'y' },
  ],
  jsonl: [
    'x.jsonl',
    () => kinds.map((kind, i) => JSON.stringify({ kind, v: [...values.slice(3 * i, 3 * i + 3)] })).join('\n'),
    { field: 'v', label: 'kind' },
  ],
  parquet: [
    'x.parquet',
    () =>
      encodeParquet([
        { name: 'a', data: [...values.subarray(0, ROWS)], type: 'DOUBLE' },
        { name: 'kind', data: kinds, type: 'STRING' },
      ]),
    { label: 'kind' },
  ],
  idx: ['x.idx', () => encodeIdx([ROWS, 4, 3], pixels)],
  cifar: [
    'x.bin',
    () =>
      encodeCifar(
        Array.from({ length: 200 }, (_, i) => i % 10),
        Uint8Array.from({ length: 200 * 3072 }, (_, i) => (i * i * 3 + (i >> 11)) % 253),
      ),
  ],
}

test.each(Object.entries(sources))(
  '%s gives the same from memory and from files',
  async (kind, [name, content, options]) => {
    const { at, cache } = place()
    const path = join(at, name)
    writeFileSync(path, content())
    const [format] = kind.split(' ')
    const spec = { [format]: { path, ...options } } as unknown as DatasetSpec
    const small = everything(await openDataset(spec, { cache, holdOut: 0.5 }))
    expect(readdirSync(at)).not.toContain('cache')
    const direct = format === 'npy' || format === 'idx'
    for (const _ of ['first', 'again']) {
      expect(everything(await openDataset(spec, { cache, memory: 10_000, holdOut: 0.5 }))).toEqual(small)
      if (!direct) expect(readdirSync(cache)).toHaveLength(1)
    }
    if (direct) expect(readdirSync(at)).not.toContain('cache')
  },
)

describe('rows that are kept in a file', () => {
  async function opened() {
    const { at, cache } = place()
    const path = join(at, 'x.csv')
    writeFileSync(path, `${csv()}${csv().split('\n')[1]}\n`)
    const spec: DatasetSpec = { csv: { path, label: 'kind' } }
    const open = (more = {}) => openDataset(spec, { cache, memory: 10_000, ...more })
    const first = everything(await open())
    const kept = () => readdirSync(cache).map(name => join(cache, name))
    return { path, cache, open, first, kept }
  }

  test('are read by one reader only, and found again with any split', async () => {
    const { open, kept, first } = await opened()
    expect(first.warnings).toEqual([
      expect.stringMatching(/1 of 4001 rows repeats an earlier one, the first is row 4002/),
    ])
    const [file] = kept()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const before = statSync(file).ino
    expect(everything(await open())).toEqual(first)
    const other = await open({ holdOut: 0.5 })
    expect(other.split!.heldOut).toBeGreaterThan(1800)
    expect(statSync(file).ino).toBe(before)
  })

  const change = (edit: (file: Buffer) => unknown) => (file: Buffer) => {
    edit(file)
    return file
  }
  test.each<[string, (file: Buffer) => Buffer]>([
    ['cut short', file => file.subarray(0, -1)],
    ['longer', file => Buffer.concat([file, Buffer.alloc(1)])],
    ['empty', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('x'.repeat(5000))],
    ['damaged in its rows', change(file => file.writeUInt8(file[20_000] ^ 1, 20_000))],
    ['damaged in its labels', change(file => file.writeUInt8(file[55_000] ^ 1, 55_000))],
    ['damaged in its description', change(file => file.writeUInt8(0x7f, file.length - 10))],
    ['of absurd sizes', change(file => file.writeDoubleLE(1e15, 16))],
  ])('are read anew when the file is %s', async (_, damage) => {
    const { open, kept, first } = await opened()
    const [file] = kept()
    writeFileSync(file, damage(readFileSync(file)))
    expect(everything(await open())).toEqual(first)
    expect(everything(await open())).toEqual(first)
  })

  test('are read anew when the data has changed, and the older ones go', async () => {
    const { open, path, kept } = await opened()
    utimesSync(path, 1e9, 1e9)
    await open()
    const [before] = kept()
    const content = readFileSync(path)
    content[15] = content[15] === 0x39 ? 0x38 : 0x39
    writeFileSync(path, content)
    utimesSync(path, 1e9, 1e9)
    await open()
    expect(kept()).toHaveLength(1)
    expect(kept()[0]).not.toBe(before)
  })

  test('leave nothing when the file turns out to be wrong', async () => {
    const { at, cache } = place()
    const path = join(at, 'x.csv')
    writeFileSync(path, `${csv()}1,2,x,k1\n`)
    await expect(openDataset({ csv: { path, label: 'kind' } }, { cache, memory: 10_000 })).rejects.toThrow(
      /row 4002, column 3/,
    )
    expect(readdirSync(cache)).toEqual([])
  })

  test('leave nothing of a process that was killed', async () => {
    const { open, cache, path, kept } = await opened()
    writeFileSync(join(cache, '999999999-0-1.pending'), 'x')
    writeFileSync(join(cache, `${process.pid}-0-1.pending`), 'x')
    writeFileSync(path, csv())
    await open()
    expect(kept().filter(name => name.endsWith('.pending'))).toEqual([
      join(cache, `${process.pid}-0-1.pending`),
    ])
  })

  test('need a folder that can be written', async () => {
    const { at } = place()
    const path = join(at, 'x.csv')
    writeFileSync(path, csv())
    const opening = openDataset(
      { csv: { path, label: 'kind' } },
      { cache: join(path, 'below'), memory: 10_000 },
    )
    await expect(opening).rejects.toThrow(/x\.csv.below: cannot keep large data here: .*OXBOW_CACHE/)
  })
})

test('a file that changes while it is read is refused', async () => {
  const { at } = place()
  const path = join(at, 'x.npy')
  writeFileSync(path, encodeNpy({ shape: [ROWS, 3], data: values }))
  const source = npySource({ path })
  const changing = {
    ...source,
    read: async (sink: Sink) => {
      const sha256 = await source.read(sink)
      writeFileSync(path, encodeNpy({ shape: [ROWS, 3], data: values.map(value => value + 1) }))
      return sha256
    },
  }
  await expect(openSource(changing, openOptions('test', {}))).rejects.toThrow(
    `${path}: has changed while it was read`,
  )
})

test('the cache is bounded: what was not used for longest goes first', async () => {
  const { at, cache } = place()
  const [a, b, c] = ['a', 'b', 'c'].map(name => {
    const path = join(at, `${name}.csv`)
    writeFileSync(
      path,
      Array.from({ length: 200 }, (_, i) => `${i % 9},${name.charCodeAt(0) + i}\n`).join(''),
    )
    return path
  })
  const open = (path: string) => openDataset(path, { memory: 100, cache })
  const files = () => readdirSync(cache).filter(name => name.endsWith('.rows'))
  await open(a)
  const [first] = files()
  await open(b)
  const [second] = files().filter(name => name !== first)
  // Both are old; then the first is used again.
  for (const name of files()) utimesSync(join(cache, name), 1000, 1000)
  await open(a)
  await open(c)
  const [third] = files().filter(name => name !== first && name !== second)
  const key = { family: third.slice(0, 20), version: third.slice(21, 41) }
  expect(cacheFile(cache, key)).toBe(join(cache, third))
  const { size } = statSync(join(cache, third))
  clearCache(cache, key)
  expect(files()).toHaveLength(3)
  clearCache(cache, key, 2.5 * size)
  expect(files().sort()).toEqual([first, third].sort())
  clearCache(cache, key, 1)
  expect(files()).toEqual([third])
})

test('the folder of the cache', () => {
  expect(cacheFolder({ OXBOW_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/oxbow')
  expect(cacheFolder({})).toMatch(/\.cache\/oxbow$/)
})

test('a file that becomes shorter while it is in use is noticed', async () => {
  const { at } = place()
  const path = join(at, 'x.npy')
  const whole = encodeNpy({ shape: [ROWS, 3], data: values })
  writeFileSync(path, whole)
  const dataset = await openDataset(path, { memory: 100 })
  writeFileSync(path, whole.subarray(0, 200))
  expect(() => dataset.sample(random(1), new Float32Array(300))).toThrow(
    `${path}: has become shorter while it was in use`,
  )
})

test('rows take no memory beyond the limit', { timeout: 60_000 }, async () => {
  const { at, cache } = place()
  const path = join(at, 'x.csv')
  const file = createWriteStream(path)
  for (let i = 0; i < 60; i++) {
    const lines = Array.from({ length: 10_000 }, (_, j) => `${i}.${j},${j - i},${(i * j) % 97},1e${i % 20}`)
    await new Promise<void>(resolve => file.write(`${lines.join('\n')}\n`, () => resolve()))
  }
  await new Promise<void>(resolve => file.end(resolve))
  const before = process.memoryUsage().arrayBuffers
  const dataset = await openDataset(path, { cache, memory: 1 << 20 })
  const held = process.memoryUsage().arrayBuffers - before
  expect(dataset.fingerprint.rows).toBe(600_000)
  // 600,000 rows of 16 bytes are 9.6 MB; what is left is the sides and what was not yet collected of the reading.
  expect(statSync(join(cache, readdirSync(cache)[0])).size).toBeGreaterThan(9_600_000)
  expect(held).toBeLessThan(60 << 20)
})
