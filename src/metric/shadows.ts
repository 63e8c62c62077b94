import type { Values } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { thin } from './pairs.ts'
import { type Products, pointBlocks, rowProducts, squaredLengths } from './products.ts'

/** Directions that points are projected on; enough that few rows seem near that are not. */
const DIRECTIONS = 48
/** Rows that the directions are found from, and rounds of finding. */
const LEARNT = 2000
const ROUNDS = 4
/** Numbers of a point's shadow. */
export const SHADOW = DIRECTIONS + 1

/** Makes rows `[n, D]` of unit length and at right angles to those before them (Gram and Schmidt). */
function orthonormalize(rows: Float64Array, dimension: number): void {
  for (let i = 0; i < rows.length; i += dimension) {
    const own = rows.subarray(i, i + dimension)
    for (let j = 0; j < i; j += dimension) {
      let along = 0
      for (let k = 0; k < dimension; k++) along += own[k] * rows[j + k]
      for (let k = 0; k < dimension; k++) own[k] -= along * rows[j + k]
    }
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0))
    // A direction without spread is none.
    for (let k = 0; k < dimension; k++) own[k] = length > 1e-9 ? own[k] / length : 0
  }
}

const transposed = (values: Float64Array, columns: number): Float64Array => {
  const rows = values.length / columns
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)])
}

/** Directions in which rows spread most, nearly: `[48, dimension]`, by a few rounds of orthogonal iteration. */
export function mainDirections(rows: Values, dimension: number): Float64Array {
  const { values: some, count } = thin(rows, dimension, LEARNT)
  const mean = new Float64Array(dimension)
  some.forEach((value, i) => {
    mean[i % dimension] += value / count
  })
  const centred = some.map((value, i) => value - mean[i % dimension])
  const columns = transposed(centred, dimension)
  const source = random(0, 'metric', 'main directions')
  const directions = Float64Array.from({ length: DIRECTIONS * dimension }, () => source.normal())
  orthonormalize(directions, dimension)
  for (let round = 0; round < ROUNDS; round++) {
    const along = rowProducts(directions, centred, dimension)
    directions.set(rowProducts(along, columns, count))
    orthonormalize(directions, dimension)
  }
  return directions
}

/**
 * Shadows of points: their coordinates in some directions, and the length of the rest, `[n, 49]`. Two points are at least as far apart
 * as their shadows.
 */
export async function shadowsBy(
  products: Products,
  points: Values,
  dimension: number,
  directions: Float64Array,
): Promise<Float32Array> {
  const out = new Float32Array((points.length / dimension) * SHADOW)
  for (const { from, block } of pointBlocks(points, dimension)) {
    const along = await products.precise(block, directions, dimension)
    squaredLengths(block, dimension).forEach((square, i) => {
      let rest = square
      for (let k = 0; k < DIRECTIONS; k++) {
        const value = along[i * DIRECTIONS + k]
        out[(from + i) * SHADOW + k] = value
        rest -= value * value
      }
      out[(from + i) * SHADOW + DIRECTIONS] = Math.sqrt(Math.max(0, rest))
    })
  }
  return out
}
