import { sizeOf, type Tensor } from '../autodiff/index.ts'

/** A network with its parameters bound: `N(x, s, t)`, points `[B, ...D]` and times `[B, 1, ...]`. */
export interface BoundNetwork {
  (x: Tensor, s: Tensor, t: Tensor): Tensor
  /** A second output that predicts the instantaneous velocity: trained beside the first, and not used to sample. */
  readonly velocityHead?: BoundNetwork
}

/** Times of points of some shape: `[rows]` or `[rows, 1]` to `[rows, 1, ...]`, so that they broadcast against these. */
export const timeShape = (rows: number, shape: readonly number[]): number[] => [rows, ...shape.map(() => 1)]

/** A network of rows `[B, D]` with times `[B, 1]` as one of points `[B, ...shape]`. */
export function onRows(network: BoundNetwork, shape: readonly number[]): BoundNetwork {
  if (shape.length === 1) return network
  const flat = (x: Tensor, width: number) => x.reshape([x.shape[0], width])
  return (x, s, t) => network(flat(x, sizeOf(shape)), flat(s, 1), flat(t, 1)).reshape([x.shape[0], ...shape])
}
