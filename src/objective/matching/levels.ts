import { jvp, onesLike, stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { ErrorFunction } from '../loss.ts'

/**
 * Two levels. Outer: `y = eps - x0` given `x_s` is sampled, not averaged, and `x_t = x_s + (t-s) y`. Inner: the flow map of `y` along
 * `y_p = (1-p) y + p y1` from noise `y1` at `p = 1` to `p = 0`. Nie et al. 2026 (TMD), arXiv:2601.09881
 */

/** The average velocity `u(y_p, p, q)` of an inner flow over `[q, p]`. */
export type Inner = (yp: Tensor, p: Tensor, q: Tensor) => Tensor

/** `y_q = y_p + (q-p) u`. The printed `(p-q) u` goes the other way. arXiv:2601.09881 */
export const innerJump = (u: Inner, yp: Tensor, p: Tensor, q: Tensor): Tensor =>
  yp.add(q.sub(p).mul(u(yp, p, q)))

/** `x_t = x_s + (t-s) y`. arXiv:2601.09881 */
export const outerStep = (xs: Tensor, s: Tensor, t: Tensor, y: Tensor): Tensor => xs.add(t.sub(s).mul(y))

/** What an inner flow learns from. */
export interface InnerDraw {
  /** `eps - x0` of the data's own path. */
  readonly y: Tensor
  /** Noise. */
  readonly y1: Tensor
  readonly p: Tensor
  readonly q: Tensor
  readonly error: ErrorFunction
}

/**
 * `u = sg[(y1-y) + (q-p) du]`, `du` the derivative of `u` along `(y1-y, 1)` in `(y_p, p)`. arXiv:2601.09881
 *
 * @param h  of a central difference in the place of the derivative, which is exact without
 */
export function tmdHead(u: Inner, { y, y1, p, q, error }: InnerDraw, h?: number): Tensor {
  const v = y1.sub(y)
  const yp = y.add(p.mul(v))
  const at = (yp: Tensor, p: Tensor) => u(yp, p, q)
  const [value, du] =
    h === undefined
      ? jvp(at, [yp, p], [v, onesLike(p)])
      : [at(yp, p), difference(step => at(yp.add(v.mul(step)), p.add(step)), h)]
  return error(value, stopGradient(v.add(q.sub(p).mul(du))))
}

const difference = (f: (step: number) => Tensor, h: number): Tensor =>
  f(h)
    .sub(f(-h))
    .div(2 * h)
