import { DataError } from './error.ts'
import { readDataFile } from './file.ts'
import { decodeNpy } from './npy-reader.ts'
import { readTable } from './table.ts'

/** Points of a file, as they stand there. */
export interface FilePoints {
  readonly dimension: number
  /** `[n, dimension]`, row after row, at least one. */
  readonly points: Float32Array
}

/** The points of an array of two axes, every number finite in 32 bits. */
function readArray(path: string): FilePoints {
  const { shape, data } = decodeNpy(readDataFile(path), path)
  const [rows, dimension] = shape
  if (shape.length !== 2 || rows === 0 || dimension === 0) {
    throw new DataError(`${path}: expected points [n, D], found an array [${shape.join(', ')}]`)
  }
  const points = Float32Array.from(data)
  const wrong = points.findIndex(value => !Number.isFinite(value))
  if (wrong >= 0) {
    const where = `row ${Math.floor(wrong / dimension) + 1}, column ${(wrong % dimension) + 1}`
    throw new DataError(`${path}: ${where}: expected a finite 32-bit number, found ${data[wrong]}`)
  }
  return { dimension, points }
}

/**
 * Reads points in the order of the file: a `.npy` array `[n, D]` of float32 or float64, or text as `csvDataset` reads it,
 * of one row or more.
 *
 * @throws {DataError} naming the file and, where there is one, the row and the column
 */
export function readPoints(path: string): FilePoints {
  if (path.endsWith('.npy')) return readArray(path)
  const { dimension, points } = readTable(readDataFile(path), path, 1)
  return { dimension, points: Float32Array.from(points) }
}
