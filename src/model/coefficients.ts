import {
  type CorePrimitive,
  evaluate,
  type Graph,
  jvp,
  onesLike,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../autodiff/index.ts'
import type { Interpolant } from './interpolants/interpolant.ts'

/** What a path is made of, at one time. */
export interface AtTime<N = number> {
  readonly alpha: N
  readonly sigma: N
}

/** The same with its derivatives in time. */
export interface Coefficients<N = number> extends AtTime<N> {
  /** `alpha'(t)` */
  readonly alphaRate: N
  /** `sigma'(t)` */
  readonly sigmaRate: N
}

/** `alpha`, `sigma` and their derivatives of times, on a graph. */
export function coefficientsOf({ alpha, sigma }: Interpolant, t: Tensor): Coefficients<Tensor> {
  const [a, alphaRate] = jvp(alpha, [t], [onesLike(t)])
  const [b, sigmaRate] = jvp(sigma, [t], [onesLike(t)])
  return { alpha: a, sigma: b, alphaRate, sigmaRate }
}

/** `W = alpha sigma' - alpha' sigma`, above 0. */
export const wronskian = ({ alpha, sigma, alphaRate, sigmaRate }: Coefficients<Tensor>): Tensor =>
  alpha.mul(sigmaRate).sub(alphaRate.mul(sigma))

const graphs = new WeakMap<Interpolant, Graph<CorePrimitive>>()

function graphOf(path: Interpolant): Graph<CorePrimitive> {
  const graph = graphs.get(path) ?? simplify(trace(t => coefficientsOf(path, t), spec([], 'float64')))
  graphs.set(path, graph)
  return graph
}

/** The numbers `alpha(t)`, `sigma(t)`, `alpha'(t)` and `sigma'(t)` in float64, from the functions that training differentiates. */
export function coefficientsAt(path: Interpolant, t: number): Coefficients {
  const graph = graphOf(path)
  const values = evaluate(graph, [{ shape: [], data: Float64Array.of(t) }])
  return Object.fromEntries(
    graph.outputNames.map((name, i) => [name, values[i].data[0]]),
  ) as unknown as Coefficients
}

/** `sigma(1)`: the deviation of the noise that sampling starts from. */
export const baseDeviation = (path: Interpolant): number => coefficientsAt(path, 1).sigma

/** `r = sigma/alpha` at a time: 0 to infinity, rising. */
export function ratioAt(path: Interpolant, t: number): number {
  const { alpha, sigma } = coefficientsAt(path, t)
  // What rounding leaves of the data at t = 1 is nothing.
  return alpha > 1e-12 ? sigma / alpha : Infinity
}

const HALVINGS = 60

/** The time at which a path has a ratio of noise to data; the nearest end where it has it nowhere. */
export function timeOfRatio(path: Interpolant, r: number): number {
  if (path.timeOfRatio) return path.timeOfRatio(r)
  let [low, high] = [0, 1]
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2
    if (ratioAt(path, middle) < r) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The stochastic process whose law is that of a path: `dx = drift x dt + diffusion dw`. Song et al. 2021, arXiv:2011.13456. */
export function processAt(path: Interpolant, t: number): { drift: number; diffusionSquared: number } {
  const { alpha, sigma, alphaRate, sigmaRate } = coefficientsAt(path, t)
  const w = alpha * sigmaRate - alphaRate * sigma
  return { drift: alphaRate / alpha, diffusionSquared: (2 * sigma * w) / alpha }
}
