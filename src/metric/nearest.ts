import type { Values } from '../data/dataset.ts'
import { kdTree } from './kd-tree.ts'
import { MANY_COORDINATES, type Products, rowProducts, squaredLengths } from './products.ts'
import { mainDirections, SHADOW, shadowsBy } from './shadows.ts'

/** Points that are compared with all rows at once. */
const BLOCK = 256
/** A part of the rows, one in so many, gives a row to begin with. */
const FIRST = 8
/** What single precision may hide of a squared distance, as a part of the squared lengths. */
const ROUNDING = 1e-5

function squaredDistance(
  a: Values,
  i: number,
  b: Values,
  j: number,
  dimension: number,
  most = Infinity,
): number {
  let square = 0
  for (let k = 0; k < dimension && square < most; k++) {
    const difference = a[i * dimension + k] - b[j * dimension + k]
    square += difference * difference
  }
  return square
}

/** The place of the smallest of `halves[j] - products[from + j]`, which grows with the squared distance. */
function placeOfLeast(products: ArrayLike<number>, from: number, halves: ArrayLike<number>): number {
  let [least, place] = [Infinity, 0]
  for (let j = 0; j < halves.length; j++) {
    const value = halves[j] - products[from + j]
    if (value < least) {
      least = value
      place = j
    }
  }
  return place
}

/** `|x|^2 / 2` of each row. */
const halfSquares = (rows: Values, dimension: number): Float64Array =>
  squaredLengths(rows, dimension).map(square => square / 2)

/**
 * Squared distance of each point to the nearest row.
 *
 * @param points, rows  `[N, dimension]`, finite
 */
export function nearestSquares(points: Values, rows: Values, dimension: number): Float64Array {
  const out = new Float64Array(points.length / dimension)
  if (dimension < MANY_COORDINATES) {
    const { nearest } = kdTree(rows, dimension)
    return out.map((_, i) => nearest(points, i * dimension))
  }
  const halves = halfSquares(rows, dimension)
  for (let first = 0; first < out.length; first += BLOCK) {
    const block = points.subarray(first * dimension, (first + BLOCK) * dimension)
    const found = rowProducts(block, rows, dimension)
    for (let i = 0; i * dimension < block.length; i++) {
      const place = placeOfLeast(found, i * halves.length, halves)
      out[first + i] = squaredDistance(block, i, rows, place, dimension)
    }
  }
  return out
}

/** Finds the squared distance of each point to the nearest of some rows. */
export type Nearest = (points: Float32Array) => Promise<Float64Array>

/**
 * The same by products, and exact: all rows are compared by their shadows in few directions, and those whose shadow is nearer than
 * the nearest row so far are compared in all coordinates.
 */
export async function nearestBy(products: Products, rows: Float32Array, dimension: number): Promise<Nearest> {
  if (dimension < SHADOW) return async points => nearestSquares(points, rows, dimension)
  const directions = mainDirections(rows, dimension)
  const ofRows = await shadowsBy(products, rows, dimension, directions)
  const halves = halfSquares(ofRows, SHADOW)
  const longest = 2 * halves.reduce((most, half) => Math.max(most, half), 0)
  const begins = halves.subarray(0, Math.ceil(halves.length / FIRST))
  return async points => {
    const ofPoints = await shadowsBy(products, points, dimension, directions)
    const squares = squaredLengths(ofPoints, SHADOW)
    const out = new Float64Array(squares.length)
    for (let first = 0; first < out.length; first += BLOCK) {
      const block = ofPoints.slice(first * SHADOW, (first + BLOCK) * SHADOW)
      const found = await products.rough(block, ofRows, SHADOW)
      for (let i = 0; i * SHADOW < block.length; i++) {
        const [point, from] = [first + i, i * halves.length]
        let least = squaredDistance(points, point, rows, placeOfLeast(found, from, begins), dimension)
        const slack = ROUNDING * (squares[point] + longest)
        const limitOf = (square: number): number => (square + slack - squares[point]) / 2
        let limit = limitOf(least)
        for (let j = 0; j < halves.length; j++) {
          if (halves[j] - found[from + j] >= limit) continue
          const square = squaredDistance(points, point, rows, j, dimension, least)
          if (square >= least) continue
          least = square
          limit = limitOf(least)
        }
        out[point] = least
      }
    }
    return out
  }
}
