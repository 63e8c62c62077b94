import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { csvPieces, encodeCsv } from '../../src/data/csv-writer.ts'
import { encodeNpy, npyPieces } from '../../src/data/npy.ts'
import { writeFileAtomic } from '../../src/serialization/files.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'

const folder = temporaryFolder('pieces')
const points = Float32Array.from({ length: 300_000 }, (_, i) => Math.sin(i) * 10 ** (i % 9))

test.each(some([1, 3, 100_000], [3]))(
  'a CSV of rows of %i is made in small pieces, and reads as it was',
  dimension => {
    const pieces = [...csvPieces(points, dimension)]
    expect(pieces.length).toBeGreaterThan(3)
    const text = Buffer.concat(pieces).toString()
    expect(Buffer.from(encodeCsv(points, dimension)).toString()).toBe(text)
    const [header, ...rows] = text.trimEnd().split('\n')
    expect(header.split(',')).toHaveLength(dimension)
    expect(Float32Array.from(rows.flatMap(row => row.split(',').map(Number)))).toEqual(points)
  },
)

test('an NPY file is its header and the numbers as they lie in memory', () => {
  const array = { shape: [100_000, 3], data: points }
  expect(npyPieces(array)[1].buffer).toBe(points.buffer)
  expect(Buffer.concat(npyPieces(array)).equals(encodeNpy(array))).toBe(true)
})

test('a file is written piece after piece, and not at all where one fails', () => {
  const path = join(folder, 'a.txt')
  writeFileSync(path, 'before')
  const pieces = function* (fails: boolean) {
    for (let i = 0; i < 5; i++) yield Buffer.from(`${i}\n`)
    if (fails) throw new Error('no more')
  }
  expect(() => writeFileAtomic(folder, path, pieces(true))).toThrow('no more')
  expect(readFileSync(path, 'utf8')).toBe('before')
  writeFileAtomic(folder, path, pieces(false))
  expect(readFileSync(path, 'utf8')).toBe('0\n1\n2\n3\n4\n')
  expect(readdirSync(folder)).toEqual(['a.txt'])
})
