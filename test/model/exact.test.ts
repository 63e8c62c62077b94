import { describe, expect, test } from 'vitest'
import { jvp, onesLike, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { gaussianFlowMap, interpolants, type Mixture, mixtureVelocity } from '../../src/model/index.ts'
import { sampleArgument, value, valuesOf } from '../autodiff/values.ts'

const MEAN = [0.8, -1.3]
const SIGMA = 0.5
const B = 6

const points = sampleArgument({ shape: [B, 2], low: -2, high: 2, gap: 0 }, 4, 0)
const column = (...times: number[]): Value => value(times, [times.length, 1])
const S = column(1, 0.95, 0.8, 0.6, 0.5, 0.3)
const M = column(0.4, 0.7, 0.3, 0.35, 0.45, 0.1)
const T = column(0, 0.2, 0.1, 0.05, 0.4, 0)

const exact = gaussianFlowMap(MEAN, SIGMA)

function expectClose(found: Value, expected: Value, tolerance = 1e-13): void {
  expect(found.shape).toEqual(expected.shape)
  found.data.forEach((v, i) => {
    expect(Math.abs(v - expected.data[i]), `element ${i}: ${v}, expected ${expected.data[i]}`).toBeLessThan(
      tolerance,
    )
  })
}

/** Two outputs of a function of point and times. */
function expectEqual(
  fn: (x: Tensor, s: Tensor, m: Tensor, t: Tensor) => [Tensor, Tensor],
  tolerance?: number,
): void {
  const [left, right] = valuesOf(fn as (...args: Tensor[]) => unknown, points, S, M, T)
  expectClose(left, right, tolerance)
}

describe('the flow map of a Gaussian', () => {
  const k = (t: number) => Math.sqrt((1 - t) ** 2 * SIGMA ** 2 + t ** 2)
  const byHand = (formula: (x: number, s: number, t: number, mean: number) => number): Value => ({
    shape: [B, 2],
    data: points.data.map((x, i) => formula(x, S.data[i >> 1], T.data[i >> 1], MEAN[i % 2])),
  })

  test('is the closed form', () => {
    const [jump] = valuesOf((x, s, t) => exact.jump(x, s, t), points, S, T)
    expectClose(
      jump,
      byHand((x, s, t, mu) => (1 - t) * mu + (k(t) / k(s)) * (x - (1 - s) * mu)),
    )
  })

  test('has the average velocity (F - x)/(t - s), also where the closed form is not used', () => {
    const [V] = valuesOf((x, s, t) => exact.velocity(x, s, t), points, S, T)
    expectClose(
      V,
      byHand((x, s, t, mu) => ((1 - t) * mu + (k(t) / k(s)) * (x - (1 - s) * mu) - x) / (t - s)),
    )
  })

  test('has the closed form of the velocity on the diagonal', () => {
    const [v] = valuesOf((x, s) => exact.velocity(x, s), points, S)
    const slope = (t: number) => (t - (1 - t) * SIGMA ** 2) / k(t) ** 2
    expectClose(
      v,
      byHand((x, s, _, mu) => -mu + slope(s) * (x - (1 - s) * mu)),
    )
  })

  test('is the identity when both times are equal', () => {
    expectEqual((x, s) => [exact.jump(x, s, s), x], 1e-300)
  })

  test('takes noise to the data and back', () => {
    const one = column(...new Array<number>(B).fill(1))
    const zero = column(...new Array<number>(B).fill(0))
    const [data, back] = valuesOf(
      (x, s, t) => [exact.jump(x, s, t), exact.jump(exact.jump(x, s, t), t, s)],
      points,
      one,
      zero,
    )
    expectClose(data, { shape: [B, 2], data: points.data.map((x, i) => MEAN[i % 2] + SIGMA * x) })
    expectClose(back, points)
  })

  test('is a semigroup', () => {
    expectEqual((x, s, m, t) => [exact.jump(exact.jump(x, s, m), m, t), exact.jump(x, s, t)])
  })

  test('fulfils the Lagrangian equation', () => {
    expectEqual((x, s, _, t) => {
      const [F, dF] = jvp(t => exact.jump(x, s, t), [t], [onesLike(t)])
      return [dF, exact.velocity(F, t)]
    })
  })

  test('fulfils the Eulerian equation', () => {
    expectEqual((x, s, _, t) => {
      const [, dF] = jvp((x, s) => exact.jump(x, s, t), [x, s], [exact.velocity(x, s), onesLike(s)])
      return [dF, dF.mul(0)]
    })
  })

  test('fulfils both average forms', () => {
    expectEqual((x, s, _, t) => {
      const [V, dV] = jvp(t => exact.velocity(x, s, t), [t], [onesLike(t)])
      return [V, exact.velocity(exact.jump(x, s, t), t).sub(t.sub(s).mul(dV))]
    })
    expectEqual((x, s, _, t) => {
      const v = exact.velocity(x, s)
      const [V, dV] = jvp((x, s) => exact.velocity(x, s, t), [x, s], [v, onesLike(s)])
      return [V, v.add(t.sub(s).mul(dV))]
    })
  })

  test('is curved: no straight line passes these tests', () => {
    const [V, v] = valuesOf((x, s, t) => [exact.velocity(x, s, t), exact.velocity(x, s)], points, S, T)
    const gap = Math.max(...V.data.map((a, i) => Math.abs(a - v.data[i])))
    expect(gap).toBeGreaterThan(0.1)
  })
})

describe('the velocity of a mixture', () => {
  const mixture: Mixture = {
    components: [
      { weight: 0.2, mean: [-1.5], scales: [0.3] },
      { weight: 0.5, mean: [0.4], scales: [0.6] },
      { weight: 0.3, mean: [2], scales: [0.15] },
    ],
  }

  test('of one Gaussian is the Gaussian formula', () => {
    const { velocity } = mixtureVelocity(
      { components: [{ weight: 1, mean: MEAN, scales: [SIGMA, SIGMA] }] },
      interpolants.linear,
    )
    expectEqual((x, s) => [velocity(x, s), exact.velocity(x, s)])
  })

  test('of equal components is that of one of them', () => {
    const component = { mean: MEAN, scales: [0.7, 0.2] }
    const one = mixtureVelocity({ components: [{ weight: 1, ...component }] }, interpolants.trig)
    const three = mixtureVelocity(
      { components: [0.5, 0.3, 0.2].map(weight => ({ weight, ...component })) },
      interpolants.trig,
    )
    expectEqual((x, s) => [three.velocity(x, s), one.velocity(x, s)])
  })

  /** `E[alpha' x0 + sigma' eps | x_t = x]` as an integral over the data, by the trapezoid rule. */
  function conditionalMean(x: number, [a, da]: [number, number], [b, db]: [number, number]): number {
    const density = (x0: number) =>
      mixture.components.reduce((sum, { weight, mean, scales }) => {
        const z = (x0 - mean[0]) / scales[0]
        return sum + (weight / scales[0]) * Math.exp(-0.5 * z * z)
      }, 0)
    let [total, mass] = [0, 0]
    for (let i = 0; i <= 16_000; i++) {
      const x0 = -8 + i / 1000
      const eps = (x - a * x0) / b
      const weight = density(x0) * Math.exp(-0.5 * eps * eps)
      total += weight * (da * x0 + db * eps)
      mass += weight
    }
    return total / mass
  }

  const half = Math.PI / 2
  const schedules = {
    linear: (t: number) => [
      [1 - t, -1],
      [t, 1],
    ],
    trig: (t: number) => [
      [Math.cos(half * t), -half * Math.sin(half * t)],
      [Math.sin(half * t), half * Math.cos(half * t)],
    ],
  } as const

  test.each(['linear', 'trig'] as const)('is the conditional mean on the %s path, by quadrature', name => {
    const { velocity } = mixtureVelocity(mixture, interpolants[name])
    const xs = [-2, -0.5, 0.1, 0.9, 1.8, 3]
    const ts = [0.05, 0.2, 0.5, 0.7, 0.9, 0.99]
    const [v] = valuesOf((x, t) => velocity(x, t), column(...xs), column(...ts))
    xs.forEach((x, i) => {
      const [alpha, sigma] = schedules[name](ts[i]) as [[number, number], [number, number]]
      expect(v.data[i]).toBeCloseTo(conditionalMean(x, alpha, sigma), 9)
    })
  })

  describe('with full covariances', () => {
    const angle = 0.7
    const rotation = [
      [Math.cos(angle), -Math.sin(angle)],
      [Math.sin(angle), Math.cos(angle)],
    ]
    const rotate = ([x, y]: readonly number[]) => rotation.map(row => row[0] * x + row[1] * y)
    const upright = [
      { weight: 0.6, mean: [1, -2], scales: [0.3, 1.1] },
      { weight: 0.4, mean: [-0.5, 0.5], scales: [0.8, 0.2] },
    ]
    const rows = Array.from({ length: B }, (_, i) => [points.data[2 * i], points.data[2 * i + 1]])
    const turned = value(rows.flatMap(rotate), [B, 2])

    test('is the velocity of the rotated problem', () => {
      const plain = mixtureVelocity({ components: upright }, interpolants.linear)
      const full = mixtureVelocity(
        { components: upright.map(c => ({ ...c, mean: rotate(c.mean), axes: rotation })) },
        interpolants.linear,
      )
      const [v] = valuesOf((x, t) => plain.velocity(x, t), points, M)
      const [w] = valuesOf((x, t) => full.velocity(x, t), turned, M)
      const expected = Array.from({ length: B }, (_, i) => rotate([v.data[2 * i], v.data[2 * i + 1]])).flat()
      expectClose(w, value(expected, [B, 2]))
    })

    test('may mix components with and without axes', () => {
      const identity = [
        [1, 0],
        [0, 1],
      ]
      const explicit = mixtureVelocity(
        { components: upright.map(c => ({ ...c, axes: identity })) },
        interpolants.linear,
      )
      const mixed = mixtureVelocity(
        { components: [upright[0], { ...upright[1], axes: identity }] },
        interpolants.linear,
      )
      const plain = mixtureVelocity({ components: upright }, interpolants.linear)
      const [a, b, c] = valuesOf((x, t) => [explicit, mixed, plain].map(f => f.velocity(x, t)), points, M)
      expectClose(a, c)
      expectClose(b, c)
    })
  })

  test('stays finite far from every component and at both ends of time', () => {
    const { velocity } = mixtureVelocity(mixture, interpolants.linear)
    const [v] = valuesOf((x, t) => velocity(x, t), column(1e4, -1e4, 0, 0), column(0.01, 0.5, 0, 1))
    expect([...v.data].every(Number.isFinite)).toBe(true)
    // Pure noise says nothing about the data: E[eps - x0 | eps = 0] is minus the mean.
    expect(v.data[3]).toBeCloseTo(-(0.2 * -1.5 + 0.5 * 0.4 + 0.3 * 2), 13)
  })
})
