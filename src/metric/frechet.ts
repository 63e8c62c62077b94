import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Values } from '../data/dataset.ts'
import { type Estimate, estimate, standardError } from './estimate.ts'
import { thin } from './pairs.ts'
import { countPoints } from './points.ts'

/** Points whose influence is looked at: enough for a standard error. */
const INFLUENTIAL = 2000
/** Eigenvalues below this part of the largest are rounding. */
const ROUNDING = 1e-13

/** Mean `[D]` and unbiased covariance `[D, D]` of a cloud. */
interface Moments {
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
  const data = momentsOf(reference, dimension)
  const root = rootOf(data.covariance)
  return samples => {
    const other = momentsOf(samples, dimension)
    // The eigenvalues of C1^(1/2) C2 C1^(1/2) and their vectors.
    const middle = eigen(root.mmul(other.covariance).mmul(root))
    const shared = middle.values.map(Math.sqrt)
    const distance =
      squaredGap(data.mean, other.mean) +
      data.covariance.trace() +
      other.covariance.trace() -
      2 * shared.reduce((sum, value) => sum + value, 0)
    const inverse = shared.map(value => (value > 0 ? 1 / value : 0))
    // The transport from the samples to the data, and its inverse from the data to the samples.
    const back = root.mmul(compose(middle.vectors, inverse)).mmul(root)
    const forth = inverseTransport(data.covariance, compose(middle.vectors, shared))
    const influence = (points: Values, from: Moments, to: Moments, transport: Matrix): Float64Array =>
      potentials(thin(points, dimension, INFLUENTIAL).values, from, to, transport)
    const spread = [influence(reference, data, other, forth), influence(samples, other, data, back)].map(
      values => standardError(values) ** 2 * values.length,
    )
    const [dataCount, sampleCount] = [reference, samples].map(points => countPoints(points, dimension))
    const deviation = Math.sqrt(spread[0] / dataCount + spread[1] / sampleCount)
    return estimate(Math.max(0, distance), deviation, [0, Infinity])
  }
}

function momentsOf(points: Values, dimension: number): Moments {
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

/** `U diag(values) U^T`. */
const compose = (vectors: Matrix, values: readonly number[]): Matrix =>
  Matrix.mul(vectors, Matrix.ones(vectors.rows, 1).mmul(Matrix.rowVector([...values]))).mmul(
    vectors.transpose(),
  )

function rootOf(matrix: Matrix): Matrix {
  const { values, vectors } = eigen(matrix)
  return compose(vectors, values.map(Math.sqrt))
}

/** `C^(-1/2) M C^(-1/2)`, with 0 in the directions that `C` does not reach. */
function inverseTransport(covariance: Matrix, middle: Matrix): Matrix {
  const { values, vectors } = eigen(covariance)
  const inverse = compose(
    vectors,
    values.map(value => (value > 0 ? 1 / Math.sqrt(value) : 0)),
  )
  return inverse.mmul(middle).mmul(inverse)
}

const squaredGap = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0)

/** `z^T (I - T) z + 2 (m1 - m2)^T z` of the centred points `z`: what each adds to the distance. */
function potentials(points: Float64Array, from: Moments, to: Moments, transport: Matrix): Float64Array {
  const dimension = from.mean.length
  const rows = transport.to2DArray()
  const out = new Float64Array(points.length / dimension)
  const z = new Float64Array(dimension)
  for (let i = 0; i < out.length; i++) {
    let sum = 0
    for (let k = 0; k < dimension; k++) {
      z[k] = points[i * dimension + k] - from.mean[k]
      sum += z[k] * (z[k] + 2 * (from.mean[k] - to.mean[k]))
    }
    for (let j = 0; j < dimension; j++) {
      const row = rows[j]
      let product = 0
      for (let k = 0; k < dimension; k++) product += row[k] * z[k]
      sum -= z[j] * product
    }
    out[i] = sum
  }
  return out
}
