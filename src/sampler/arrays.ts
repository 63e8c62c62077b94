import type { Points } from '../model/index.ts'

type Terms<P> = readonly (readonly [coefficient: number, x: P])[]

/** `sum_k c_k x_k` of arrays of one length, summed in float64 and rounded once. */
function combine<P extends Points>(...terms: Terms<P>): P {
  const out = terms[0][1].slice() as P
  const [[a, x], second, ...more] = terms
  if (!second) {
    for (let i = 0; i < out.length; i++) out[i] = a * x[i]
    return out
  }
  const [b, y] = second
  for (let i = 0; i < out.length; i++) {
    let sum = a * x[i] + b * y[i]
    for (let k = 0; k < more.length; k++) sum += more[k][0] * more[k][1][i]
    out[i] = sum
  }
  return out
}

/** Largest error of a coordinate, in units of the tolerance. */
function errorRatio(error: Points, x: Points, y: Points, tolerance: number): number {
  let worst = 0
  for (let i = 0; i < error.length; i++) {
    const scale = tolerance * (1 + Math.max(Math.abs(x[i]), Math.abs(y[i])))
    const ratio = Math.abs(error[i]) / scale
    // A number that is none must be seen, and max() keeps it.
    worst = Math.max(worst, ratio)
  }
  return worst
}

/** The arithmetic of solvers on arrays. */
export const arrays = <P extends Points>() => ({ combine: combine<P>, errorRatio })
