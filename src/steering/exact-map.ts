import {
  type CorePrimitive,
  DYNAMIC,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
  vjp,
} from '../autodiff/index.ts'
import { interpolants, type Mixture, mixtureLogDensityAt, mixtureVelocity } from '../model/index.ts'
import { STAGES, SUM } from '../model/solved.ts'
import type { SteerableMap } from './steerable.ts'

/** Makes a graph runnable. */
export type Compile = (graph: Graph<CorePrimitive>) => Promise<{
  run(inputs: readonly Float64Array[]): Promise<readonly ArrayLike<number>[]>
}>

type At = (x: Tensor, t: Tensor) => Tensor

/**
 * The flow map of a Gaussian mixture on the linear path, in float64: its velocity in closed form, its jumps solved by an
 * eighth-order method, both with derivatives, and the densities of noisy points.
 *
 * @param steps  of the solver in each jump; 32 give the mixtures of the tests to 1e-11
 */
export function exactMap(
  mixture: Mixture,
  compile: Compile,
  steps = 32,
): Required<Omit<SteerableMap<Float64Array>, 'noTrajectories' | 'noVelocity'>> {
  const D = mixture.components[0].mean.length
  const rows = spec([DYNAMIC, D], 'float64')
  const time = spec([1, 1], 'float64')
  const field = mixtureVelocity(mixture, interpolants.linear)
  const forward = (f: At) => compile(simplify(trace(({ x, t }) => ({ y: f(x, t) }), { x: rows, t: time })))
  const backward = (f: At, width = D) =>
    compile(
      simplify(
        trace(
          ({ x, t, g }) => {
            const [, pull] = vjp((at: Tensor) => f(at, t), [x])
            return { y: pull(g)[0] }
          },
          { x: rows, t: time, g: spec([DYNAMIC, width], 'float64') },
        ),
      ),
    )
  const velocityAt: At = (x, t) => field.velocity(x, t)
  const densityAt: At = (x, t) => mixtureLogDensityAt(mixture, interpolants.linear, x, t)
  const [velocity, velocityBack, density, score] = [
    forward(velocityAt),
    backward(velocityAt),
    forward(densityAt),
    backward(densityAt, 1),
  ]
  const ask = async (program: ReturnType<Compile>, x: Float64Array, t: number, ...g: Float64Array[]) =>
    Float64Array.from((await (await program).run([x, Float64Array.of(t), ...g]))[0])
  const slope = (x: Float64Array, t: number) => ask(velocity, x, t)
  const pull = (x: Float64Array, t: number, g: Float64Array) => ask(velocityBack, x, t, g)
  return {
    dimension: D,
    interpolant: interpolants.linear,
    velocity: slope,
    velocityPullback: pull,
    jump: async (x, s, t) => (await solve(slope, x, s, t, steps)).end,
    jumpPullback: async (x, s, t, g) => pullBack(pull, await solve(slope, x, s, t, steps), g),
    logDensity: (x, t) => ask(density, x, t),
    score: (x, t) => ask(score, x, t, new Float64Array(x.length / D).fill(1)),
  }
}

/** A solved trajectory with the places at which its slopes were taken. */
interface Solved {
  readonly end: Float64Array
  readonly steps: readonly {
    readonly h: number
    readonly places: readonly Float64Array[]
    readonly times: readonly number[]
  }[]
}

type Weights = Readonly<Record<number, number>>

/** `x + h sum_i w_i k_i` */
function along(x: Float64Array, h: number, weights: Weights, slopes: readonly Float64Array[]): Float64Array {
  const y = x.slice()
  for (const [i, weight] of Object.entries(weights)) {
    const slope = slopes[Number(i)]
    for (let k = 0; k < y.length; k++) y[k] += h * weight * slope[k]
  }
  return y
}

async function solve(
  slope: (x: Float64Array, t: number) => Promise<Float64Array>,
  x: Float64Array,
  s: number,
  t: number,
  count: number,
): Promise<Solved> {
  let end: Float64Array = x.slice()
  const steps: Solved['steps'][number][] = []
  if (s === t) return { end, steps }
  const h = (t - s) / count
  for (let k = 0; k < count; k++) {
    const [slopes, places, times]: [Float64Array[], Float64Array[], number[]] = [[], [], []]
    for (const [time, weights] of STAGES) {
      places.push(along(end, h, weights, slopes))
      times.push(Math.min(1, Math.max(0, s + h * (k + time))))
      slopes.push(await slope(places.at(-1)!, times.at(-1)!))
    }
    end = along(end, h, SUM, slopes)
    steps.push({ h, places, times })
  }
  return { end, steps }
}

/** The method's own derivative: what a cotangent of the end is at the beginning. */
async function pullBack(
  pull: (x: Float64Array, t: number, g: Float64Array) => Promise<Float64Array>,
  { steps }: Solved,
  g: Float64Array,
): Promise<Float64Array> {
  let cotangent: Float64Array = g.slice()
  for (const { h, places, times } of [...steps].reverse()) {
    const back: Float64Array[] = []
    for (let i = STAGES.length - 1; i >= 0; i--) {
      const ofSlope = along(
        cotangent.map(() => 0),
        h * (SUM[i] ?? 0),
        { 0: 1 },
        [cotangent],
      )
      for (let later = i + 1; later < STAGES.length; later++) {
        const weight = STAGES[later][1][i]
        if (weight) for (let k = 0; k < ofSlope.length; k++) ofSlope[k] += h * weight * back[later][k]
      }
      back[i] = await pull(places[i], times[i], ofSlope)
    }
    cotangent = back.reduce((sum, each) => along(sum, 1, { 0: 1 }, [each]), cotangent)
  }
  return cotangent
}
