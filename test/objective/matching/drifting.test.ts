import { describe, expect, test } from 'vitest'
import { constant, onesLike, type Tensor } from '../../../src/autodiff/index.ts'
import { flowMap } from '../../../src/model/index.ts'
import type { Draw } from '../../../src/objective/index.ts'
import {
  type Crowd,
  type DriftOptions,
  driftAt,
  drifting,
  driftOfSamples,
  driftSize,
  scaleOf,
} from '../../../src/objective/matching/drifting.ts'

import { identity } from '../../../src/objective/matching/pairs.ts'
import { random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { quantiles } from './nodes.ts'

const gaussian = {
  kernel: 'gaussian',
  normalisation: 'separate',
  temperatures: [1],
  normaliseDrift: false,
} as const
const joint = { ...gaussian, kernel: 'laplace', normalisation: 'joint' } as const
/** Points are in units of this. */
const SCALE = 1.7

/** The drift of points `[N, D]` in their own units. */
const drift = (
  [x, data, others]: readonly (readonly number[])[],
  dimension: number,
  options: DriftOptions,
  temperature = 0.4,
  change = (crowd: Crowd): Crowd => crowd,
): number[] => {
  const given = [x, data, others].map(points => value(points, [points.length / dimension, dimension]))
  const [found] = valuesOf(
    (x, data, others) => {
      const scale = constant(SCALE, [], 'float64')
      return driftAt(change({ x, data, others }), scale, temperature, options).mul(SCALE)
    },
    ...given,
  )
  return [...found.data]
}

const normals = (count: number, name: string, seed = 1): number[] => {
  const source = random(seed, name)
  return Array.from({ length: count }, () => source.normal())
}

describe('with a Gaussian kernel, between normal laws', () => {
  const nodes = quantiles(600)
  const points = [-1.2, -0.3, 0.4, 1.5]
  const [p, q] = [
    { mean: 0.6, deviation: 0.8 },
    { mean: -0.2, deviation: 1.1 },
  ]
  const h2 = (SCALE * 0.4) ** 2
  const exact = points.map(
    x => h2 * (-(x - p.mean) / (p.deviation ** 2 + h2) + (x - q.mean) / (q.deviation ** 2 + h2)),
  )
  const from = ({ mean, deviation }: typeof p) => nodes.map(z => mean + deviation * z)
  const error = (options: DriftOptions): number =>
    Math.max(...drift([points, from(p), from(q)], 1, options).map((v, i) => Math.abs(v - exact[i])))

  test('it is the closed form', () => {
    expect(Math.max(...exact.map(Math.abs))).toBeGreaterThan(0.2)
    expect(error(gaussian)).toBeLessThan(2e-3)
  })

  test.each([
    ['half as much attraction again', { ...gaussian, attraction: 1.5 }],
    ['half as much repulsion again', { ...gaussian, repulsion: 1.5 }],
    ['another kernel', { ...gaussian, kernel: 'laplace' }],
    ['a softmax over both', { ...gaussian, normalisation: 'joint' }],
  ] as const)('%s is found', (_, mutant) => {
    expect(error(mutant)).toBeGreaterThan(0.05)
  })

  test('it is 0 where the laws agree', () => {
    for (const v of drift([points, from(p), from(p)], 1, gaussian)) expect(Math.abs(v)).toBeLessThan(1e-12)
  })
})

describe('with one softmax over both', () => {
  const [x, data, others] = ['x', 'data', 'others'].map(name => normals(16, name))

  test('data and samples that change places turn it round', () => {
    const there = drift([x, data, others], 2, joint)
    const back = drift([x, others, data], 2, joint)
    expect(Math.max(...there.map(Math.abs))).toBeGreaterThan(1e-2)
    for (const [i, v] of there.entries()) expect(v + back[i]).toBeCloseTo(0, 14)
  })

  test('over rows alone it would be that of each apart, times the parts of both, which vanish far from either', () => {
    const temperature = 0.4
    const at = (points: readonly number[], i: number): readonly number[] => points.slice(2 * i, 2 * i + 2)
    const weight = (a: readonly number[], b: readonly number[]): number =>
      Math.exp(-Math.hypot(a[0] - b[0], a[1] - b[1]) / (SCALE * Math.SQRT2 * temperature))
    const apart = drift([x, data, others], 2, { ...joint, normalisation: 'separate' }, temperature)
    for (let i = 0; i < 8; i++) {
      const kernels = [data, others].map(to =>
        Array.from({ length: 8 }, (_, j) => weight(at(x, i), at(to, j))),
      )
      const [plus, minus] = kernels.map(row => row.reduce((a, b) => a + b))
      // Weights of the joint form, with a softmax over the rows of both sets and none over columns.
      const both = plus + minus
      for (const k of [0, 1]) {
        const toward = (to: readonly number[], row: readonly number[], other: number): number =>
          row.reduce((sum, w, j) => sum + (w / both) * (other / both) * (at(to, j)[k] - at(x, i)[k]), 0)
        const rowsAlone = toward(data, kernels[0], minus) - toward(others, kernels[1], plus)
        expect(rowsAlone).toBeCloseTo((plus / both) * (minus / both) * apart[2 * i + k], 12)
      }
    }
    // With columns as well it is another one.
    expect(Math.abs(drift([x, data, others], 2, joint)[0] - apart[0])).toBeGreaterThan(1e-3)
  })

  test('it is 0 for equal sets', () => {
    for (const v of drift([x, data, data], 2, joint)) expect(v).toBeCloseTo(0, 14)
  })

  test('a sample far from all data stops, where apart it does not', () => {
    const far = [40, 0, ...x.slice(2)]
    const move = (options: DriftOptions) => Math.hypot(...drift([far, data, far], 2, options).slice(0, 2))
    const near = { ...joint, normalisation: 'separate' } as const
    expect(move(joint)).toBeLessThan(1e-6)
    expect(move(near)).toBeGreaterThan(10)
  })
})

describe('the mask', () => {
  /** The mean of `<x, V>` over draws where samples have the law of the data: 0, but for what the finite number does. */
  const contraction = (N: number, masked: boolean, draws = 400): number => {
    const hide = (crowd: Crowd) => (masked ? { ...crowd, hiddenOthers: identity(N, crowd.x) } : crowd)
    let sum = 0
    for (let i = 0; i < draws; i++) {
      const [x, data] = [normals(2 * N, 'x', i), normals(2 * N, 'data', i)]
      const V = drift([x, data, x], 2, { ...gaussian, kernel: 'laplace' }, 0.4, hide)
      sum += V.reduce((total, v, k) => total + v * x[k], 0) / N
    }
    return sum / draws
  }

  test('samples that see themselves contract where they should stay', () => {
    expect(contraction(8, false)).toBeLessThan(-0.3)
    expect(contraction(8, true)).toBeGreaterThan(-0.05)
  })

  test('a point that sees no others stays, whatever pulls', () => {
    const alone = (crowd: Crowd) => ({ ...crowd, hiddenOthers: identity(1, crowd.x) })
    expect(
      drift([[0.4, 0.1], normals(8, 'data'), [0.4, 0.1]], 2, gaussian, 0.4, alone).map(Math.abs),
    ).toEqual([0, 0])
  })

  test('what a point does not see does not move it', () => {
    const [x, data] = [normals(6, 'x'), normals(6, 'data')]
    const hidden = (crowd: Crowd) => ({
      ...crowd,
      hiddenData: constant([0, 0, 1, 0, 0, 1, 1, 1, 0], [3, 3], 'float64'),
    })
    const moved = [...data.slice(0, 4), 5, 5]
    const run = (points: readonly number[]) => drift([x, points, x], 2, gaussian, 0.4, hidden)
    expect(run(moved).slice(0, 4)).toEqual(run(data).slice(0, 4))
    expect(run(moved).slice(4)).not.toEqual(run(data).slice(4))
  })
})

test('the scale leaves out pairs of a point with itself', () => {
  const [x, data] = [
    [0, 0, 3, 4],
    [0, 0, 0, 1],
  ]
  const [scale] = valuesOf((x, data) => scaleOf(x, data), value(x, [2, 2]), value(data, [2, 2]))
  // 0 and 1 from the first point, 5 and sqrt 18 from the second, and 5 twice between them.
  expect(scale.data[0]).toBeCloseTo((0 + 1 + 5 + Math.sqrt(18) + 5 + 5) / 6 / Math.SQRT2, 7)
})

/** `A eps + b` on the line, moved along the drift by gradient steps from a wrong start, with fixed noises. */
function converge(options: DriftOptions, steps: number) {
  const N = 24
  const [own, other] = [quantiles(N), normals(N, 'others')]
  const target = { A: 0.7, b: 0.5 }
  const data = other.map(e => target.A * e + target.b)
  let [A, b] = [1.6, -1]
  for (let i = 0; i < steps; i++) {
    const others = other.map(e => A * e + b)
    const V = drift([own.map(e => A * e + b), data, others], 1, options, 0.8)
    const rate = 0.2
    A += (rate * V.reduce((sum, v, k) => sum + v * own[k], 0)) / N
    b += (rate * V.reduce((sum, v) => sum + v, 0)) / N
  }
  return Math.abs(Math.abs(A) - target.A) + Math.abs(b - target.b)
}

describe('convergence', () => {
  test('the law of the data is where an affine map ends', () => {
    expect(converge(gaussian, 600)).toBeLessThan(1e-10)
  })
  test('and not with half as much attraction again', () => {
    expect(converge({ ...gaussian, attraction: 1.5 }, 600)).toBeGreaterThan(0.05)
  })
})

describe('the drift of samples', () => {
  const [eps, x0] = ['eps', 'x0'].map(name => normals(40, name))
  /** What is made of a draw whose map takes noise to `0.3 eps + 1`, and those samples. */
  const made = (what: (draw: Draw) => Tensor) =>
    valuesOf(
      (eps, x0) => {
        const map = flowMap((x: Tensor) => x.mul(0.7).sub(1))
        const t = onesLike(eps.slice(1, 0, 1)).mul(0)
        return what({ map, path: { eps, x0 }, t } as unknown as Draw)
      },
      value(eps, [20, 2]),
      value(x0, [20, 2]),
    )[0].data
  const x = eps.map(e => 0.3 * e + 1)
  const [scale] = valuesOf((x, data) => scaleOf(x, data), value(x, [20, 2]), value(x0, [20, 2]))
  const S = scale.data[0]
  const squares = (vectors: ArrayLike<number>) =>
    Array.from({ length: 20 }, (_, i) => (vectors[2 * i] ** 2 + vectors[2 * i + 1] ** 2) / 2 / S ** 2)
  const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))
  const options = { ...gaussian, temperatures: [0.2, 0.5] }

  test.each([true, false])('is what the loss moves them by, normalised: %s', normaliseDrift => {
    const own = { ...options, normaliseDrift }
    const V = made(driftOfSamples(own))
    expect(apart(squares(V), made(drifting(own)))).toBeLessThan(1e-12)
    expect(apart(squares(V), made(driftSize(own))) < 1e-12).toBe(!normaliseDrift)
  })

  test('leads to the data, in the units of points', () => {
    const V = made(driftOfSamples(options))
    // A cloud that is too narrow around (1, 1), where the data is around 0.
    const mean = V.reduce((sum, v) => sum + v, 0) / V.length
    expect(mean).toBeLessThan(-0.1)
  })
})
