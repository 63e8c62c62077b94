import { describe, expect, test } from 'vitest'
import { constant, jvp, onesLike, type Tensor } from '../../../src/autodiff/index.ts'
import {
  autoguided,
  continuousCondition,
  type GuidedFlow,
  twoClasses,
} from '../../../src/model/exact-guided.ts'
import {
  extrapolate,
  gaussianFlowMap,
  interpolants,
  mixtureVelocity,
  type VelocityField,
} from '../../../src/model/index.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { spaced } from '../posterior.ts'
import { batch, largest, withoutSites } from '../setting.ts'
import { all, CLASSES, classOf, SIGNS } from './world.ts'

const { x0: x, s, t, r } = batch
const W = 2.5

/** How far two functions of a point, a source time and a target time are apart. */
const apart = (f: (x: Tensor, s: Tensor, t: Tensor) => Tensor, g: typeof f): number =>
  withoutSites(() => largest(valuesOf((x, s, t) => f(x, s, t).sub(g(x, s, t)), x, s, t)[0]))

/** What is true of every flow map of a velocity. */
function solves(flow: GuidedFlow, tolerance: number): void {
  const map = (s: Tensor) => flow.guided(all(s, W))
  const partial = (x: Tensor, s: Tensor, t: Tensor) => jvp(t => map(s).jump(x, s, t), [t], [onesLike(t)])
  expect(
    apart(
      (x, s, t) => partial(x, s, t)[1],
      (x, s, t) => map(s).velocity(map(s).jump(x, s, t), t),
    ),
  ).toBeLessThan(tolerance)
  const between = (s: Tensor, t: Tensor) => s.mul(0.4).add(t.mul(0.6))
  expect(
    apart(
      (x, s, t) => map(s).jump(map(s).jump(x, s, between(s, t)), between(s, t), t),
      (x, s, t) => map(s).jump(x, s, t),
    ),
  ).toBeLessThan(tolerance)
}

describe('two classes (O1, O2)', () => {
  const both = { components: SIGNS.map(sign => ({ ...classOf(sign).components[0], weight: 0.5 })) }
  const ofClass = (k: number): VelocityField =>
    mixtureVelocity(both, interpolants.linear, constant(new Array(5).fill(k), [5], 'int64'))
  const whole = mixtureVelocity(both, interpolants.linear)
  const flow = (sign: number, s: Tensor) => twoClasses(CLASSES, all(s, sign))

  test.each([
    [1, 0],
    [-1, 1],
  ])('the guided velocity of class %i is v_0 + w (v_c - v_0)', (sign, k) => {
    const mixed = (told: VelocityField, untold: VelocityField, w: number) =>
      apart(
        (x, s) => flow(sign, s).guided(all(s, W)).velocity(x, s),
        (x, s) => extrapolate(untold.velocity(x, s), told.velocity(x, s), all(s, w)),
      )
    expect(mixed(ofClass(k), whole, W)).toBeLessThan(5e-15)
    // The other class; both exchanged; one more.
    expect(mixed(ofClass(1 - k), whole, W)).toBeGreaterThan(0.1)
    expect(mixed(whole, ofClass(k), W)).toBeGreaterThan(0.1)
    expect(mixed(ofClass(k), whole, 1 + W)).toBeGreaterThan(0.1)
  })

  test('at noise and at data', () => {
    const [mean, a] = [constant(CLASSES.a, [1, 2], 'float64'), flow(-1, constant([0], [1, 1], 'float64'))]
    const w = constant([W], [1, 1], 'float64')
    const at = (time: number) => (x: Tensor, s: Tensor) => a.guided(w).velocity(x, all(s, time))
    expect(apart(at(1), x => x.add(mean.mul(W)))).toBeLessThan(1e-14)
    expect(apart(at(0), x => x.neg())).toBeLessThan(1e-14)
  })

  test.each(SIGNS)('without guidance the map of class %i is that of a Gaussian', sign => {
    const exact = gaussianFlowMap(
      CLASSES.a.map(v => sign * v),
      CLASSES.sigma,
    )
    const map = (w: number) =>
      apart(
        (x, s, t) => flow(sign, s).guided(all(s, w)).jump(x, s, t),
        (x, s, t) => exact.jump(x, s, t),
      )
    expect(map(1)).toBeLessThan(4e-12)
    expect(map(0)).toBeGreaterThan(0.1)
  })

  test('across the line of the classes it is linear at every scale, and whatever the class', () => {
    const across = constant([0.4, 0.9], [2, 1], 'float64')
    const spread = (t: Tensor) => t.neg().add(1).mul(CLASSES.sigma).square().add(t.square()).sqrt()
    for (const [sign, w] of [
      [1, 0],
      [-1, 1.5],
      [1, 8],
    ]) {
      const found = apart(
        (x, s, t) => flow(sign, s).guided(all(s, w)).jump(x, s, t).matmul(across),
        (x, s, t) => spread(t).div(spread(s)).mul(x.matmul(across)),
      )
      expect(found).toBeLessThan(2e-12)
    }
  })

  test('solves its equation', () =>
    solves(twoClasses(CLASSES, constant([1, 1, -1, -1, 1], [5, 1], 'float64')), 4e-10))
})

/**
 * The reason why guidance belongs into the training of a map: the two classes along their line, w = 3, one step from noise to
 * data.
 */
test('guidance of jumps is not the jump of the guided flow (O3)', () => {
  const length = Math.hypot(...CLASSES.a)
  const rule = spaced(0.05, 0)
  const noise = value(
    rule.map(({ z }) => z),
    [rule.length, 1],
  )
  const [exact, wrong] = withoutSites(() =>
    valuesOf(x => {
      const flow = twoClasses({ a: [length], sigma: 0.5 }, all(x, 1))
      const jump = (w: number) => flow.guided(all(x, w)).jump(x, all(x, 1), all(x, 0))
      return [jump(3), extrapolate(jump(0), jump(1), all(x, 3))]
    }, noise),
  )
  const moments = ({ data }: { data: Float64Array }) => {
    const mean = rule.reduce((sum, { weight }, i) => sum + weight * data[i], 0)
    const square = rule.reduce((sum, { weight }, i) => sum + weight * (data[i] - mean) ** 2, 0)
    return [mean, Math.sqrt(square)]
  }
  const [[mean, deviation], [wrongMean, wrongDeviation]] = [exact, wrong].map(moments)
  expect(mean).toBeCloseTo(1.51, 2)
  expect(deviation).toBeCloseTo(0.32, 2)
  expect(wrongMean).toBeCloseTo(3 * length, 2)
  expect(wrongDeviation).toBeCloseTo(0.82, 2)
  expect(Math.max(...exact.data.map((v, i) => Math.abs(v - wrong.data[i])))).toBeGreaterThan(2.5)
})

describe('autoguidance (O7)', () => {
  const known = { mu: [0.3, -0.2], sigma: 0.5, weak: 0.7 }
  const flow = autoguided(known)

  test('leads between the velocities of the two', () => {
    const [told, weak] = [0.5, 0.7].map(sigma => gaussianFlowMap(known.mu, sigma))
    const mixed = (first: VelocityField, second: VelocityField) =>
      apart(
        (x, s) => flow.guided(all(s, W)).velocity(x, s),
        (x, s) => extrapolate(second.velocity(x, s), first.velocity(x, s), all(s, W)),
      )
    expect(mixed(told, weak)).toBeLessThan(2e-15)
    expect(mixed(weak, told)).toBeGreaterThan(0.05)
  })

  test('solves its equation', () => solves(flow, 4e-15))

  test('makes samples of the deviation sigma^w weak^(1-w)', () => {
    const [centre, off] = valuesOf(
      x => [0, 1].map(by => flow.guided(all(x, W)).jump(all(x, by), all(x, 1), all(x, 0))),
      value([0], [1, 1]),
    )
    expect(off.data[0] - centre.data[0]).toBeCloseTo(0.5 ** W * 0.7 ** (1 - W), 14)
  })
})

describe('a condition that is a number (O8)', () => {
  const known = { tau: 0.8, sigma: 0.5 }
  const flow = (y: Tensor) => continuousCondition(known, y)
  const sized = (y: Tensor, w: number) => flow(y).guided(all(y, w))
  /** `r` of the batch is what each sample is told. */
  const off = (w: number, exact: (x: Tensor, s: Tensor, t: Tensor, y: Tensor) => Tensor) =>
    largest(
      valuesOf(
        (x, s, t, y) =>
          sized(y, w)
            .jump(x, s, t)
            .sub(exact(x, s, t, y)),
        x,
        s,
        t,
        r,
      )[0],
    )

  test('at w = 1 and 0 its map is that of a Gaussian', () => {
    const centred = gaussianFlowMap([0, 0], known.sigma)
    // A Gaussian about y is one about 0 whose path is shifted.
    const shift = (t: Tensor, y: Tensor) => t.neg().add(1).mul(y)
    expect(off(1, (x, s, t, y) => centred.jump(x.sub(shift(s, y)), s, t).add(shift(t, y)))).toBeLessThan(
      1e-14,
    )
    const whole = gaussianFlowMap([0, 0], Math.hypot(known.sigma, known.tau))
    expect(off(0, (x, s, t) => whole.jump(x, s, t))).toBeLessThan(1e-14)
    expect(off(1, (x, s, t) => whole.jump(x, s, t))).toBeGreaterThan(0.05)
  })

  test('leads between the velocities of the two', () => {
    const [velocity] = valuesOf(
      (x, s, y) => {
        const [told, untold] = [1, 0].map(w => sized(y, w).velocity(x, s))
        return sized(y, W)
          .velocity(x, s)
          .sub(extrapolate(untold, told, all(y, W)))
      },
      x,
      s,
      r,
    )
    expect(largest(velocity)).toBeLessThan(2e-15)
  })

  test('solves its equation', () => solves(flow(constant(r.data, r.shape, 'float64')), 2e-14))
})
