import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { runtimeProducts } from '../../src/evaluation/products.ts'
import { lacks, metrics } from '../../src/metric/catalogue.ts'
import { symmetricEigenvalues } from '../../src/metric/eigenvalues.ts'
import { kdTree } from '../../src/metric/kd-tree.ts'
import { nearestSquares, nearestSquaresBy } from '../../src/metric/nearest.ts'
import { pairsBetween, thin } from '../../src/metric/pairs.ts'
import { prepareMetrics, prepareMetricsBy } from '../../src/metric/prepare.ts'
import { rowProducts } from '../../src/metric/products.ts'
import { strayMarksBy, strayRule } from '../../src/metric/strays.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'

const products = runtimeProducts(nodeRuntime())

/** Points of which few directions hold nearly all, as of pictures. */
function pictures(count: number, dimension: number, seed: number): Float32Array {
  const [shapes, source] = [random(1, 'shapes'), random(seed, 'points')]
  const axes = Float32Array.from({ length: 5 * dimension }, () => shapes.normal())
  const points = new Float32Array(count * dimension)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < dimension; k++) points[i * dimension + k] = 0.1 * source.normal()
    for (let a = 0; a < 5; a++) {
      const size = source.normal()
      for (let k = 0; k < dimension; k++) points[i * dimension + k] += size * axes[a * dimension + k]
    }
  }
  return points
}

test.each([
  [1, 1, 3],
  [2, 4, 5],
  [5, 7, 40],
])('products of %i and %i rows of %i numbers are summed in order', (m, n, inner) => {
  const [a, b] = [pictures(m, inner, 2), pictures(n, inner, 3)]
  const found = rowProducts(a, b, inner)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let k = 0; k < inner; k++) sum += a[i * inner + k] * b[j * inner + k]
      expect(found[i * n + j]).toBe(sum)
    }
  }
})

test('products of the runtime are the same but for rounding', async () => {
  const [a, b] = [pictures(30, 40, 2), pictures(20, 40, 3)]
  const expected = rowProducts(a, b, 40)
  const found = await products.precise(Float64Array.from(a), Float64Array.from(b), 40)
  const rough = await products.rough(a, b, 40)
  expected.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 10)
    expect(rough[i]).toBeCloseTo(value, 3)
  })
})

describe('nearest rows', () => {
  test.each([10, 40, 200])('of %i coordinates are those that a search finds', async dimension => {
    const [rows, points] = [pictures(700, dimension, 2), pictures(300, dimension, 3)]
    // Some are among the rows.
    points.set(rows.subarray(0, 20 * dimension))
    const { nearest } = kdTree(rows, dimension)
    const found = nearestSquares(points, rows, dimension)
    const by = await nearestSquaresBy(products, points, rows, dimension)
    for (let i = 0; i < 300; i++) {
      const expected = nearest(points, i * dimension)
      expect(found[i]).toBeCloseTo(expected, 9)
      expect(by[i]).toBeCloseTo(expected, 9)
    }
    expect(by[3]).toBe(0)
  })
})

test('points off the data are the same by products', async () => {
  const dataset = pointsDataset(pictures(900, 64, 5), { dimension: 64, holdOut: 0.3 })
  const points = pictures(60, 64, 6)
  points.subarray(0, 20 * 64).forEach((value, i) => {
    points[i] = 3 * value
  })
  const [expected, found] = [strayRule(dataset)(points), await strayMarksBy(products, dataset, points)]
  expect(found).toEqual(expected)
  expect(found.slice(0, 20)).toContain(1)
  expect(found.slice(20)).toContain(0)
  expect(await strayMarksBy(products, dataset, points.fill(Number.NaN, 64 * 30, 64 * 30 + 1))).toEqual(
    strayRule(dataset)(points),
  )
})

test('squared distances of many coordinates are those of the definition', () => {
  const [a, b] = [pictures(6, 50, 2), pictures(5, 50, 3)]
  const { squares } = pairsBetween(thin(a, 50, 6), thin(b, 50, 5))
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 5; j++) {
      let square = 0
      for (let k = 0; k < 50; k++) square += (a[i * 50 + k] - b[j * 50 + k]) ** 2
      expect(squares[i * 5 + j]).toBeCloseTo(square, 9)
    }
  }
})

test.each([1, 2, 3, 40])(
  'eigenvalues of a symmetric matrix of %i rows are those of another algorithm',
  size => {
    const half = pictures(size, 20, 4)
    const matrix = rowProducts(half, half, 20)
    const rows = Array.from({ length: size }, (_, i) => [...matrix.subarray(i * size, (i + 1) * size)])
    const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(rows), { assumeSymmetric: true })
    const expected = realEigenvalues.sort((x, y) => x - y)
    symmetricEigenvalues(matrix).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 9)
    })
  },
)

test('metrics of many coordinates are the same by products, but for rounding', async () => {
  const dataset = pointsDataset(pictures(900, 64, 5), { dimension: 64, image: undefined, holdOut: 0.3 })
  const names = Object.keys(metrics).filter(name => lacks(metrics[name], dataset).length === 0)
  const options = { count: 150, names }
  const plain = prepareMetrics(dataset, options)
  const by = await prepareMetricsBy(products, dataset, options)
  const samples = pictures(150, 64, 6).map(value => 1.05 * value)
  const [expected, found] = [plain.estimate(samples), await by.estimateBy(products, samples)]
  const floors = await by.floorsBy(products)
  expect(names).toContain('memorised')
  for (const name of names) {
    expect(found[name].value, name).toBeCloseTo(expected[name].value, 6)
    expect(found[name].interval[1], name).toBeCloseTo(expected[name].interval[1], 5)
    expect(floors[name].value, name).toBeCloseTo(plain.floors[name].value, 6)
  }
  expect((await by.estimateBy(products, samples.fill(Number.NaN, 3, 4))).mmd.value).toBeNaN()
})
