import { constant, type Tensor } from '../../autodiff/index.ts'

/** Below this many coordinates differences are taken one by one, which is exact where points are close. */
const FEW = 16

/** The least square whose root is taken: that of `1e-8`. */
const LEAST = 1e-16

/**
 * `|a_i - b_j|`, `[..., N, M]`, of points `[..., N, D]` and `[..., M, D]`. The least distance is 1e-8, and it is set inside of the
 * root: there the derivative of a point's distance to itself is 0, and not infinity times 0.
 */
export function distances(a: Tensor, b: Tensor): Tensor {
  return squaredDistances(a, b).maximum(LEAST).sqrt()
}

/** `|a_i - b_j|^2`, `[..., N, M]`. */
export function squaredDistances(a: Tensor, b: Tensor): Tensor {
  const [n, m, d] = [a.shape.at(-2)!, b.shape.at(-2)!, a.shape.at(-1)!]
  const before = a.shape.slice(0, -2)
  if (d > FEW) {
    const [aa, bb] = [a, b].map(x => x.square().sum(-1))
    const ab = a.matmul(b, { transposeB: true })
    return aa
      .reshape([...before, n, 1])
      .add(bb.reshape([...before, 1, m]))
      .sub(ab.mul(2))
      .maximum(0)
  }
  return a
    .reshape([...before, n, 1, d])
    .sub(b.reshape([...before, 1, m, d]))
    .square()
    .sum(-1)
}

/** 1 on the diagonal of `[size, size]`, 0 elsewhere. */
export const identity = (size: number, { dtype }: Pick<Tensor, 'dtype'>): Tensor =>
  constant(
    Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
    [size, size],
    dtype,
  )

/** A point's numbers in a row: `[B, ...D]` to `[B, D]`. */
export const rowsOf = (x: Tensor): Tensor =>
  x.rank === 2 ? x : x.reshape([x.shape[0], x.shape.slice(1).reduce((a, b) => a * b, 1)])
