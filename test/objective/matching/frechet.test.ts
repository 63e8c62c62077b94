import { describe, expect, test } from 'vitest'
import { evaluate, grad, stopGradient, type Tensor } from '../../../src/autodiff/index.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { type FlowMap, flat, fromJump, noisePath } from '../../../src/model/index.ts'
import { comparing, type Draw, type Loss, squaredError } from '../../../src/objective/index.ts'
import { type FrechetOptions, frechetOf } from '../../../src/objective/matching/frechet.ts'
import { squareRoots, transport } from '../../../src/objective/matching/frechet-distance.ts'
import {
  classesOf,
  momentsOf,
  oneClass,
  type Remembered,
  remembered,
  withCovariance,
} from '../../../src/objective/matching/frechet-memory.ts'
import { randomFeatures } from '../../../src/objective/matching/random-features.ts'
import { random } from '../../../src/random/random.ts'
import { graphOf, value, valuesOf } from '../../autodiff/values.ts'

const K = 3
const square = (values: readonly number[]) =>
  value(values, [Math.sqrt(values.length), Math.sqrt(values.length)])
const normals = (count: number, name: string): number[] => {
  const source = random(5, name)
  return Array.from({ length: count }, () => source.normal())
}

/** A covariance `A A^T + least`. */
function covariance(name: string, size = K, least = 0.1): number[] {
  const A = normals(size * size, name)
  return Array.from({ length: size * size }, (_, k) => {
    const [i, j] = [Math.floor(k / size), k % size]
    const product = A.slice(0, size).reduce((sum, _, l) => sum + A[i * size + l] * A[j * size + l], 0)
    return product + (i === j ? least : 0)
  })
}

const [m, target] = ['mean', 'target'].map(name => value(normals(K, name)))
const [C, D] = ['C', 'D'].map(name => square(covariance(name)))

const product = (...matrices: readonly Tensor[]): Tensor => matrices.reduce((a, b) => a.matmul(b))
const distanceTo = (found: readonly number[], wanted: readonly number[]): number =>
  Math.max(...found.map((v, i) => Math.abs(v - wanted[i])))

describe('square roots', () => {
  /** The largest error of the root's square for a matrix of some condition. */
  const error = (condition: number, iterations: number): number => {
    const size = 6
    // Reflected, so that the matrix is not diagonal.
    const u = normals(size, 'axis')
    const norm = u.reduce((sum, x) => sum + x * x, 0)
    const H = Array.from({ length: size * size }, (_, k) => {
      const [i, j] = [Math.floor(k / size), k % size]
      return Number(i === j) - (2 * u[i] * u[j]) / norm
    })
    const eigenvalues = Array.from({ length: size }, (_, i) => condition ** (-i / (size - 1)))
    const A = Array.from({ length: size * size }, (_, k) => {
      const [i, j] = [Math.floor(k / size), k % size]
      return eigenvalues.reduce((sum, e, l) => sum + H[i * size + l] * e * H[l * size + j], 0)
    })
    const [squared] = valuesOf(a => {
      const { root } = squareRoots(a, iterations)
      return root.matmul(root)
    }, square(A))
    return distanceTo([...squared.data], A)
  }
  test('15 iterations are enough for a condition of 1e3, 20 for 1e5', () => {
    expect(error(1e3, 15)).toBeLessThan(1e-13)
    expect(error(1e5, 20)).toBeLessThan(1e-13)
    expect(error(1e5, 8)).toBeGreaterThan(1e-6)
  })
})

describe('the distance', () => {
  const of = (m: Tensor, C: Tensor, target: Tensor, D: Tensor) =>
    transport({ mean: m, covariance: C }, { mean: target, covariance: D }, 0, 30)

  test("T C T = D, and the gradients are 2 (m - m') and I - T", () => {
    const [image, byMean, byC, T] = valuesOf(
      (m, C, target, D) => {
        const { matrix } = of(m, C, target, D)
        const slopes = grad((p: readonly Tensor[]) => of(p[0], p[1], target, D).distance)([m, C]) as Tensor[]
        return [product(matrix, C, matrix), ...slopes, matrix]
      },
      ...[m, C, target, D],
    ).map(({ data }) => [...data])
    expect(distanceTo(image, [...D.data])).toBeLessThan(1e-11)
    expect(
      distanceTo(
        byMean,
        [...m.data].map((x, i) => 2 * (x - target.data[i])),
      ),
    ).toBeLessThan(1e-12)
    expect(
      distanceTo(
        byC,
        T.map((x, i) => Number(i % (K + 1) === 0) - x),
      ),
    ).toBeLessThan(1e-9)
  })
})

/** What a draw is for a loss: only what `frechet` reads. */
const drawOf = (map: FlowMap, eps: Tensor, rest: Partial<Draw> = {}): Draw => {
  const none = undefined as never
  return {
    ...{ target: none, frozen: none, teacher: none, pretrained: none, auxiliary: none, noise: none },
    ...{ map, path: noisePath(eps), t: eps.slice(1, 0, 1), s: none, r: none, m: none },
    ...comparing(flat, squaredError),
    ...rest,
  }
}
const same = fromJump(x => x)

const ofOneClass = (f: Tensor) => ({ f, classes: classesOf(f, undefined, 1) })

describe('the gradient of a batch', () => {
  const B = 7
  const f = value(normals(B * K, 'f'), [B, K])
  const memory = [value(normals(K, 'old')), square(covariance('second', K, 3))]
  const options: FrechetOptions = { beta: 0.8, epsilon: 0.01, iterations: 30 }
  /** The loss and gradient by the samples, and the same of the distance differentiated as it stands. */
  const compare = (loss: (before: Remembered, to: Remembered) => Loss) => {
    const [value, slope, direct, directSlope] = valuesOf(
      (f, old, second, target, D) => {
        const [before, to] = [oneClass(old, second), withCovariance(target, D)]
        const ours = (f: Tensor) => loss(before, to)(drawOf(same, f)).mean()
        const d = (f: Tensor) => {
          const moments = momentsOf(remembered(before, ofOneClass(f), options.beta))
          return transport(moments, momentsOf(to), 0, 30).distance.sum()
        }
        const whole = d(f)
        return [
          ours(f),
          grad(ours)(f),
          whole.div(whole.add(options.epsilon)),
          (grad(d)(f) as Tensor).div(whole.add(0.01)),
        ]
      },
      f,
      ...memory,
      target,
      D,
    ).map(({ data }) => [...data])
    return {
      loss: Math.abs(value[0] - direct[0]),
      gradient: distanceTo(slope, directSlope),
      size: Math.max(...directSlope.map(Math.abs)),
    }
  }

  test('is that of the distance itself', () => {
    const { loss, gradient, size } = compare((before, to) => frechetOf(before, to, options))
    expect(size).toBeGreaterThan(1e-3)
    expect(loss).toBeLessThan(1e-12)
    expect(gradient).toBeLessThan(1e-10 * size)
  })

  /** The regression to the affine image, written out. */
  const regression =
    (before: Remembered, to: Remembered, share: number, held: (x: Tensor) => Tensor): Loss =>
    ({ path: { eps: f } }) => {
      const [moments, wanted] = [momentsOf(remembered(before, ofOneClass(f), options.beta)), momentsOf(to)]
      const { distance, matrix } = transport(moments, wanted, 0, 30)
      const image = held(
        f
          .sub(moments.mean)
          .matmul(matrix.reshape([K, K]))
          .add(wanted.mean),
      )
      return f
        .sub(image)
        .square()
        .sum(-1)
        .mul(share)
        .div(stopGradient(distance.add(options.epsilon)))
    }
  const errorOf = (share: number, held: (x: Tensor) => Tensor): number => {
    const { gradient, size } = compare((before, to) => regression(before, to, share, held))
    return gradient / size
  }

  test('it is the regression to the affine image', () => {
    expect(errorOf(1 - options.beta, stopGradient)).toBeLessThan(1e-10)
  })
  test('a memory whose share is left out is found', () => {
    expect(errorOf(1, stopGradient)).toBeGreaterThan(0.1)
  })
  test('an image that is not stopped is found', () => {
    expect(errorOf(1 - options.beta, x => x)).toBeGreaterThan(0.1)
  })
})

describe('blind spots', () => {
  const N = 4096
  const ring = new Float64Array(2 * N)
  generatedDataset('ring').sample(random(1, 'ring'), ring)
  /** Every second of its eight modes: the same mean and covariance. */
  const four = new Float64Array(2 * N)
  for (let i = 0; i < N; i++) {
    const angle = Math.atan2(ring[2 * i + 1], ring[2 * i])
    const mode = Math.round((angle * 8) / (2 * Math.PI))
    const turn = ((((mode % 2) + 2) % 2) * 2 * Math.PI) / 8
    four[2 * i] = Math.cos(turn) * ring[2 * i] - Math.sin(turn) * ring[2 * i + 1]
    four[2 * i + 1] = Math.sin(turn) * ring[2 * i] + Math.cos(turn) * ring[2 * i + 1]
  }
  const deviation = Math.sqrt(ring.reduce((sum, x) => sum + x * x, 0) / (2 * N))
  const normal = normals(2 * N, 'one').map(x => deviation * x)

  const distance = (to: ArrayLike<number>, features: (x: Tensor) => Tensor): number => {
    const moments = (x: Tensor) => {
      const f = features(x)
      const zero = f.mean(0).mul(0)
      const nothing = zero.reshape([f.shape[1], 1]).matmul(zero.reshape([1, f.shape[1]]))
      return momentsOf(remembered(oneClass(zero, nothing), ofOneClass(f), 0))
    }
    const points = (values: ArrayLike<number>) => value(Array.from(values), [N, 2])
    return valuesOf(
      (a, b) => transport(moments(a), moments(b), 1e-6, 40).distance,
      points(ring),
      points(to),
    )[0].data[0]
  }
  const random32 = randomFeatures(24, 2, random(3, 'features'))

  test('coordinates do not tell the ring from four of its modes, or from one normal law', () => {
    for (const other of [four, normal]) expect(distance(other, x => x)).toBeLessThan(0.05)
  })
  test('random features do', () => {
    const floor = distance(ring, random32)
    expect(Math.abs(floor)).toBeLessThan(1e-6)
    for (const other of [four, normal]) expect(distance(other, random32)).toBeGreaterThan(1)
  })
})

describe('convergence', () => {
  /** Four noises with mean 0 and covariance 1, so that moments of an affine map are exact. */
  const noises = [Math.SQRT2, 0, -Math.SQRT2, 0, 0, Math.SQRT2, 0, -Math.SQRT2]
  const [mean, S] = [value([0.5, 0.3]), square([0.7, -0.2, -0.2, 1.1])]
  const run = (beta: number, steps: number): number => {
    let A = [1.5, 0.2, -0.4, 0.3]
    let b = [-1, 0.8]
    const given = () => [square(A), value(b), value(noises, [4, 2]), mean, S]
    const graph = graphOf((A, b, eps, mean, S) => {
      const before = oneClass(mean.mul(0), S.mul(0))
      // The distance itself and not its logarithm, so that steps shrink.
      const options = { beta, epsilon: 1e6, iterations: 20 }
      const loss = frechetOf(before, withCovariance(mean, S), options)
      const of = (p: readonly Tensor[]) => {
        const map = fromJump(x => x.matmul(p[0], { transposeB: true }).add(p[1]))
        return loss(drawOf(map, eps)).mean().mul(1e6)
      }
      return grad(of)([A, b])
    }, given())
    for (let i = 0; i < steps; i++) {
      const [byA, byB] = evaluate(graph, given()).map(({ data }) => [...data])
      A = A.map((x, k) => x - 0.15 * byA[k])
      b = b.map((x, k) => x - 0.15 * byB[k])
    }
    const AA = [0, 1, 2, 3].map(k => {
      const [i, j] = [Math.floor(k / 2), k % 2]
      return A[2 * i] * A[2 * j] + A[2 * i + 1] * A[2 * j + 1]
    })
    return Math.max(distanceTo(AA, [...S.data]), distanceTo(b, [...mean.data]))
  }
  test('an affine map ends at the mean and covariance of the data', () => {
    expect(run(0, 300)).toBeLessThan(1e-10)
  })
  test('and elsewhere with a memory that does not follow it', () => {
    expect(run(0.5, 300)).toBeGreaterThan(0.1)
  })
})
