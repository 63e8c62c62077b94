import type { Tensor } from '../autodiff/index.ts'

/** A network with its parameters bound: `N(x, s, t)`, points `[B, ...D]` and times `[B, 1, ...]`. */
export type BoundNetwork = (x: Tensor, s: Tensor, t: Tensor) => Tensor
