import { describe, expect, test } from 'vitest'
import { constant, grad, type Tensor } from '../../../src/autodiff/index.ts'
import {
  type BoundNetwork,
  type FlowMap,
  fromVelocity,
  interpolants,
  predictions,
} from '../../../src/model/index.ts'
import { type Draw, type Loss, squaredError } from '../../../src/objective/index.ts'
import { tmdStage1, tmdStage2 } from '../../../src/objective/matching/levels.ts'
import { solvers } from '../../../src/sampler/solvers/table.ts'
import { through } from '../../../src/sampler/through.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { batch, column, drawOf, inputsOf, largest, points } from '../setting.ts'

/** Data from N(0, SD^2): given `x_s`, `y` is N(slope(s) x_s, SD^2/k(s)^2). */
const SD = 0.6
const square = (a: Tensor) => a.mul(a)
const variance = (s: Tensor) =>
  square(s.neg().add(1))
    .mul(SD ** 2)
    .add(square(s))
const slope = (s: Tensor) =>
  s
    .sub(
      s
        .neg()
        .add(1)
        .mul(SD ** 2),
    )
    .div(variance(s))

/** The exact inner flow of `y` at noisy points. */
function exactAt(xs: Tensor, s: Tensor): FlowMap {
  const mean = slope(s).mul(xs)
  const spread = constant(SD ** 2, [], 'float64').div(variance(s))
  const k = (p: Tensor) => square(p.neg().add(1)).mul(spread).add(square(p)).sqrt()
  const velocity: BoundNetwork = (y, p, q) => {
    const rate = spread
      .add(1)
      .mul(p.add(q))
      .sub(spread.mul(2))
      .div(k(p).mul(k(p).add(k(q))))
    return rate.mul(y.sub(p.neg().add(1).mul(mean))).sub(mean)
  }
  return fromVelocity(velocity)
}

/** The mean of `y` alone, whatever the noise. */
const meanAt = (xs: Tensor, s: Tensor): FlowMap =>
  fromVelocity((y, p) => y.sub(slope(s).mul(xs)).div(p.maximum(1e-3)))

/** A step of the inner flow the other way. */
const backwardsAt = (xs: Tensor, s: Tensor): FlowMap =>
  fromVelocity((y, p, q) => exactAt(xs, s).velocity(y, p, q).neg())

type Told = NonNullable<Draw['told']>

/** The variance of what stage 2 makes of `x0`, `eps` and the inner noise, in which it is linear, for each drawn time. */
function ended(told: Told, times: readonly number[] | null, inner: number, shift = 1): Float64Array {
  const s = column(1, 0.95, 0.8, 0.6, 0.5)
  const zero = value(new Array(5).fill(0), [5, 1])
  const one = value(new Array(5).fill(1), [5, 1])
  const made = (x0: typeof one, eps: typeof one, noise: typeof one) =>
    valuesOf(
      (...inputs) => {
        const draw = drawOf({ map: fromVelocity(x => x) }, [...inputs])
        const sample: Loss = ({ map, path, s }) => map.jump(path.eps, s, s)
        return tmdStage2({ times, shift, inner }, sample)({ ...draw, noise2: draw.noise, told })
      },
      ...inputsOf({ ...batch, x0, eps, s, t: zero, m: zero, noise, r: zero }),
    )[0].data
  const [ofData, ofNoise, ofInner] = [made(one, zero, zero), made(zero, one, zero), made(zero, zero, one)]
  return ofData.map((_, i) => (SD * ofData[i]) ** 2 + ofNoise[i] ** 2 + ofInner[i] ** 2) as Float64Array
}

const off = (variances: Float64Array) => Math.max(...variances.map(v => Math.abs(v - SD ** 2)))

describe('the sample of tmd', () => {
  test.each([
    [null, 1],
    [null, 3],
    [[], 2],
    [[0.7, 0.2], 2],
  ] as const)(
    'has the law of the data with the exact inner flow: times %j, %i inner jumps',
    (times, inner) => {
      expect(off(ended(exactAt, times, inner))).toBeLessThan(1e-12)
      expect(off(ended(exactAt, times, inner, 3))).toBeLessThan(1e-12)
    },
  )

  test('loses variance with the mean of y, and has another with inner steps the other way', () => {
    for (const times of [null, [0.7, 0.2]]) {
      for (const lost of ended(meanAt, times, 1)) expect(SD ** 2 - lost).toBeGreaterThan(0.02)
      expect(off(ended(backwardsAt, times, 1))).toBeGreaterThan(0.5)
    }
  })

  test.each([
    [1, [1, 0.7, 0.2]],
    [3, [1, 2.1 / 2.4, 0.6 / 1.4]],
  ])('begins at 1 and at each of its times as often, moved by %d', (shift, starts) => {
    const n = 60
    const s = value(
      Array.from({ length: n }, (_, i) => (i + 0.5) / n),
      [n, 1],
    )
    const [seen] = valuesOf(s => {
      let at = s
      const told: Told = (xs, s) => {
        at = s
        return fromVelocity(() => xs)
      }
      const draw = drawOf({ map: fromVelocity(x => x) }, [s, s, s, s, s, s, s])
      tmdStage2({ times: [0.7, 0.2], shift, inner: 1 }, ({ s }) => s)({ ...draw, told })
      return at
    }, s)
    for (const time of starts) {
      expect([...seen.data].filter(found => Math.abs(found - time) < 1e-12)).toHaveLength(n / 3)
    }
  })

  test('passes the gradient through every inner jump', () => {
    const slopeOf = (loss: (a: Tensor, draw: Draw) => Tensor) => (a: number) =>
      valuesOf(
        (a, ...inputs) => loss(a, drawOf({ map: fromVelocity(x => x) }, inputs)).sum(),
        value([a], []),
        ...inputsOf(batch),
      )[0].data[0]
    const told =
      (a: Tensor): Told =>
      (xs, s) =>
        fromVelocity((y, p, q) => y.mul(a).sin().add(xs.mul(s)).add(p.mul(q)))
    const lossOf = (a: Tensor, draw: Draw) =>
      tmdStage2({ times: [0.5], shift: 1, inner: 3 }, ({ map, path, s }) => square(map.jump(path.eps, s, s)))(
        {
          ...draw,
          told: told(a),
        },
      )
    const by = slopeOf((a, draw) => grad((a: Tensor) => lossOf(a, draw).sum())(a))(0.7)
    const h = 1e-5
    const value1 = slopeOf(lossOf)
    expect(by).toBeCloseTo((value1(0.7 + h) - value1(0.7 - h)) / (2 * h), 6)
    expect(Math.abs(by)).toBeGreaterThan(0.1)
  })
})

describe('stage 1', () => {
  /** The residual's mean given `x_s` and `y_p`: it is linear in `y` and the noise, which their means stand for. */
  function residual(told: Told, h?: number): number {
    const [found] = valuesOf(
      (xs, yp, ...inputs) => {
        const draw = drawOf({ map: fromVelocity(x => x) }, inputs)
        const { s: p, r } = draw
        const v = exactAt(xs, r).velocity(yp, p, p)
        const y = yp.sub(p.mul(v))
        const x0 = xs.sub(r.mul(y))
        let seen = v
        const error = (a: Tensor, b: Tensor) => {
          seen = a.sub(b)
          return squaredError(a, b)
        }
        const path = { ...draw.path, ...pathOf(x0, x0.add(y)) }
        tmdStage1(h)({ ...draw, path, noise: y.add(v), told, error })
        return seen
      },
      points(7),
      points(8),
      ...inputsOf(batch),
    )
    return largest(found)
  }
  const pathOf = (x0: Tensor, eps: Tensor): Partial<Draw['path']> => ({
    x0,
    eps,
    at: s => x0.add(s.mul(eps.sub(x0))),
    velocity: () => eps.sub(x0),
  })

  test('leaves nothing in the mean at the exact inner flow', () => {
    expect(residual(exactAt)).toBeLessThan(1e-12)
  })

  test('leaves something at another map, with times the other way round, and told another point or time', () => {
    const others: Told[] = [
      (xs, s) => fromVelocity((y, p, q) => exactAt(xs, s).velocity(y, p, q).add(y.sin().mul(0.05))),
      (xs, s) => fromVelocity((y, p, q) => exactAt(xs, s).velocity(y, p, p.add(p).sub(q))),
      backwardsAt,
      (xs, s) => exactAt(xs.mul(0.9), s),
      (xs, s) => exactAt(xs, s.mul(0.9)),
    ]
    for (const told of others) expect(residual(told)).toBeGreaterThan(0.01)
  })

  test('has differences of second order', () => {
    const ratio = residual(exactAt, 0.02) / residual(exactAt, 0.01)
    expect(ratio).toBeGreaterThan(3.8)
    expect(ratio).toBeLessThan(4.2)
  })
})

describe('the method transition', () => {
  /** The variance at the end of a grid, as a sum over the noises that it adds. */
  async function endVariance(grid: readonly number[], told: Told, inner: number) {
    const noises = grid.length
    let sum = 0
    for (let which = 0; which < noises; which++) {
      const end = await through<Float64Array, { inner: number | null }>(
        async ({ x, s, drawn }) => {
          const [y] = valuesOf(
            (x, noise, s) => {
              const u = told(x, s)
              let y = noise
              for (let k = 0; k < inner; k++) {
                const [p, q] = [1 - k / inner, 1 - (k + 1) / inner].map(time => s.mul(0).add(time))
                y = u.jump(y, p, q)
              }
              return y
            },
            value([...x], [1, 1]),
            value([...drawn!.noise], [1, 1]),
            value([s], [1, 1]),
          )
          return Float64Array.from(y.data)
        },
        Float64Array.of(which === 0 ? 1 : 0),
        grid,
        {
          path: interpolants.linear,
          prediction: predictions.velocity,
          solver: solvers.transition,
          options: { inner },
          noise: (k, like) => like.map(() => (which === k + 1 ? 1 : 0)) as typeof like,
        },
      )
      sum += end[0] ** 2
    }
    return sum
  }
  const at = (t: number) => (1 - t) ** 2 * SD ** 2 + t ** 2

  test.each([[[1, 0]], [[1, 0.5, 0]], [[1, 0.8, 0.3, 0.1]]])(
    'keeps the law of the path on %j',
    async grid => {
      for (const inner of [1, 2]) {
        expect(Math.abs((await endVariance(grid, exactAt, inner)) - at(grid.at(-1)!))).toBeLessThan(1e-12)
      }
    },
  )

  test('loses variance with the mean alone', async () => {
    expect(at(0) - (await endVariance([1, 0.5, 0], meanAt, 1))).toBeGreaterThan(0.05)
  })
})
