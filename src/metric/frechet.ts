import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Values } from '../data/dataset.ts'
import { type Estimate, estimate, standardError } from './estimate.ts'
import { thin } from './pairs.ts'
import { countPoints } from './points.ts'

/** Points whose influence is looked at: enough for a standard error. */
const INFLUENTIAL = 1000
/** Eigenvalues below this part of the largest are rounding. */
const ROUNDING = 1e-13

/** Mean `[D]` and unbiased covariance `[D, D]` of a cloud. */
interface Gaussian {
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
export function frechetEstimateTo(reference: Values, dimension: number): (samples: Values) => Estimate {
  const data = gaussianOf(reference, dimension)
  const [root, inverseRoot] = roots(data.covariance)
  return samples => {
    const other = gaussianOf(samples, dimension)
    // The eigenvalues of C1^(1/2) C2 C1^(1/2) and their vectors.
    const { values, vectors } = eigen(root.mmul(other.covariance).mmul(root))
    const shared = values.map(Math.sqrt)
    const distance =
      squaredGap(data.mean, other.mean) +
      data.covariance.trace() +
      other.covariance.trace() -
      2 * shared.reduce((sum, value) => sum + value, 0)
    // The transports between the two are A A^T for these factors A.
    const forth = scaleColumns(inverseRoot.mmul(vectors), shared.map(Math.sqrt))
    const back = scaleColumns(
      root.mmul(vectors),
      shared.map(value => (value > 0 ? 1 / Math.sqrt(value) : 0)),
    )
    const spread = (points: Values, from: Gaussian, to: Gaussian, factor: Matrix): number => {
      const some = thin(points, dimension, INFLUENTIAL)
      const error = standardError(potentials(some.values, from, to, factor))
      return (error * error * some.count) / countPoints(points, dimension)
    }
    const variance = spread(reference, data, other, forth) + spread(samples, other, data, back)
    return estimate(Math.max(0, distance), Math.sqrt(variance), [0, Infinity])
  }
}

function gaussianOf(points: Values, dimension: number): Gaussian {
  const count = countPoints(points, dimension)
  const mean = new Float64Array(dimension)
  for (let i = 0; i < points.length; i++) mean[i % dimension] += points[i]
  for (let k = 0; k < dimension; k++) mean[k] /= count
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

interface Eigen {
  /** From 0. */
  readonly values: number[]
  readonly vectors: Matrix
}

/** Of a symmetric matrix without negative eigenvalues; what is rounding becomes 0. */
function eigen(matrix: Matrix): Eigen {
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5)
  const found = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true })
  const values = found.realEigenvalues
  const least = ROUNDING * Math.max(...values)
  return {
    values: values.map(value => (value > least ? value : 0)),
    vectors: found.eigenvectorMatrix,
  }
}

const scaleColumns = (matrix: Matrix, by: readonly number[]): Matrix => matrix.mulRowVector([...by])

/** `C^(1/2)` and `C^(-1/2)`, the latter with 0 in the directions that `C` does not reach. */
function roots(matrix: Matrix): [Matrix, Matrix] {
  const { values, vectors } = eigen(matrix)
  const compose = (by: readonly number[]): Matrix =>
    scaleColumns(vectors.clone(), by).mmul(vectors.transpose())
  const sizes = values.map(Math.sqrt)
  return [compose(sizes), compose(sizes.map(size => (size > 0 ? 1 / size : 0)))]
}

const squaredGap = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0)

/** `z^T (I - A A^T) z + 2 (m1 - m2)^T z` of the centred points `z`: what each adds to the distance. */
function potentials(points: Float64Array, from: Gaussian, to: Gaussian, factor: Matrix): Float64Array {
  const dimension = from.mean.length
  const columns = factor.transpose().to2DArray()
  const z = new Float64Array(dimension)
  return Float64Array.from({ length: points.length / dimension }, (_, i) => {
    let sum = 0
    for (let k = 0; k < dimension; k++) {
      z[k] = points[i * dimension + k] - from.mean[k]
      sum += z[k] * (z[k] + 2 * (from.mean[k] - to.mean[k]))
    }
    for (const column of columns) {
      let product = 0
      for (let k = 0; k < dimension; k++) product += column[k] * z[k]
      sum -= product * product
    }
    return sum
  })
}
