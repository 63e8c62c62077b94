import { constant, type Tensor } from '../../autodiff/index.ts'

/**
 * A path from data (`t = 0`) to noise (`t = 1`): `x_t = alpha(t) x0 + sigma(t) eps`, `eps` standard normal. Everything else is
 * derived from these two functions, never written down again; `sigma(1)` is the deviation of the noise that sampling starts
 * from.
 */
export interface Interpolant {
  readonly alpha: (t: Tensor) => Tensor
  readonly sigma: (t: Tensor) => Tensor
  /** The time at which `sigma/alpha` is `r`, 0 to infinity; by bisection where a row has no formula. */
  readonly timeOfRatio?: (r: number) => number
  /** Whether `sigma' -> infinity` at `t = 0`, so that the velocity has no value there. */
  readonly steepAtData?: boolean
}

export const one = (t: Tensor): Tensor => constant(1, [], t.dtype)

/** Keeps a root's derivative finite at the data. */
const SMALLEST_VARIANCE = 1e-12

/** `sigma = sqrt(1 - alpha^2)`, from that square. */
export const rootOf = (variance: Tensor): Tensor => variance.maximum(SMALLEST_VARIANCE).sqrt()
