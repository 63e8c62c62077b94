import type { Values } from '../data/dataset.ts'
import { kdTree } from './kd-tree.ts'
import { MANY_COORDINATES, type Products, rowProducts, squaredLengths } from './products.ts'

/** Points, and rows, that are multiplied at once. */
const BLOCK = { points: 512, rows: 8192 }

function squaredDistance(a: Values, i: number, b: Values, j: number, dimension: number): number {
  let square = 0
  for (let k = 0; k < dimension; k++) square += (a[i * dimension + k] - b[j * dimension + k]) ** 2
  return square
}

/** The nearest row of each point so far, from products: that of the least `|r|^2 / 2 - x r`, which grows with the distance. */
interface SoFar {
  readonly places: Int32Array
  readonly least: Float64Array
}

/** @param products  `[points, rows]`, of points from `point` on and rows from `row` on */
function compare(
  { places, least }: SoFar,
  products: ArrayLike<number>,
  halves: Float64Array,
  point: number,
  row: number,
): void {
  const end = Math.min(halves.length, row + BLOCK.rows)
  for (let at = 0; at < products.length; point++) {
    for (let j = row; j < end; j++, at++) {
      const value = halves[j] - products[at]
      if (value < least[point]) {
        least[point] = value
        places[point] = j
      }
    }
  }
}

/** `|x|^2 / 2` of each row. */
const halfSquares = (rows: Values, dimension: number): Float64Array =>
  squaredLengths(rows, dimension).map(square => square / 2)

/** Blocks of points and rows, each pair once. */
function* blocksOf<T extends Values>(points: T, rows: T, dimension: number) {
  const cut = (values: T, from: number, count: number): T =>
    values.slice(from * dimension, (from + count) * dimension) as T
  for (let row = 0; row * dimension < rows.length; row += BLOCK.rows) {
    const others = cut(rows, row, BLOCK.rows)
    for (let point = 0; point * dimension < points.length; point += BLOCK.points) {
      yield { point, row, some: cut(points, point, BLOCK.points), others }
    }
  }
}

const nothingSoFar = (count: number): SoFar => ({
  places: new Int32Array(count),
  least: new Float64Array(count).fill(Infinity),
})

/** The nearest row of each point, in many coordinates. @param points, rows  `[N, dimension]`, finite */
export function nearestRows(points: Values, rows: Values, dimension: number): Int32Array {
  const [halves, found] = [halfSquares(rows, dimension), nothingSoFar(points.length / dimension)]
  for (const { point, row, some, others } of blocksOf(points, rows, dimension)) {
    compare(found, rowProducts(some, others, dimension), halves, point, row)
  }
  return found.places
}

/**
 * Squared distance of each point to the nearest row.
 *
 * @param points, rows  `[N, dimension]`, finite
 */
export function nearestSquares(points: Values, rows: Values, dimension: number): Float64Array {
  const count = points.length / dimension
  if (dimension < MANY_COORDINATES) {
    const { nearest } = kdTree(rows, dimension)
    return Float64Array.from({ length: count }, (_, i) => nearest(points, i * dimension))
  }
  const places = nearestRows(points, rows, dimension)
  return Float64Array.from(places, (place, i) => squaredDistance(points, i, rows, place, dimension))
}

/** The same by products in single precision: of rows that are equally near but for rounding it is the distance of one. */
export async function nearestSquaresBy(
  products: Products,
  points: Float32Array,
  rows: Float32Array,
  dimension: number,
): Promise<Float64Array> {
  if (dimension < MANY_COORDINATES) return nearestSquares(points, rows, dimension)
  const [halves, found] = [halfSquares(rows, dimension), nothingSoFar(points.length / dimension)]
  for (const { point, row, some, others } of blocksOf(points, rows, dimension)) {
    compare(found, await products.rough(some, others, dimension), halves, point, row)
  }
  return Float64Array.from(found.places, (place, i) => squaredDistance(points, i, rows, place, dimension))
}
