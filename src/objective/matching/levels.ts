import { jvp, onesLike, select, stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { Draw, ErrorFunction, Loss } from '../loss.ts'
import { moved } from './sample.ts'

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

/** The inner flow that a map is at noisy points. */
function innerAt({ told }: Pick<Draw, 'told'>, xs: Tensor, s: Tensor): Inner {
  if (!told) throw new Error('the map of this draw is told no noisy point')
  const { velocity } = told(xs, s)
  return (yp, p, q) => velocity(yp, p, q)
}

/**
 * Stage 1: the map, told `(x_s, s)`, is the inner flow map of `y = eps - x0` given `x_s`. Its own times are the inner ones `p`, `q`, and
 * `r` is the outer one. arXiv:2601.09881
 *
 * @param h  see `tmdHead`
 */
export const tmdStage1 =
  (h?: number): Loss =>
  draw => {
    const { path, s: p, t: q, r, noise, error } = draw
    const u = innerAt(draw, path.at(r), r)
    return tmdHead(u, { y: path.velocity(r), y1: noise, p, q, error }, h)
  }

/** `y` from noise by `N` inner jumps, at `p = 1, 1 - 1/N, ..., 0`. arXiv:2601.09881 */
export function drawnVelocity(u: Inner, y1: Tensor, s: Tensor, inner: number): Tensor {
  const time = (k: number) => s.mul(0).add(1 - k / inner)
  return Array.from({ length: inner }, (_, k) => k).reduce(
    (y, k) => innerJump(u, y, time(k), time(k + 1)),
    y1,
  )
}

/** Outer times, and how many inner jumps draw a velocity. */
export interface DrawnVelocityOptions {
  /** Outer times after 1, falling, each of which trains as often; `null` for the drawn ones. */
  readonly times: readonly number[] | null
  /** `k` of `s -> k s/(1 + (k-1) s)`, which moves outer times towards noise. */
  readonly shift: number
  readonly inner: number
}

/**
 * Stage 2: a loss that asks for `F(eps,1,0)` gets `x = x_s - s y`, `y` by unrolled inner jumps at `x_s`, a point of the path, with
 * gradients through all of them; at `s = 1` this is `eps - y`. A fake score is told `s`, as in `simulated`. arXiv:2601.09881
 */
export const tmdStage2 =
  ({ times, shift, inner }: DrawnVelocityOptions, loss: Loss): Loss =>
  draw => {
    const { map, path, noise2 } = draw
    const unmoved = times ? oneOf(times, draw.s) : draw.s
    const s = unmoved.mul(shift).div(unmoved.mul(shift - 1).add(1))
    const xs = path.at(s)
    // Another sample's noise: its own may be that of noisy data.
    const y = drawnVelocity(innerAt(draw, xs, s), moved(noise2!, 1), s, inner)
    const x = outerStep(xs, s, s.mul(0), y)
    const { fake } = draw.players ?? {}
    const players = { ...draw.players, ...(fake && { fake: (z: Tensor, r: Tensor) => fake(z, r, s) }) }
    return loss({ ...draw, map: { ...map, jump: () => x }, players })
  }

/** 1 or one of `times`, by where a drawn time lies in [0, 1]. */
function oneOf(times: readonly number[], drawn: Tensor): Tensor {
  const place = drawn
    .neg()
    .add(1)
    .mul(times.length + 1)
  const at = (time: number) => drawn.mul(0).add(time)
  return times.reduce((s, time, k) => select(place.less(k + 1), s, at(time)), at(1))
}
