import type { Values } from '../data/dataset.ts'
import { standardError } from './estimate.ts'
import { countPoints } from './points.ts'
import { MANY_COORDINATES, type Products, rowProducts, squaredDistances } from './products.ts'

/** Squared Euclidean distances between two clouds. */
export interface PairMatrix {
  readonly rows: number
  readonly columns: number
  /** `[rows, columns]`, row after row. */
  readonly squares: Float64Array
}

/** A cloud thinned to what its pairs can be compared of. */
export interface Thinned {
  readonly dimension: number
  readonly count: number
  /** `[count, dimension]`. */
  readonly values: Float64Array
}

/** At most `limit` points of a cloud, at even strides. */
export function thin(points: Values, dimension: number, limit: number): Thinned {
  const all = countPoints(points, dimension)
  const count = Math.min(all, limit)
  const values = new Float64Array(count * dimension)
  for (let row = 0; row < count; row++) {
    const from = Math.floor((row * all) / count) * dimension
    values.set(points.subarray(from, from + dimension), row * dimension)
  }
  return { dimension, count, values }
}

/** Squared distances between each point of `a` and each of `b`. */
export function pairsBetween(a: Thinned, b: Thinned): PairMatrix {
  if (a.dimension >= MANY_COORDINATES) return pairsOf(a, b, rowProducts(a.values, b.values, a.dimension))
  const squares = new Float64Array(a.count * b.count)
  for (let i = 0; i < a.count; i++) fillRow(squares, i * b.count, a, i, b, b.count)
  return { rows: a.count, columns: b.count, squares }
}

const pairsOf = (a: Thinned, b: Thinned, products: Float64Array): PairMatrix => ({
  rows: a.count,
  columns: b.count,
  squares: squaredDistances(products, a.values, b.values, a.dimension),
})

/** Squared distances between each point of `a` and each of `b`, by products. */
export const pairsBy = async (products: Products, a: Thinned, b: Thinned): Promise<PairMatrix> =>
  pairsOf(a, b, await products.precise(a.values, b.values, a.dimension))

/** Squared distances between the points of one cloud, in the lower half of the matrix alone: `[i, j]` with `j < i`. */
export function pairsWithin(a: Thinned): PairMatrix {
  const { count } = a
  if (a.dimension >= MANY_COORDINATES) return pairsBetween(a, a)
  const squares = new Float64Array(count * count)
  for (let i = 0; i < count; i++) fillRow(squares, i * count, a, i, a, i)
  return { rows: count, columns: count, squares }
}

/** The whole of a matrix of which the lower half is there. */
export function mirrored({ rows: count, columns, squares }: PairMatrix): PairMatrix {
  const whole = squares.slice()
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) whole[j * count + i] = squares[i * count + j]
  }
  return { rows: count, columns, squares: whole }
}

/** Squared distances of point `i` of `a` to the first `end` points of `b`. */
function fillRow(out: Float64Array, at: number, a: Thinned, i: number, b: Thinned, end: number): void {
  const { dimension } = a
  const from = i * dimension
  for (let j = 0; j < end; j++) {
    let square = 0
    for (let k = 0; k < dimension; k++) {
      const difference = a.values[from + k] - b.values[j * dimension + k]
      square += difference * difference
    }
    out[at + j] = square
  }
}

/** Writes a function of the squared distances `squares[from ... from + count - 1]` to the beginning of `out`. */
export type OfSquares = (squares: Float64Array, from: number, count: number, out: Float64Array) => void

/** Means of a function of the squared distance: of all pairs, and of those of each row and column. */
export interface PairMeans {
  readonly mean: number
  readonly rows: Float64Array
  readonly columns: Float64Array
}

export function pairMeans({ rows, columns, squares }: PairMatrix, of: OfSquares): PairMeans {
  const [byRow, byColumn, values] = [rows, columns, columns].map(size => new Float64Array(size))
  let total = 0
  for (let i = 0; i < rows; i++) {
    of(squares, i * columns, columns, values)
    const sum = addTo(byColumn, values, columns)
    byRow[i] = sum / columns
    total += sum
  }
  return { mean: total / (rows * columns), rows: byRow, columns: byColumn.map(sum => sum / rows) }
}

/** The same of the pairs of one cloud, a point with itself too; rows and columns are equal. */
export function pairMeansWithin({ rows: count, squares }: PairMatrix, of: OfSquares): PairMeans {
  const [sums, values, own] = [new Float64Array(count), new Float64Array(count), new Float64Array(1)]
  of(own, 0, 1, own)
  for (let i = 0; i < count; i++) {
    of(squares, i * count, i, values)
    sums[i] += own[0] + addTo(sums, values, i)
  }
  const rows = sums.map(sum => sum / count)
  return { mean: rows.reduce((sum, value) => sum + value, 0) / count, rows, columns: rows }
}

/** Adds the first values to the sums, and returns their own sum. */
function addTo(sums: Float64Array, values: Float64Array, count: number): number {
  let total = 0
  for (let j = 0; j < count; j++) {
    total += values[j]
    sums[j] += values[j]
  }
  return total
}

/**
 * `E k(X, X') + E k(Y, Y') - 2 E k(X, Y)` of data X and samples Y, with its standard error. Of a kernel it is the squared
 * distance of the kernel means, of the Euclidean distance the energy distance with the other sign.
 *
 * @param between  rows are the data, columns the samples
 */
export function contrastOf(
  between: PairMeans,
  reference: PairMeans,
  samples: PairMeans,
): { contrast: number; deviation: number } {
  const side = (own: Float64Array, cross: Float64Array) => own.map((value, i) => 2 * (value - cross[i]))
  return {
    contrast: reference.mean + samples.mean - 2 * between.mean,
    deviation: standardError(side(reference.rows, between.rows), side(samples.rows, between.columns)),
  }
}

/** The pairs of samples and data. */
export interface Pairs {
  /** Rows are the data, columns the samples. */
  readonly between: PairMatrix
  /** The lower half, as that of the reference. */
  readonly withinSamples: PairMatrix
  readonly withinReference: PairMatrix
}

/** Pairs of samples and data, each kind measured when it is first asked for. */
export function lazyPairs(reference: Thinned, withinReference: PairMatrix, samples: Thinned): Pairs {
  let [between, within]: (PairMatrix | undefined)[] = []
  return {
    withinReference,
    get between() {
      return (between ??= pairsBetween(reference, samples))
    },
    get withinSamples() {
      return (within ??= pairsWithin(samples))
    },
  }
}
