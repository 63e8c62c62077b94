/** The steps of samplers, over arrays and over the tensors of a graph alike. */

/**
 * What a step asks of a map: a jump from `s` to `t`, without `t` what its network predicts at `s`, a velocity that is drawn, or in a curved
 * space where a vector leads from `x`.
 */
export interface Question<X> {
  readonly x: X
  readonly s: number
  readonly t?: number
  readonly along?: X
  /** Of a map of velocities: asks for one that is drawn at `x` from noise, in so many inner jumps, or as many as it trained with. */
  readonly drawn?: { readonly noise: X; readonly inner: number | null }
}

/** A step: asks its questions one after another, is given the answers, and returns where it ends. */
export type Step<X> = Generator<Question<X>, X, X>

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
