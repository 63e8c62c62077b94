import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DataError } from '../../src/data/error.ts'
import { encodeNpy } from '../../src/data/npy.ts'
import { decodeNpy } from '../../src/data/npy-reader.ts'
import { readPoints } from '../../src/data/points.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('points')

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** A file with this header, of the given version, and these bytes of numbers. */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = Buffer.from(`${header}\n`, 'latin1')
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4)
  if (version === 1) length.writeUInt16LE(text.length)
  else length.writeUInt32LE(text.length)
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.of(version, 0), length, text, data])
}

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }`
const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)

describe('decodeNpy', () => {
  test.each([
    ['float32', 'f4', Float32Array.of(1.5, -2, 3e-7, 4, 5, 6)],
    ['float64', 'f8', Float64Array.of(1.5, -2, 3e-70, 4, 5, Math.PI)],
  ])('reads back what is written, %s', (_, typeName, data) => {
    for (const shape of [[6], [3, 2], [1, 2, 3]]) {
      expect(decodeNpy(encodeNpy({ shape, data }), 'x')).toEqual({ shape, typeName, data })
    }
  })

  test('reads the bytes where they stand in a larger buffer', () => {
    const bytes = encodeNpy({ shape: [2], data: Float32Array.of(7, 8) })
    const larger = new Uint8Array(bytes.length + 6)
    larger.set(bytes, 3)
    expect(decodeNpy(larger.subarray(3, 3 + bytes.length), 'x').data).toEqual(Float32Array.of(7, 8))
  })

  test('reads version 2.0, whose header may be long, and other spacing', () => {
    const written = `{'shape':(1, 2),'fortran_order':False,'descr':'<f4'}${' '.repeat(70_000)}`
    expect(decodeNpy(npy(written, bytesOf(3, 4), 2), 'x')).toEqual({
      shape: [1, 2],
      typeName: 'f4',
      data: Float32Array.of(3, 4),
    })
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['no file of the kind', Buffer.from('1,2\n3,4\n5,6\n'), /^x: not an NPY file, or cut short$/],
    ['an empty file', new Uint8Array(0), /^x: not an NPY file, or cut short$/],
    [
      'a cut header',
      npy(header('<f4', '2,'), bytesOf(1, 2)).subarray(0, 40),
      /^x: cut short within its header$/,
    ],
    [
      'cut data',
      npy(header('<f4', '3,'), bytesOf(1, 2)),
      /^x: expected 12 bytes of numbers for \[3\], found 8$/,
    ],
    [
      'too much data',
      npy(header('<f4', '1, 1'), bytesOf(1, 2)),
      /expected 4 bytes .* for \[1, 1\], found 8$/,
    ],
    ['complex numbers', npy(header('<c8', '1,'), new Uint8Array(8)), /expected numbers \(b1, u1.*found <c8$/],
    ['objects', npy(header('|O', '2,'), bytesOf(1, 2)), /found \|O$/],
    ['an absurd shape', npy(header('<f4', '99999999999, 99999999999'), bytesOf(1)), /cannot have the shape/],
    [
      'records',
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", bytesOf(1, 2)),
      /found fields of several types$/,
    ],
    ['Fortran order', npy(header('<f4', '1, 2', 'True'), bytesOf(1, 2)), /C order.*found Fortran order/],
    ['a damaged header', npy("{'descr': '<f4'}", bytesOf(1, 2)), /its header is damaged$/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes, 'x')).toThrow(DataError)
    expect(() => decodeNpy(bytes, 'x')).toThrow(message)
  })
})

describe('readPoints', () => {
  const points = Float32Array.of(1, 2, 3, 4.5, -5, 6e-3)

  test.each([
    ['points.npy', encodeNpy({ shape: [3, 2], data: points })],
    ['doubles.npy', encodeNpy({ shape: [3, 2], data: Float64Array.of(1, 2, 3, 4.5, -5, 6e-3) })],
    ['points.csv', 'x0,x1\n1,2\n3,4.5\n-5,6e-3\n'],
    ['points.tsv', '1\t2\n3\t4.5\n-5\t6e-3\n'],
  ])('reads %s in its order', async (name, content) => {
    const columns = name === 'points.csv' ? { columns: ['x0', 'x1'] } : {}
    expect(await readPoints(file(name, content))).toEqual({ dimension: 2, points, ...columns })
  })

  test('an array of one axis is one column', async () => {
    const path = file('flat.npy', encodeNpy({ shape: [6], data: points }))
    expect(await readPoints(path)).toEqual({ dimension: 1, points })
  })

  test('columns can be chosen', async () => {
    const path = file('named.csv', 'a,b,kind\n1,2,x\n3,4,y\n')
    const { points } = await readPoints({ csv: { path, columns: ['b'] } })
    expect(points).toEqual(Float32Array.of(2, 4))
    await expect(readPoints('ring')).rejects.toThrow(/^ring: no such file$/)
  })

  test('one point will do', async () => {
    expect(await readPoints(file('one.csv', '1,2\n'))).toEqual({
      dimension: 2,
      points: Float32Array.of(1, 2),
    })
  })

  test.each<[string, string | Uint8Array, RegExp]>([
    ['none.csv', 'x,y\n', /none\.csv: expected at least 1 row of numbers, found 0$/],
    ['word.csv', '1,2\n3,four\n', /word\.csv: row 2, column 2: expected a number, found "four"$/],
    ['none.npy', encodeNpy({ shape: [0, 2], data: points.slice(0, 0) }), /found an array \[0, 2\]$/],
    [
      'nan.npy',
      encodeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, Number.NaN, 4) }),
      /nan\.npy: row 2, column 1: expected a finite 32-bit number, found NaN$/,
    ],
    [
      'large.npy',
      encodeNpy({ shape: [1, 2], data: Float64Array.of(1, 1e40) }),
      /row 1, column 2: .*found 1e\+40$/,
    ],
  ])('refuses %s', async (name, content, message) => {
    const path = file(name, content)
    await expect(readPoints(path)).rejects.toThrow(DataError)
    await expect(readPoints(path)).rejects.toThrow(message)
  })

  test('refuses what is not there', async () => {
    await expect(readPoints('nowhere.npy')).rejects.toThrow(/^nowhere\.npy: no such file$/)
  })
})
