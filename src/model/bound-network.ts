import { sizeOf, type Tensor } from '../autodiff/index.ts'

/** A function of points `[B, ...D]` and times `[B, 1, ...]`. */
type Output = (x: Tensor, s: Tensor, t: Tensor) => Tensor

/**
 * The average divergence `A(x, s, t)` of the velocity over `[t, s]`, `[B, 1, ...]`, in 1 per time: the jump from `s` to `t`
 * multiplies volumes by `exp((t-s) A)`, and `A(x, t, t) = div v(x, t)`.
 */
export interface Divergence extends Output {
  /** What its losses are in units of: `A = scale a`, with `a` of the size of 1. */
  readonly scale: number
}

/** Further outputs of a network at the same point and times, which no sampler needs. */
export interface Heads {
  /** Predicts the instantaneous velocity, in the parameterization of the first output. */
  readonly velocity?: Output
  /** Predicts the average divergence. F2D2, arXiv:2512.02636. */
  readonly divergence?: Divergence
}

/** A network with its parameters bound: `N(x, s, t)`. */
export interface BoundNetwork extends Output {
  readonly heads?: Heads
}

/** A divergence with its scale. */
export const divergenceOf = (average: Output, scale: number): Divergence =>
  Object.assign((...at: Parameters<Output>) => average(...at), { scale })

/** A network with heads; as it is where there are none. */
export const withHeads = (network: Output, heads: Heads): BoundNetwork =>
  Object.keys(heads).length === 0 ? network : Object.assign(network, { heads })

/** Times of points of some shape: `[rows]` or `[rows, 1]` to `[rows, 1, ...]`, so that they broadcast against these. */
export const timeShape = (rows: number, shape: readonly number[]): number[] => [rows, ...shape.map(() => 1)]

/**
 * A network of rows `[B, D]` with times `[B, 1]` as one of points `[B, ...shape]`.
 *
 * @param out  shape of its output, without the batch
 */
export function onRows(network: BoundNetwork, shape: readonly number[], out = shape): BoundNetwork {
  if (shape.length === 1) return network
  const flat = (x: Tensor, width: number) => x.reshape([x.shape[0], width])
  const ofRows =
    (output: Output, own: readonly number[]): Output =>
    (x, s, t) =>
      output(flat(x, sizeOf(shape)), flat(s, 1), flat(t, 1)).reshape([x.shape[0], ...own])
  const { velocity, divergence } = network.heads ?? {}
  return withHeads(ofRows(network, out), {
    ...(velocity && { velocity: ofRows(velocity, shape) }),
    ...(divergence && {
      divergence: divergenceOf(
        ofRows(
          divergence,
          shape.map(() => 1),
        ),
        divergence.scale,
      ),
    }),
  })
}
