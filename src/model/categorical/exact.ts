import { concat, constant, type Tensor, zerosLike } from '../../autodiff/index.ts'
import type { FiniteLaw, MarkovChain } from './language.ts'

/** Exact denoisers of sequences of symbols, `x0 [B, L, K]`, on the path `x_s = (1-s) x0 + s eps`. */

/** `D(x,s) = E[x0 | x_s = x]`: `x [B, L, K]`, `s [B, 1, 1]`, to `[B, L, K]`. */
export type Denoiser = (x: Tensor, s: Tensor) => Tensor

/** Log-likelihood of each symbol at each position, but for what does not depend on it: `(1-s)/s^2 x`. */
const evidence = (x: Tensor, s: Tensor): Tensor => x.mul(s.neg().add(1).div(s.square()))

/**
 * Finitely many sequences `y_i` with probabilities `p_i`: `D = sum_i r_i y_i`, `r = softmax(log p_i + (1-s)/s^2 <x, y_i>)`.
 *
 * @param alphabet  number of symbols
 */
export function finiteDenoiser({ sequences, probabilities }: FiniteLaw, alphabet: number): Denoiser {
  const length = sequences[0].length
  const hot = sequences.flatMap(symbols =>
    symbols.flatMap(symbol => Array.from({ length: alphabet }, (_, k) => Number(k === symbol))),
  )
  return (x, s) => {
    const [B] = x.shape
    const all = constant(hot, [sequences.length, length * alphabet], x.dtype)
    const prior = constant(probabilities.map(Math.log), [1, sequences.length], x.dtype)
    const odds = evidence(x, s)
      .reshape([B, length * alphabet])
      .matmul(all, { transposeB: true })
    return odds.add(prior).softmax().matmul(all).reshape([B, length, alphabet])
  }
}

/** Far below every logarithm of a probability times the likelihood of a noisy point. */
const IMPOSSIBLE = -1e12

const logs = (probabilities: readonly number[]): number[] =>
  probabilities.map(p => (p > 0 ? Math.log(p) : IMPOSSIBLE))

/** `log sum exp` over one axis, which stays. */
function logSum(a: Tensor, axis: number): Tensor {
  const most = a.max(axis, true)
  return a.sub(most).exp().sum(axis, true).log().add(most)
}

/**
 * A Markov chain: the same posterior of each position by the forward-backward recursion, in logarithms, so that a point that no
 * sequence of the chain explains well has a posterior too.
 */
export function markovDenoiser({ initial, transition }: MarkovChain): Denoiser {
  const K = initial.length
  return (x, s) => {
    const [B, L] = x.shape
    const log = constant(logs(transition.flat()), [1, K, K], x.dtype)
    const e = evidence(x, s)
    const seen = (l: number) => e.slice(1, l, l + 1)
    const normalised = (a: Tensor) => a.sub(a.max(-1, true))
    const onwards = (a: Tensor) => logSum(a.reshape([B, K, 1]).add(log), 1)
    const backwards = (a: Tensor) => logSum(a.add(log), 2).reshape([B, 1, K])
    const forward = [normalised(constant(logs(initial), [1, 1, K], x.dtype).add(seen(0)))]
    for (let l = 1; l < L; l++) forward.push(normalised(onwards(forward[l - 1]).add(seen(l))))
    const backward = [zerosLike(forward[L - 1])]
    for (let l = L - 1; l > 0; l--) backward.unshift(normalised(backwards(backward[0].add(seen(l)))))
    return concat(
      forward.map((a, l) => a.add(backward[l]).softmax()),
      1,
    )
  }
}

/**
 * The exact jump from `s` to `t` in the smooth clock: `dx/d log u = x - D(x,u)`, by the classical Runge-Kutta rule.
 *
 * @param steps  of equal length in `log u`
 */
export function exactJump(denoiser: Denoiser, x: Tensor, s: Tensor, t: Tensor, steps: number): Tensor {
  const h = t.div(s).log().div(steps)
  const slope = (x: Tensor, clock: Tensor) => x.sub(denoiser(x, clock.exp()))
  let [at, clock] = [x, s.log()]
  for (let i = 0; i < steps; i++) {
    const middle = clock.add(h.div(2))
    const k1 = slope(at, clock)
    const k2 = slope(at.add(h.div(2).mul(k1)), middle)
    const k3 = slope(at.add(h.div(2).mul(k2)), middle)
    const k4 = slope(at.add(h.mul(k3)), clock.add(h))
    at = at.add(h.div(6).mul(k1.add(k2.mul(2)).add(k3.mul(2)).add(k4)))
    clock = clock.add(h)
  }
  return at
}
