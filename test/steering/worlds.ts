import type { Mixture, Quadratic } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { interpret } from '../../src/runtime/interpret.ts'
import { type Compile, exactMap } from '../../src/steering/exact-map.ts'
import type { PointReward, PosteriorSampler, SteerableMap } from '../../src/steering/steerable.ts'

/** `0.3 N((-1.5, .5), .5^2) + 0.7 N((1, -.5), .3^2)` */
export const TWO: Mixture = {
  components: [
    { weight: 0.3, mean: [-1.5, 0.5], scales: [0.5, 0.5] },
    { weight: 0.7, mean: [1, -0.5], scales: [0.3, 0.3] },
  ],
}

/** `-|x - (.2, .8)|^2/(2 .6^2)` */
export const NEAR: Quadratic = {
  A: [
    [1 / 0.36, 0],
    [0, 1 / 0.36],
  ],
  center: [0.2, 0.8],
  b: [0, 0],
  constant: 0,
}

/** `N(0, sigma^2)` on a line. */
export const gaussian = (sigma: number): Mixture => ({
  components: [{ weight: 1, mean: [0], scales: [sigma] }],
})

/** `-(x - y)^2/(2 sd^2)` */
export const observed = (y: number, sd: number): Quadratic => ({
  A: [[1 / sd ** 2]],
  center: [y],
  b: [0],
  constant: 0,
})

const compile: Compile = async graph => {
  const program = interpret(graph)
  return { run: async inputs => (await program.run(inputs)) as Float64Array[] }
}

export const exact = (mixture: Mixture, steps = 12) => exactMap(mixture, compile, steps)

/** `N(0, sigma^2)` in closed form: `F(x, s, t) = k(t)/k(s) x`, `k^2 = (1-t)^2 sigma^2 + t^2`. */
export function gaussianMap(sigma: number): SteerableMap<Float64Array> {
  const k = (t: number) => Math.hypot((1 - t) * sigma, t)
  const slope = (t: number) => (t - (1 - t) * sigma ** 2) / k(t) ** 2
  const by = (x: Float64Array, factor: number) => x.map(value => factor * value)
  return {
    ...exact(gaussian(sigma)),
    jump: async (x, s, t) => by(x, k(t) / k(s)),
    jumpPullback: async (_, s, t, g) => by(g, k(t) / k(s)),
    velocity: async (x, t) => by(x, slope(t)),
    velocityPullback: async (_, t, g) => by(g, slope(t)),
  }
}

export function quadraticReward({ A, center, b, constant }: Quadratic): PointReward<Float64Array> {
  const D = center.length
  const slope = (x: Float64Array, row: number, i: number): number => {
    let value = b[i]
    for (let j = 0; j < D; j++) value -= A[i][j] * (x[row * D + j] - center[j])
    return value
  }
  return {
    value: async x =>
      Float64Array.from({ length: x.length / D }, (_, row) => {
        let sum = constant
        for (let i = 0; i < D; i++) {
          const from = x[row * D + i] - center[i]
          sum += ((slope(x, row, i) + b[i]) * from) / 2 + b[i] * center[i]
        }
        return sum
      }),
    gradient: async x => x.map((_, k) => slope(x, Math.floor(k / D), k % D)),
    quadratic: { A, center, b, constant },
  }
}

export function normals(count: number, seed: number): Float64Array {
  const source = random(seed, 'test')
  return Float64Array.from({ length: count }, () => source.normal())
}

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

export const deviation = (values: ArrayLike<number>): number => {
  const m = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] - m) ** 2
  return Math.sqrt(sum / (values.length - 1))
}

/** Samples of `p(x0 | x_tau)` of `N(0, sigma^2)`. */
export function gaussianPosterior(sigma: number, seed: number): PosteriorSampler<Float64Array> {
  const source = random(seed, 'posterior')
  return async (x, tau) => {
    const k2 = ((1 - tau) * sigma) ** 2 + tau ** 2
    const [gain, spread] = [((1 - tau) * sigma ** 2) / k2, (sigma * tau) / Math.sqrt(k2)]
    return x.map(value => gain * value + spread * source.normal())
  }
}
