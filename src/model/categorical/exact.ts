import { concat, constant, type Tensor } from '../../autodiff/index.ts'

/** Exact denoisers of sequences of symbols, `x0 [B, L, K]`, on the path `x_s = (1-s) x0 + s eps`. */

/** `D(x,s) = E[x0 | x_s = x]`: `x [B, L, K]`, `s [B, 1, 1]`, to `[B, L, K]`. */
export type Denoiser = (x: Tensor, s: Tensor) => Tensor

/** Log-likelihood of each symbol at each position, but for what does not depend on it: `(1-s)/s^2 x`. */
const evidence = (x: Tensor, s: Tensor): Tensor => x.mul(s.neg().add(1).div(s.square()))

/**
 * Finitely many sequences `y_i` with probabilities `p_i`: `D = sum_i r_i y_i`, `r = softmax(log p_i + (1-s)/s^2 <x, y_i>)`.
 *
 * @param sequences  symbols of each, `[N][L]`; @param alphabet  number of symbols
 */
export function finiteDenoiser(
  sequences: readonly (readonly number[])[],
  weights: readonly number[],
  alphabet: number,
): Denoiser {
  const length = sequences[0].length
  const hot = sequences.flatMap(symbols =>
    symbols.flatMap(symbol => Array.from({ length: alphabet }, (_, k) => Number(k === symbol))),
  )
  return (x, s) => {
    const [B] = x.shape
    const all = constant(hot, [sequences.length, length * alphabet], x.dtype)
    const prior = constant(weights.map(Math.log), [1, sequences.length], x.dtype)
    const odds = evidence(x, s)
      .reshape([B, length * alphabet])
      .matmul(all, { transposeB: true })
    return odds.add(prior).softmax().matmul(all).reshape([B, length, alphabet])
  }
}

/**
 * A Markov chain: the same posterior of each position by the forward-backward recursion, whose messages are normalised on the way.
 *
 * @param start  of the first symbol, `[K]`; @param transition  from each symbol (rows) to the next, `[K][K]`
 */
export function markovDenoiser(
  start: readonly number[],
  transition: readonly (readonly number[])[],
): Denoiser {
  const K = start.length
  return (x, s) => {
    const [B, L] = x.shape
    const T = constant(transition.flat(), [K, K], x.dtype)
    const seen = Array.from({ length: L }, (_, l) => {
      const row = evidence(x, s)
        .slice(1, l, l + 1)
        .reshape([B, K])
      return row.sub(row.max(-1, true)).exp()
    })
    const normalised = (a: Tensor) => a.div(a.sum(-1, true))
    let message = normalised(constant([...start], [1, K], x.dtype).mul(seen[0]))
    const forward = [message]
    for (let l = 1; l < L; l++) {
      message = normalised(message.matmul(T).mul(seen[l]))
      forward.push(message)
    }
    let back = message.mul(0).add(1)
    const backward = [back]
    for (let l = L - 1; l > 0; l--) {
      back = normalised(back.mul(seen[l]).matmul(T, { transposeB: true }))
      backward.unshift(back)
    }
    const rows = forward.map((a, l) => normalised(a.mul(backward[l])).reshape([B, 1, K]))
    return concat(rows, 1)
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
