import { coefficientsAt, type Interpolant } from '../model/index.ts'

/** The steps of samplers, over arrays and over the tensors of a graph alike. */

/** What a step asks of a map: a jump from `s` to `t`, or without `t` the velocity at `s`. */
export interface Question<X> {
  readonly x: X
  readonly s: number
  readonly t?: number
}

/** A step: asks its questions one after another, is given the answers, and returns where it ends. */
export type Step<X> = Generator<Question<X>, X, X>

/** `x + h (v_1 + v_2 + ...)` */
export type Along<X> = (x: X, h: number, ...velocities: readonly X[]) => X

/** `F(x, s, t)` */
export function* jumpStep<X>(x: X, s: number, t: number): Step<X> {
  return yield { x, s, t }
}

/** `x + (t-s) v(x, s)` */
export function* eulerStep<X>(along: Along<X>, x: X, s: number, t: number): Step<X> {
  return along(x, t - s, yield { x, s })
}

/** `x + (t-s) (v(x, s) + v(y, t)) / 2`, `y` the end of Euler's step. Karras et al. 2022, arXiv:2206.00364, alg. 1. */
export function* heunStep<X>(along: Along<X>, x: X, s: number, t: number): Step<X> {
  const first = yield { x, s }
  const second = yield { x: along(x, t - s, first), s: t }
  return along(x, 0.5 * (t - s), first, second)
}

/**
 * `F(alpha(s) x + sigma(s) n, s, 0)`, at the grid's beginning `F(x, 1, 0)`. Song et al. 2023, arXiv:2303.01469, alg. 1.
 *
 * @param mix  `alpha x + sigma n`, the noise that of the inner time `s`
 */
export function* renoiseStep<X>(
  mix: (x: X, alpha: number, sigma: number) => X,
  interpolant: Interpolant,
  x: X,
  s: number,
  isFirst: boolean,
): Step<X> {
  if (isFirst) return yield { x, s, t: 0 }
  const { alpha, sigma } = coefficientsAt(interpolant, s)
  return yield { x: mix(x, alpha, sigma), s, t: 0 }
}

/** Takes a step whose questions are answered at once. */
export function take<X>(step: Step<X>, answer: (question: Question<X>) => X): X {
  let next = step.next()
  while (!next.done) next = step.next(answer(next.value))
  return next.value
}

/** Takes a step whose questions are answered in time. */
export async function takeLater<X>(step: Step<X>, answer: (question: Question<X>) => Promise<X>): Promise<X> {
  let next = step.next()
  while (!next.done) next = step.next(await answer(next.value))
  return next.value
}
