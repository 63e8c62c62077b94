import {
  type CorePrimitive,
  evaluate,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../autodiff/index.ts'
import { type Coefficients, coefficientsOf, wronskian } from './coefficients.ts'
import type { Interpolant } from './interpolants/interpolant.ts'

/** Data and noise of a noisy point, as far as they are known: `E[x0 | x_t]` and `E[eps | x_t]`. */
export interface Pair<X> {
  readonly x0: X
  readonly eps: X
}

/** What a network of one time predicts. */
export interface Prediction {
  /** What it is of data and noise. */
  readonly fromPair: (pair: Pair<Tensor>, at: Coefficients<Tensor>) => Tensor
  /** Data and noise, from the noisy point `x` and what was predicted. */
  readonly toPair: (x: Tensor, out: Tensor, at: Coefficients<Tensor>) => Pair<Tensor>
  /** What its squared error is multiplied by to become that of the noise; `alpha^2/sigma^2` for the data. */
  readonly noiseError: (at: Coefficients<Tensor>) => Tensor
}

/** `alpha^2 + sigma^2` */
const power = ({ alpha, sigma }: Coefficients<Tensor>): Tensor => alpha.square().add(sigma.square())

/** The mean of the data: `x0`. */
const data: Prediction = {
  fromPair: ({ x0 }) => x0,
  toPair: (x, out, { alpha, sigma }) => ({ x0: out, eps: x.sub(alpha.mul(out)).div(sigma) }),
  noiseError: ({ alpha, sigma }) => alpha.square().div(sigma.square()),
}

/** The mean of the noise: `eps`. Ho et al. 2020, arXiv:2006.11239. */
const noise: Prediction = {
  fromPair: ({ eps }) => eps,
  toPair: (x, out, { alpha, sigma }) => ({ x0: x.sub(sigma.mul(out)).div(alpha), eps: out }),
  noiseError: ({ alpha }) => alpha.mul(0).add(1),
}

/** `grad log p_t = -eps/sigma`. Song et al. 2021, arXiv:2011.13456. */
const score: Prediction = {
  fromPair: ({ eps }, { sigma }) => eps.neg().div(sigma),
  toPair: (x, out, { alpha, sigma }) => ({
    x0: x.add(sigma.square().mul(out)).div(alpha),
    eps: sigma.neg().mul(out),
  }),
  noiseError: ({ sigma }) => sigma.square(),
}

/** `alpha' x0 + sigma' eps`. It divides by neither `alpha` nor `sigma`. Lipman et al. 2023, arXiv:2210.02747. */
const velocity: Prediction = {
  fromPair: ({ x0, eps }, { alphaRate, sigmaRate }) => alphaRate.mul(x0).add(sigmaRate.mul(eps)),
  toPair: (x, out, at) => ({
    x0: at.sigmaRate.mul(x).sub(at.sigma.mul(out)).div(wronskian(at)),
    eps: at.alpha.mul(out).sub(at.alphaRate.mul(x)).div(wronskian(at)),
  }),
  noiseError: at => at.alpha.square().div(wronskian(at).square()),
}

/** `alpha eps - sigma x0`, which is not the velocity. Salimans & Ho 2022, arXiv:2202.00512. */
const v: Prediction = {
  fromPair: ({ x0, eps }, { alpha, sigma }) => alpha.mul(eps).sub(sigma.mul(x0)),
  toPair: (x, out, at) => ({
    x0: at.alpha.mul(x).sub(at.sigma.mul(out)).div(power(at)),
    eps: at.sigma.mul(x).add(at.alpha.mul(out)).div(power(at)),
  }),
  noiseError: at => at.alpha.square().div(power(at).square()),
}

export const predictions = { velocity, x0: data, eps: noise, score, v } as const satisfies Record<
  string,
  Prediction
>

export type PredictionName = keyof typeof predictions

/**
 * What the network inside of the `edm` parameterization predicts: `(sigma x0 - alpha eps)/sqrt(alpha^2 + sigma^2)`, minus `v`
 * with its error made even. Karras et al. 2022, arXiv:2206.00364.
 */
export const edmPrediction: Prediction = {
  fromPair: ({ x0, eps }, at) => at.sigma.mul(x0).sub(at.alpha.mul(eps)).div(power(at).sqrt()),
  toPair: (x, out, at) => ({
    x0: at.alpha.mul(x).div(power(at).sqrt()).add(at.sigma.mul(out)).div(power(at).sqrt()),
    eps: at.sigma.mul(x).div(power(at).sqrt()).sub(at.alpha.mul(out)).div(power(at).sqrt()),
  }),
  noiseError: at => at.alpha.square().div(power(at)),
}

/** `a x + b out` */
export interface Combination {
  readonly x: number
  readonly out: number
}

const ONE = spec([], 'float64')

const graphs = new WeakMap<Interpolant, Map<Prediction, Graph<CorePrimitive>>>()

/** What a prediction says of data, noise, velocity and score at a time, as combinations of the point and the prediction. */
export type PairAt = Readonly<Record<'x0' | 'eps' | 'velocity' | 'score', Combination>>

/** These combinations on a graph, for the point `x` and the prediction `out`. */
function meanings(path: Interpolant, prediction: Prediction, x: Tensor, out: Tensor, t: Tensor) {
  const at = coefficientsOf(path, t)
  const pair = prediction.toPair(x, out, at)
  // A velocity that is predicted is not taken apart to be put together again.
  const own = (row: Prediction): Tensor => (row === prediction ? out : row.fromPair(pair, at))
  return { ...pair, velocity: own(velocity), score: own(score) }
}

/**
 * What a prediction says at one time, in numbers: every one of them is linear in the point and in the prediction.
 *
 * @param t  0 to 1; where the path or the row divides by 0, numbers are not finite
 */
export function pairAt(path: Interpolant, prediction: Prediction, t: number): PairAt {
  const known = graphs.get(path) ?? new Map<Prediction, Graph<CorePrimitive>>()
  graphs.set(path, known)
  const graph =
    known.get(prediction) ??
    simplify(trace(({ x, out, t }) => meanings(path, prediction, x, out, t), { x: ONE, out: ONE, t: ONE }))
  known.set(prediction, graph)
  const number = (value: number) => ({ shape: [], data: Float64Array.of(value) })
  const [ofX, ofOut] = [
    [1, 0],
    [0, 1],
  ].map(([x, out]) => evaluate(graph, [number(x), number(out), number(t)]))
  return Object.fromEntries(
    graph.outputNames.map((name, i) => [name, { x: ofX[i].data[0], out: ofOut[i].data[0] }]),
  ) as unknown as PairAt
}

/** A prediction of a network as the velocity of the path. */
export function asVelocity(
  path: Interpolant,
  prediction: Prediction,
): (x: Tensor, out: Tensor, t: Tensor) => Tensor {
  return (x, out, t) => meanings(path, prediction, x, out, t).velocity
}
