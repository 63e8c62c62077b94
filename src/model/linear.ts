import type { Tensor } from '../autodiff/index.ts'

/** What multiplies the input of a linear layer: its weight `[in, out]`, and the factors of an adapter where it has one. */
export interface LinearWeight<T> {
  readonly weight: T
  /** `[in, rank]`. */
  readonly a?: T
  /** `[rank, out]`. */
  readonly b?: T
}

/**
 * `x W`, or `x W + (x a) b`: the factors stay apart, so that a gradient never makes the product of the size of `W` that one
 * by `W + a b` would take.
 */
export function product(x: Tensor, { weight, a, b }: LinearWeight<Tensor>): Tensor {
  const own = x.matmul(weight)
  return a && b ? own.add(x.matmul(a).matmul(b)) : own
}
