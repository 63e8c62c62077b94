import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { type DatasetSpec, openDataset } from '../../src/data/catalogue.ts'
import { DataError } from '../../src/data/error.ts'
import { encodeNpy } from '../../src/data/npy.ts'
import { type Random, random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isWhole } from '../helpers/long.ts'
import { encodeCifar, encodeIdx, encodeParquet, encodePicture } from './files.ts'

/** Time for each reader, and the most files in it. */
const [TIME_MS, MOST] = isWhole ? [800, 400] : [150, 80]
/** What damaged files of some kilobytes may make the process grow by: a picture of the most pixels, 2^26 of 8 bytes, twice. */
const MEMORY = 2 ** 30

const folder = temporaryFolder('fuzz')
const stream = random(1, 'fuzz content')
const numbers = Float32Array.from({ length: 120 }, () => stream.normal())
const pixels = Uint8Array.from({ length: 3072 * 3 }, () => stream.integer(256))
const array = encodeNpy({ shape: [40, 3], data: numbers })
const lines = Array.from({ length: 40 }, (_, i) => [...numbers.subarray(3 * i, 3 * i + 3)])
const csv = `a,b,"c"\n${lines.map(row => row.join()).join('\n')}\n`
const columns = [0, 1, 2].map(i => ({ name: `c${i}`, data: lines.map(row => row[i]), type: 'DOUBLE' }))

const valid: Record<string, [name: string, content: Uint8Array | Promise<Uint8Array>]> = {
  csv: ['x.csv', Buffer.from(csv)],
  'csv in UTF-16': ['x.csv', Buffer.from(`\ufeff${csv}`, 'utf16le')],
  'csv.gz': ['x.csv.gz', gzipSync(csv)],
  npy: ['x.npy', array],
  npz: ['x.npz', zipSync({ 'x.npy': array }, { level: 6 })],
  'stored npz': ['x.npz', zipSync({ 'x.npy': array }, { level: 0 })],
  jsonl: ['x.jsonl', Buffer.from(lines.map(row => JSON.stringify({ a: row[0], b: row[1] })).join('\n'))],
  parquet: ['x.parquet', encodeParquet(columns)],
  idx: ['x.idx', encodeIdx([40, 3, 3], pixels.subarray(0, 360))],
  'idx.gz': ['x.idx.gz', gzipSync(encodeIdx([40, 3, 3], pixels.subarray(0, 360)))],
  cifar: ['x.bin', encodeCifar([1, 2, 3], pixels)],
  png: ['x.png', encodePicture([6, 8, 3], pixels.subarray(0, 144))],
  jpeg: ['x.jpg', encodePicture([6, 8, 3], pixels.subarray(0, 144), 'jpeg')],
  webp: ['x.webp', encodePicture([6, 8, 3], pixels.subarray(0, 144), 'webp')],
}

/** The content cut, with some bits turned, or with some bytes replaced, taken out or put in. */
function damaged(content: Uint8Array, source: Random): Uint8Array {
  const bytes = Buffer.from(content)
  const at = () => source.integer(bytes.length)
  const kind = source.integer(5)
  if (kind === 0) return bytes.subarray(0, at())
  if (kind === 1) {
    const [from, to] = [at(), at()].sort((a, b) => a - b)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  }
  if (kind === 2) {
    const from = at()
    const more = Buffer.from(Array.from({ length: 1 + source.integer(40) }, () => source.integer(256)))
    return Buffer.concat([bytes.subarray(0, from), more, bytes.subarray(from)])
  }
  for (let i = 1 + source.integer(8); i > 0; i--) {
    // The beginning and the end of a file say most about the rest.
    const near = source.integer(3)
    const place = near === 0 ? at() : Math.min(bytes.length - 1, source.integer(200))
    const index = near === 2 ? bytes.length - 1 - place : place
    if (kind === 3) bytes[index] ^= 1 << source.integer(8)
    else bytes[index] = [0, 255, 127, 128, source.integer(256)][source.integer(5)]
  }
  return bytes
}

/** Opens a file that may be anything; all that may come of it is finite numbers or one clear line. */
async function open(spec: DatasetSpec, path: string): Promise<'read' | 'refused'> {
  try {
    const dataset = await openDataset(spec, { cache: join(folder, 'cache') })
    const points = new Float32Array(16 * dataset.dimension)
    dataset.sample(random(1), points)
    const { minimum, maximum, rows } = dataset.fingerprint
    expect([...points, ...minimum, ...maximum, rows].every(Number.isFinite)).toBe(true)
    return 'read'
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    expect(error.message.startsWith(path)).toBe(true)
    expect(error.message).not.toMatch(/\n/)
    expect(error.message.length).toBeLessThan(path.length * 3 + 400)
    return 'refused'
  }
}

describe('a damaged file gives finite numbers or one clear line', () => {
  test.each(Object.entries(valid))('%s', { timeout: 30_000 }, async (kind, [name, promised]) => {
    const at = join(folder, kind.replaceAll(' ', '-'))
    mkdirSync(at)
    const path = join(at, name)
    const content = await promised
    const isPicture = /^(png|jpeg|webp)$/.test(kind)
    // Two pictures, so that one that is still whole is a dataset.
    if (isPicture) writeFileSync(join(at, `y.${name.slice(2)}`), content)
    const spec: DatasetSpec = isPicture ? { images: { path: at, size: 4 } } : path
    const begin = isPicture ? at : path
    writeFileSync(path, content)
    expect(await open(spec, begin)).toBe('read')
    const [start, memory] = [performance.now(), process.memoryUsage().rss]
    const outcomes = { read: 0, refused: 0 }
    for (let i = 0; i < MOST && performance.now() - start < TIME_MS; i++) {
      writeFileSync(path, damaged(content, random(i, 'fuzz', kind)))
      try {
        outcomes[await open(spec, begin)]++
      } catch (error) {
        throw new Error(`damage ${i} of ${kind}: ${(error as Error).stack}`)
      }
    }
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(process.memoryUsage().rss - memory).toBeLessThan(MEMORY)
  })
})
