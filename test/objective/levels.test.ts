import { describe, expect, test } from 'vitest'
import { constant, grad, type Tensor } from '../../src/autodiff/index.ts'
import { gaussianFlowMap } from '../../src/model/index.ts'
import { squaredError } from '../../src/objective/index.ts'
import { type Inner, innerJump, outerStep, tmdHead } from '../../src/objective/matching/levels.ts'
import { numberOf, value, valuesOf } from '../autodiff/values.ts'
import { largest } from './setting.ts'

const SD = 0.6
const DATA = gaussianFlowMap([0], SD)
const variance = (s: number) => (1 - s) ** 2 * SD ** 2 + s ** 2
/** `v(x,s)/x` of data from N(0, SD^2). */
const slope = (s: number) =>
  numberOf((x, s) => DATA.velocity(x.reshape([1, 1]), s.reshape([1, 1])).reshape([]), 1, s)

/** Variance at the end of a grid whose steps sample `y`, or take its mean. */
function ended(grid: readonly number[], spread: (s: number) => number): number {
  return grid.slice(1).reduce((before, t, i) => {
    const s = grid[i]
    // The step is linear in x and y, which are independent given the mean.
    const ofMean = numberOf((x, y, s, t) => outerStep(x, s, t, y), 1, slope(s), s, t)
    const ofNoise = numberOf((x, y, s, t) => outerStep(x, s, t, y), 0, 1, s, t)
    return before * ofMean ** 2 + ofNoise ** 2 * spread(s)
  }, variance(grid[0]))
}

describe('an outer step', () => {
  const exact = (s: number) => SD ** 2 / variance(s)
  test.each([[[1, 0]], [[1, 0.5, 0]], [[1, 0.8, 0.3, 0.1]]])('that samples y keeps the law on %j', grid => {
    expect(Math.abs(ended(grid, exact) - variance(grid.at(-1)!))).toBeLessThan(1e-12)
  })

  test('that takes the mean of y loses variance', () => {
    for (const grid of [
      [1, 0],
      [1, 0.5, 0],
      [1, 0.75, 0.5, 0.25, 0],
    ]) {
      expect(variance(0) - ended(grid, () => 0)).toBeGreaterThan(0.05)
    }
  })
})

/** An inner flow with its exact average velocity, and points with the means of `y` and `y1` given them. */
const inner = gaussianFlowMap([0.4, -0.7], 0.5)
const exact: Inner = (yp, p, q) => inner.velocity(yp, p, q)
const POINTS = value([0.3, -1.2, 1.5, 0.8, -0.4, 0.1], [3, 2])
const P = value([0.9, 0.6, 1], [3, 1])
const Q = value([0.2, 0.6, 0], [3, 1])

/** The residual's mean given `y_p`, in which it is linear. */
function residual(u: Inner, h?: number) {
  const [found] = valuesOf(
    (yp, p, q) => {
      const v = inner.velocity(yp, p)
      const y = yp.sub(p.mul(v))
      let seen = v
      const error = (a: Tensor, b: Tensor) => {
        seen = a.sub(b)
        return squaredError(a, b)
      }
      tmdHead(u, { y, y1: y.add(v), p, q, error }, h)
      return seen
    },
    POINTS,
    P,
    Q,
  )
  return largest(found)
}

describe('tmd:head', () => {
  test('leaves nothing in the mean at the exact inner flow, and something elsewhere', () => {
    expect(residual(exact)).toBeLessThan(1e-14)
    expect(residual((yp, p, q) => exact(yp, p, q).add(yp.sin().mul(0.05)))).toBeGreaterThan(0.02)
    // Times the other way round.
    expect(residual((yp, p, q) => exact(yp, p, p.add(p).sub(q)))).toBeGreaterThan(0.1)
  })

  test('has differences of second order', () => {
    const ratio = residual(exact, 0.02) / residual(exact, 0.01)
    expect(ratio).toBeGreaterThan(3.9)
    expect(ratio).toBeLessThan(4.1)
  })

  test('jumps along the inner flow, which the printed sign does not', () => {
    const missed = (jump: (yp: Tensor, p: Tensor, q: Tensor) => Tensor) =>
      largest(valuesOf((yp, p, q) => jump(yp, p, q).sub(inner.jump(yp, p, q)), POINTS, P, Q)[0])
    expect(missed((yp, p, q) => innerJump(exact, yp, p, q))).toBeLessThan(1e-14)
    expect(missed((yp, p, q) => yp.add(p.sub(q).mul(exact(yp, p, q))))).toBeGreaterThan(0.5)
  })

  test('trains u alone: its derivative is stopped', () => {
    const slopeOf = (h?: number) =>
      valuesOf(
        (a, yp, p, q) =>
          grad((a: Tensor) => {
            const u: Inner = (y, p, q) => y.sin().mul(a).add(p.mul(q))
            const y1 = constant(0.3, [3, 2], 'float64')
            return tmdHead(u, { y: yp, y1, p, q, error: squaredError }, h).sum()
          })(a),
        value([0.7], []),
        POINTS,
        P,
        Q,
      )[0].data[0]
    expect(Math.abs(slopeOf() - slopeOf(1e-4))).toBeLessThan(1e-6)
  })
})
