import { expect, test } from 'vitest'
import { constant } from '../../../src/autodiff/index.ts'
import { spaceNamed } from '../../../src/model/spaces/table.ts'
import { value, valuesOf } from '../../autodiff/values.ts'

// A flow of smooth data on a manifold in closed form: a circle, a wrapped normal, noise that is uniform.

const [MEAN, DEVIATION] = [0.7, 0.5]
const TURN = 2 * Math.PI
const IMAGES = Array.from({ length: 13 }, (_, k) => k - 6)

/** `erf`, by its series and by its continued fraction. */
function erf(x: number): number {
  if (Math.abs(x) > 3) {
    let fraction = 0
    for (let k = 60; k > 0; k--) fraction = k / 2 / (Math.abs(x) + fraction)
    return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (Math.abs(x) + fraction)))
  }
  let [term, sum] = [x, x]
  for (let k = 1; k < 80; k++) {
    term *= (-x * x) / k
    sum += term / (2 * k + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const bell = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(TURN)
const normal = (x: number) => (1 + erf(x / Math.SQRT2)) / 2
const z = (x: number, k: number) => (x - MEAN + TURN * k) / DEVIATION
/** How much of the law lies between two lifts: `Phi_w(b) - Phi_w(a)`. */
const between = (a: number, b: number) =>
  IMAGES.reduce((sum, k) => sum + normal(z(b, k)) - normal(z(a, k)), 0)
const density = (x: number) => IMAGES.reduce((sum, k) => sum + bell(z(x, k)) / DEVIATION, 0)
/** `int_a^b (y - x) p(y) dy`. */
const firstMoment = (x: number, a: number, b: number) =>
  IMAGES.reduce((sum, k) => {
    const [from, to] = [z(a, k), z(b, k)]
    const mean = MEAN - TURN * k
    return sum + (mean - x) * (normal(to) - normal(from)) - DEVIATION * (bell(to) - bell(from))
  }, 0)

/** `p_s(x)`: data within `s pi` of `x`, each as likely to come there. */
const densityAt = (x: number, s: number) => between(x - s * Math.PI, x + s * Math.PI) / (TURN * s)
/** `-E[log_x(x_0) | x]/s` */
const velocity = (x: number, s: number) =>
  -firstMoment(x, x - s * Math.PI, x + s * Math.PI) / (s * between(x - s * Math.PI, x + s * Math.PI))

/** 40 nodes of Gauss and Legendre on `[-1, 1]`, by Newton's method. */
const nodes = Array.from({ length: 40 }, (_, i) => {
  let x = Math.cos((Math.PI * (i + 0.75)) / 40.5)
  let slope = 0
  for (let step = 0; step < 20; step++) {
    let [before, now] = [1, x]
    for (let k = 2; k <= 40; k++) [before, now] = [now, ((2 * k - 1) * x * now - (k - 1) * before) / k]
    slope = (40 * (x * now - before)) / (x * x - 1)
    x -= now / slope
  }
  return { x, weight: 2 / ((1 - x * x) * slope * slope) }
})
/** The mass from the mean to `x` at time `s`. */
const massTo = (x: number, s: number, law: typeof densityAt = densityAt) =>
  nodes.reduce((sum, { x: node, weight }) => {
    const half = (x - MEAN) / 2
    return sum + weight * half * law(MEAN + half * (node + 1), s)
  }, 0)

/** `F(x, s, t) = G_t^{-1}(G_s(x))`: the mass on either side of the mean stays there. */
function exactMap(x: number, s: number, t: number, law: typeof densityAt = densityAt): number {
  const mass = massTo(x, s, law)
  let [low, high] = [MEAN - Math.PI, MEAN + Math.PI]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (massTo(middle, t, law) < mass) low = middle
    else high = middle
  }
  return low
}

/** The velocity's trajectory, by Runge and Kutta in the logarithm of time. */
function trajectory(x: number, s: number, t: number, field: typeof velocity = velocity): number {
  const steps = 2500
  const h = Math.log(t / s) / steps
  let y = x
  for (let k = 0; k < steps; k++) {
    const at = (part: number) => s * Math.exp(h * (k + part))
    const slope = (y: number, time: number) => time * field(y, time)
    const a = slope(y, at(0))
    const b = slope(y + (h / 2) * a, at(0.5))
    const c = slope(y + (h / 2) * b, at(0.5))
    const d = slope(y + h * c, at(1))
    y += (h / 6) * (a + 2 * b + 2 * c + d)
  }
  return y
}

const STARTS = [-2.2, -1, 0.1, 0.7, 1.4, 2.6]

test('the flow of a wrapped normal is that of its distribution functions', () => {
  for (const x of STARTS) {
    expect(Math.abs(trajectory(x, 0.95, 0.3) - exactMap(x, 0.95, 0.3))).toBeLessThan(3e-13)
  }
})

test('with another spread of the noise, or another velocity, it is not', () => {
  const narrow: typeof densityAt = (x, s) => densityAt(x, 0.9 * s)
  const flat: typeof velocity = (x, s) => 1.05 * velocity(x, s)
  for (const x of [-1, 1.4]) {
    expect(Math.abs(trajectory(x, 0.95, 0.3) - exactMap(x, 0.95, 0.3, narrow))).toBeGreaterThan(1e-3)
    expect(Math.abs(trajectory(x, 0.95, 0.3, flat) - exactMap(x, 0.95, 0.3))).toBeGreaterThan(1e-3)
  }
})

test('the velocity is the mean of those of the paths of the torus that lead through a point', () => {
  const torus = spaceNamed('torus')!
  const s = 0.6
  for (const x of STARTS) {
    // What lies within s pi, and the noise beyond it on the same side.
    const data = nodes.map(({ x: node }) => x + s * Math.PI * node)
    const noise = data.map(y => y + (x - y) / s)
    const [at, along] = valuesOf(
      (y, eps) => {
        const path = torus.path({} as never, y, eps)
        const time = constant(s, [40, 1], 'float64')
        return [path.at(time), path.velocity(time)]
      },
      value(data, [40, 1]),
      value(noise, [40, 1]),
    )
    for (const reached of at.data) expect(Number(reached)).toBeCloseTo(x, 12)
    const weights = nodes.map(({ weight }, i) => weight * density(data[i]))
    const total = weights.reduce((a, b) => a + b, 0)
    const mean = weights.reduce((sum, weight, i) => sum + weight * Number(along.data[i]), 0) / total
    expect(mean).toBeCloseTo(velocity(x, s), 10)
  }
})
