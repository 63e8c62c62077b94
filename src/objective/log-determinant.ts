import { constant, jvp, type Tensor, zerosLike } from '../autodiff/index.ts'

/**
 * `log |det J|` of a matrix by its columns, `[B, n]` each, `[B]`: the lengths of what Gram and Schmidt leave of them. No pivot can
 * vanish in it as long as the matrix is no singular one.
 */
export function logAbsDeterminant(columns: readonly Tensor[]): Tensor {
  const rest = [...columns]
  const logs: Tensor[] = []
  for (let k = 0; k < rest.length; k++) {
    const square = rest[k].square().sum(-1, true)
    logs.push(square.log().mul(0.5))
    for (let j = k + 1; j < rest.length; j++) {
      rest[j] = rest[j].sub(rest[k].mul(rest[j].mul(rest[k]).sum(-1, true).div(square)))
    }
  }
  const sum = logs.reduce((a, b) => a.add(b))
  return sum.reshape([sum.shape[0]])
}

/** Coordinates up to which a determinant is part of a training: each takes a derivative of the map, and its gradient. */
export const MOST_TRAINED = 32

/** `f(x)` of rows `[B, n]`, and its derivatives along each coordinate. */
export function withColumns(f: (x: Tensor) => Tensor, x: Tensor): { y: Tensor; columns: Tensor[] } {
  const n = x.shape[1]
  const found = Array.from({ length: n }, (_, k) => {
    const unit = Array.from({ length: n }, (_, i) => Number(i === k))
    return jvp(f, [x], [zerosLike(x).add(constant(unit, [1, n], x.dtype))])
  })
  return { y: found[0][0], columns: found.map(([, along]) => along) }
}
