import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Values } from '../data/dataset.ts'
import { symmetricEigenvalues } from './eigenvalues.ts'
import { type Estimate, lazyEstimate, standardError } from './estimate.ts'
import { thin } from './pairs.ts'
import { countPoints } from './points.ts'
import { MANY_COORDINATES, type Products, pointBlocks, rowProducts } from './products.ts'

/** Points whose influence is looked at: enough for a standard error. */
const INFLUENTIAL = 1000
/** Eigenvalues below this part of the largest are rounding. */
const ROUNDING = 1e-13

/** Mean `[D]` and unbiased covariance `[D, D]` of a cloud. */
export interface Gaussian {
  readonly mean: Float64Array
  readonly covariance: Matrix
}

/**
 * Squared Fréchet distance of the normal distributions with the clouds' moments, in squared units of the data, from 0:
 * `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))`, covariances divided by `N - 1`. On features of a network it
 * is the Fréchet inception distance and its relatives. Its bias grows with the dimension over the count.
 *
 * Dowson and Landau, The Fréchet distance between multivariate normal distributions, 1982; Heusel et al., arXiv:1706.08500.
 *
 * @param reference, samples  `[N, dimension]`, at least two points each
 */
export function frechetEstimateTo(
  reference: Values,
  dimension: number,
  ofReference = gaussianOf(reference, dimension),
): (samples: Values, ofSamples?: Gaussian) => Estimate {
  const data = ofReference
  const [root, inverseRoot] = roots(data.covariance)
  return (samples, other = gaussianOf(samples, dimension)) => {
    const product = times(times(root, other.covariance), root)
    const shared = eigenvalues(product).map(Math.sqrt)
    const distance =
      squaredGap(data.mean, other.mean) +
      data.covariance.trace() +
      other.covariance.trace() -
      2 * shared.reduce((sum, value) => sum + value, 0)
    const deviation = (): number => {
      const { values, vectors } = eigen(product)
      const sizes = values.map(Math.sqrt)
      // The transports between the two are A A^T for these factors A.
      const forth = scaleColumns(times(inverseRoot, vectors), sizes.map(Math.sqrt))
      const back = scaleColumns(
        times(root, vectors),
        sizes.map(size => (size > 0 ? 1 / Math.sqrt(size) : 0)),
      )
      const spread = (points: Values, from: Gaussian, to: Gaussian, factor: Matrix): number => {
        const some = thin(points, dimension, INFLUENTIAL)
        const error = standardError(potentials(some.values, from, to, factor))
        return (error * error * some.count) / countPoints(points, dimension)
      }
      return Math.sqrt(spread(reference, data, other, forth) + spread(samples, other, data, back))
    }
    return lazyEstimate(Math.max(0, distance), deviation, [0, Infinity])
  }
}

/** A product of matrices. */
function times(a: Matrix, b: Matrix): Matrix {
  if (a.columns < MANY_COORDINATES) return a.mmul(b)
  const values = rowProducts(flat(a), flat(b.transpose()), a.columns)
  return matrixOf(values, b.columns)
}

const flat = (matrix: Matrix): Float64Array => Float64Array.from(matrix.to1DArray())

const matrixOf = (values: Float64Array, columns: number): Matrix =>
  new Matrix(
    Array.from({ length: values.length / columns }, (_, i) =>
      Array.from(values.subarray(i * columns, (i + 1) * columns)),
    ),
  )

function meanOf(points: Values, dimension: number): Float64Array {
  const count = countPoints(points, dimension)
  const mean = new Float64Array(dimension)
  for (let i = 0; i < points.length; i++) mean[i % dimension] += points[i]
  for (let k = 0; k < dimension; k++) mean[k] /= count
  return mean
}

function gaussianOf(points: Values, dimension: number): Gaussian {
  const count = countPoints(points, dimension)
  const mean = meanOf(points, dimension)
  const rows = Array.from({ length: dimension }, () => new Float64Array(dimension))
  const centred = new Float64Array(dimension)
  for (let at = 0; at < points.length; at += dimension) {
    for (let k = 0; k < dimension; k++) centred[k] = points[at + k] - mean[k]
    for (let j = 0; j < dimension; j++) {
      const row = rows[j]
      for (let k = 0; k <= j; k++) row[k] += centred[j] * centred[k]
    }
  }
  rows.forEach((row, j) => {
    for (let k = 0; k <= j; k++) rows[k][j] = row[k] /= count - 1
  })
  return { mean, covariance: new Matrix(rows.map(row => Array.from(row))) }
}

/** The same by products. */
export async function gaussianBy(products: Products, points: Values, dimension: number): Promise<Gaussian> {
  const count = countPoints(points, dimension)
  const mean = meanOf(points, dimension)
  const sums = new Float64Array(dimension * dimension)
  for (const { block } of pointBlocks(points, dimension)) {
    const rows = block.length / dimension
    const columns = block.map(
      (_, i) => block[(i % rows) * dimension + Math.floor(i / rows)] - mean[Math.floor(i / rows)],
    )
    const some = await products.precise(columns, columns, rows)
    for (let i = 0; i < sums.length; i++) sums[i] += some[i] / (count - 1)
  }
  return { mean, covariance: matrixOf(sums, dimension) }
}

interface Eigen {
  /** From 0. */
  readonly values: number[]
  readonly vectors: Matrix
}

/** What is rounding, or negative by it, becomes 0. */
function withoutRounding(values: readonly number[]): number[] {
  const least = ROUNDING * Math.max(...values)
  return values.map(value => (value > least ? value : 0))
}

const symmetric = (matrix: Matrix): Matrix => Matrix.add(matrix, matrix.transpose()).mul(0.5)

/** Of a symmetric matrix without negative eigenvalues. */
function eigen(matrix: Matrix): Eigen {
  const found = new EigenvalueDecomposition(symmetric(matrix), { assumeSymmetric: true })
  return { values: withoutRounding(found.realEigenvalues), vectors: found.eigenvectorMatrix }
}

/** The same without vectors, which takes a quarter as long. */
const eigenvalues = (matrix: Matrix): number[] =>
  matrix.columns < MANY_COORDINATES
    ? eigen(matrix).values
    : withoutRounding([...symmetricEigenvalues(flat(symmetric(matrix)))])

const scaleColumns = (matrix: Matrix, by: readonly number[]): Matrix => matrix.mulRowVector([...by])

/** `C^(1/2)` and `C^(-1/2)`, the latter with 0 in the directions that `C` does not reach. */
function roots(matrix: Matrix): [Matrix, Matrix] {
  const { values, vectors } = eigen(matrix)
  const compose = (by: readonly number[]): Matrix =>
    times(scaleColumns(vectors.clone(), by), vectors.transpose())
  const sizes = values.map(Math.sqrt)
  return [compose(sizes), compose(sizes.map(size => (size > 0 ? 1 / size : 0)))]
}

const squaredGap = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0)

/** `z^T (I - A A^T) z + 2 (m1 - m2)^T z` of the centred points `z`: what each adds to the distance. */
function potentials(points: Float64Array, from: Gaussian, to: Gaussian, factor: Matrix): Float64Array {
  const dimension = from.mean.length
  const z = points.map((value, i) => value - from.mean[i % dimension])
  const along = rowProducts(z, flat(factor.transpose()), dimension)
  return Float64Array.from({ length: points.length / dimension }, (_, i) => {
    let sum = 0
    for (let k = 0, at = i * dimension; k < dimension; k++, at++) {
      sum += z[at] * (z[at] + 2 * (from.mean[k] - to.mean[k]))
    }
    for (let k = i * dimension; k < (i + 1) * dimension; k++) sum -= along[k] * along[k]
    return sum
  })
}
