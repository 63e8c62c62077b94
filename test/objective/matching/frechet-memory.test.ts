import { describe, expect, test } from 'vitest'
import { concat, grad, type Tensor, type Value } from '../../../src/autodiff/index.ts'
import { flat, fromJump, noisePath } from '../../../src/model/index.ts'
import { comparing, type Draw, type Loss, squaredError } from '../../../src/objective/index.ts'
import { frechetOf, frechetOfQueue } from '../../../src/objective/matching/frechet.ts'
import { transport } from '../../../src/objective/matching/frechet-distance.ts'
import {
  classesOf,
  momentsOf,
  remembered,
  rememberedOf,
} from '../../../src/objective/matching/frechet-memory.ts'
import { random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'

const K = 2
const EPSILON = 0.01
const options = { epsilon: EPSILON, iterations: 40 }

type Rows = readonly (readonly number[])[]
const normals = (count: number, name: string): Rows => {
  const source = random(8, name)
  return Array.from({ length: count }, () => Array.from({ length: K }, () => source.normal()))
}
const tensorOf = (rows: Rows) => value(rows.flat(), [rows.length, K])

/** A mean and a covariance by plain loops. @param less  of the number of rows that a covariance is divided by */
function momentsOfRows(rows: Rows, less: 0 | 1): { mean: number[]; covariance: number[] } {
  const mean = [0, 1].map(k => rows.reduce((sum, row) => sum + row[k], 0) / rows.length)
  const covariance: number[] = []
  for (let i = 0; i < K; i++) {
    for (let j = 0; j < K; j++) {
      const products = rows.map(row => (row[i] - mean[i]) * (row[j] - mean[j]))
      covariance.push(products.reduce((a, b) => a + b, 0) / (rows.length - less))
    }
  }
  return { mean, covariance }
}

/** The distance between the moments of two sets of rows, as numbers. */
function distanceOf(a: Rows, b: Rows, less: 0 | 1): number {
  const [of, to] = [momentsOfRows(a, less), momentsOfRows(b, 0)]
  const [d] = valuesOf(
    (m, C, n, D) => transport({ mean: m, covariance: C }, { mean: n, covariance: D }, 0, 40).distance,
    value(of.mean),
    value(of.covariance, [K, K]),
    value(to.mean),
    value(to.covariance, [K, K]),
  )
  return d.data[0]
}

/** Slopes by differences. */
function slopes(of: (rows: Rows) => number, rows: Rows): number[] {
  const h = 1e-5
  return rows.flatMap((row, i) =>
    row.map((_, k) => {
      const moved = (by: number) =>
        of(rows.map((r, j) => (j === i ? r.map((x, l) => (l === k ? x + by : x)) : r)))
      return (moved(h) - moved(-h)) / (2 * h)
    }),
  )
}

const drawOf = (f: Tensor, label?: Tensor): Draw => {
  const none = undefined as never
  return {
    ...{ target: none, frozen: none, teacher: none, pretrained: none, auxiliary: none, noise: none },
    ...{ map: fromJump(x => x), path: noisePath(f), t: f.slice(1, 0, 1), s: none, r: none, m: none },
    ...comparing(flat, squaredError),
    ...(label && { label }),
  }
}

const largest = (found: readonly number[], wanted: readonly number[]): number =>
  Math.max(...found.map((x, i) => Math.abs(x - wanted[i])))

/** A loss and its gradient by the samples. */
const lossAndSlope = (loss: (f: Tensor, ...rest: readonly Tensor[]) => Tensor, ...given: readonly Value[]) =>
  valuesOf(
    (f, ...rest) => [loss(f, ...rest).mean(), grad((f: Tensor) => loss(f, ...rest).mean())(f)],
    ...given,
  ).map(({ data }) => [...data])

describe('a queue', () => {
  const [N, B] = [9, 4]
  const [batch, old, data] = [normals(B, 'batch'), normals(N, 'old'), normals(30, 'data')]
  /** The newest samples by plain loops. */
  const newest = (f: Rows): Rows => [...f, ...old].slice(0, N)
  const d = distanceOf(newest(batch), data, 1)
  const wanted = slopes(f => distanceOf(newest(f), data, 1), batch).map(x => x / (d + EPSILON))

  const ours = (change: (loss: Loss) => Loss = loss => loss, kept = old) =>
    lossAndSlope(
      (f, old, data) => {
        const before = { f: old, classes: classesOf(old, undefined, 1) }
        const reference = rememberedOf({ f: data, classes: classesOf(data, undefined, 1) })
        return change(frechetOfQueue(before, reference, options))(drawOf(f))
      },
      tensorOf(batch),
      tensorOf(kept),
      tensorOf(data),
    )

  test('has the value and the gradient of the distance of its newest samples', () => {
    const [[loss], slope] = ours()
    expect(loss).toBeCloseTo(d / (d + EPSILON), 9)
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.05)
    expect(largest(slope, wanted)).toBeLessThan(1e-7)
  })
  test("its gradient is (2/N) [(m - m') + (N/(N-1)) (I - T) (f_i - m)]", () => {
    const formula = (spread: number): number[] => {
      const { mean, covariance } = momentsOfRows(newest(batch), 1)
      const to = momentsOfRows(data, 0)
      const [T] = valuesOf(
        (m, C, n, D) => transport({ mean: m, covariance: C }, { mean: n, covariance: D }, 0, 40).matrix,
        value(mean),
        value(covariance, [K, K]),
        value(to.mean),
        value(to.covariance, [K, K]),
      ).map(({ data }) => [...data])
      return batch.flatMap(f =>
        f.map((x, i) => {
          const stretched = f.reduce((sum, y, j) => sum + T[i * K + j] * (y - mean[j]), 0)
          const slope = (2 / N) * (mean[i] - to.mean[i] + spread * (x - mean[i] - stretched))
          return slope / (d + EPSILON)
        }),
      )
    }
    const [, slope] = ours()
    expect(largest(slope, formula(N / (N - 1)))).toBeLessThan(1e-9)
    expect(largest(slope, formula(1))).toBeGreaterThan(1e-3)
  })
  test('one that keeps other samples than the newest is found', () => {
    const [[loss]] = ours(loss => loss, [...old].reverse())
    expect(Math.abs(loss - d / (d + EPSILON))).toBeGreaterThan(1e-3)
  })
})

describe('classes', () => {
  const names = [0, 1, 0, 1, 0, 0, 1]
  const [B, BETA] = [names.length, 0.7]
  const f = normals(B, 'samples')
  const far = (rows: Rows, by: number): Rows => rows.map(row => row.map(x => x + by))
  // The second class lies elsewhere, so that moments of both together are no use.
  const [oldNames, old] = [[0, 0, 0, 1, 1, 1, 1], far(normals(7, 'before'), 0.3)]
  const [dataNames, data] = [
    [0, 0, 0, 0, 1, 1, 1, 1, 1],
    normals(9, 'to').map((row, i) => row.map(x => (i < 4 ? x : 3 + 2 * x))),
  ]
  const of = (rows: Rows, labels: readonly number[], c: number): Rows =>
    rows.filter((_, i) => labels[i] === c)

  /** Averaged moments of one class by plain loops: sums over its samples, divided by its part. */
  function averagedMoments(f: Rows, c: number): { mean: number[]; covariance: number[] } {
    const sums = (rows: Rows, labels: readonly number[]) => {
      const own = of(rows, labels, c)
      const first = [0, 1].map(k => own.reduce((sum, row) => sum + row[k], 0) / rows.length)
      const second = [0, 1, 2, 3].map(
        k => own.reduce((sum, row) => sum + row[k >> 1] * row[k & 1], 0) / rows.length,
      )
      return [own.length / rows.length, ...first, ...second]
    }
    const [before, now] = [sums(old, oldNames), sums(f, names)]
    const [w, ...all] = before.map((x, i) => BETA * x + (1 - BETA) * now[i])
    const mean = all.slice(0, 2).map(x => x / w)
    return { mean, covariance: all.slice(2).map((x, k) => x / w - mean[k >> 1] * mean[k & 1]) }
  }
  const distanceIn = (f: Rows, c: number): number => {
    const [a, b] = [averagedMoments(f, c), momentsOfRows(of(data, dataNames, c), 0)]
    const [d] = valuesOf(
      (m, C, n, D) => transport({ mean: m, covariance: C }, { mean: n, covariance: D }, 0, 40).distance,
      value(a.mean),
      value(a.covariance, [K, K]),
      value(b.mean),
      value(b.covariance, [K, K]),
    )
    return d.data[0]
  }
  const part = (c: number) => of(data, dataNames, c).length / data.length
  const distances = [0, 1].map(c => distanceIn(f, c))
  /** Distances of the classes, each divided by what it is now. */
  const whole = (f: Rows): number =>
    [0, 1].reduce((sum, c) => sum + (part(c) * distanceIn(f, c)) / (distances[c] + EPSILON), 0)

  const ours = (labels: readonly number[]) =>
    lossAndSlope(
      (f, old, data, names, oldNames, dataNames) => {
        const told = (f: Tensor, names: Tensor) => ({ f, classes: classesOf(f, names, 2) })
        const before = rememberedOf(told(old, oldNames))
        const reference = rememberedOf(told(data, dataNames))
        return frechetOf(before, reference, { ...options, beta: BETA })(drawOf(f, names))
      },
      tensorOf(f),
      tensorOf(old),
      tensorOf(data),
      ...[labels, oldNames, dataNames].map(names => value([...names])),
    )

  test('have moments of their own, and the loss is the mean of their distances', () => {
    const [[loss], slope] = ours(names)
    expect(loss).toBeCloseTo(whole(f), 9)
    const wanted = slopes(whole, f)
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.05)
    expect(largest(slope, wanted)).toBeLessThan(1e-7)
  })
  test('samples of the wrong class are found', () => {
    const [[loss]] = ours(names.map(c => 1 - c))
    expect(Math.abs(loss - whole(f))).toBeGreaterThan(1e-3)
  })
  test('a class that a batch has none of stays as it was remembered', () => {
    const [only] = valuesOf(
      (f, old, names, oldNames) => {
        const before = rememberedOf({ f: old, classes: classesOf(old, oldNames, 2) })
        const after = remembered(before, { f, classes: classesOf(f, names, 2) }, BETA)
        const [a, b] = [momentsOf(before), momentsOf(after)]
        return [concat([a.mean.sub(b.mean), a.covariance.sub(b.covariance).reshape([2, K * K])])]
      },
      tensorOf(f),
      tensorOf(old),
      value(names.map(() => 0)),
      value(oldNames),
    ).map(({ data }) => [...data])
    // The first class moves.
    expect(Math.max(...only.slice(0, K + K * K).map(Math.abs))).toBeGreaterThan(1e-2)
    expect(Math.max(...only.slice(K + K * K).map(Math.abs))).toBeLessThan(1e-12)
  })
})
