import { evaluate, simplify, spec, trace } from '../../src/autodiff/index.ts'
import {
  coefficientsAt,
  type Interpolant,
  type interpolants,
  type Mixture,
  mixtureVelocity,
  pairAt,
  predictions,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { arrays } from '../../src/sampler/arrays.ts'
import { intervalsOf } from '../../src/sampler/intervals.ts'
import type { SamplingMethod } from '../../src/sampler/names.ts'
import type { Solver } from '../../src/sampler/solvers/solver.ts'
import { solvers } from '../../src/sampler/solvers/table.ts'
import { take } from '../../src/sampler/steps.ts'

export type PathName = keyof typeof interpolants
type Field = (x: Float64Array, t: number) => Float64Array

/** The exact velocity of a mixture in the plane. */
export function exactField(mixture: Mixture, path: Interpolant, count: number): Field {
  const graph = simplify(
    trace(({ x, t }) => mixtureVelocity(mixture, path).velocity(x, t), {
      x: spec([count, 2], 'float64'),
      t: spec([count, 1], 'float64'),
    }),
  )
  return (x, t) => {
    const time = { shape: [count, 1], data: new Float64Array(count).fill(t) }
    return evaluate(graph, [{ shape: [count, 2], data: x }, time])[0].data as Float64Array
  }
}

/** The velocity of Gaussian data `N(mean, deviation^2)` on a path, coordinate by coordinate. */
export function gaussianField(path: Interpolant, mean: number, deviation: number): Field {
  return (x, t) => {
    const { alpha, sigma, alphaRate, sigmaRate } = coefficientsAt(path, t)
    const k2 = (alpha * deviation) ** 2 + sigma ** 2
    const slope = (alpha * alphaRate * deviation ** 2 + sigma * sigmaRate) / k2
    return x.map(value => alphaRate * mean + slope * (value - alpha * mean))
  }
}

/** Standard normal noise of step `k`, the same for every solver. */
export const seeded =
  (count: number) =>
  (k: number): Float64Array => {
    const source = random(5, 'test noise', k)
    return Float64Array.from({ length: count }, () => source.normal())
  }

/** Takes points through a grid; noise is that of the step's number. */
export function run(
  method: SamplingMethod,
  options: object,
  path: Interpolant,
  field: Field,
  start: Float64Array,
  grid: readonly number[],
  noise: (k: number) => Float64Array = seeded(start.length),
): Float64Array {
  const solver = solvers[method] as unknown as Solver
  let k = -1
  const step = solver.begin<Float64Array>(solver.options.parse(options), {
    ...arrays<Float64Array>(),
    path,
    meaning: t => pairAt(path, predictions.velocity, t),
    noise: () => noise(k),
  })
  let x = start
  for (const interval of intervalsOf(path, grid)) {
    k++
    x = take(step(x, interval), ({ x, s }) => field(x, s))
  }
  return x
}

/** The largest distance of two numbers. */
export const worst = (a: Float64Array, b: Float64Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)

/** Equal steps from one time to another. */
export const between = (from: number, to: number, steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps)

export const MIXTURE: Mixture = {
  components: [
    { weight: 0.5, mean: [-1.5, 0.3], scales: [0.3, 0.3] },
    { weight: 0.3, mean: [1, 1.2], scales: [0.5, 0.5] },
    { weight: 0.2, mean: [0.8, -1.4], scales: [0.4, 0.4] },
  ],
}
