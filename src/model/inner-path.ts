/** Sums and products of times, as plain numbers or as tensors of a graph. */
export interface Arithmetic<X> {
  add(a: X, b: X): X
  sub(a: X, b: X): X
  mul(a: X, b: X): X
  div(a: X, b: X): X
  neg(a: X): X
  sqrt(a: X): X
  /** `1 - a` */
  rest(a: X): X
  /** The larger of `a` and a number. */
  least(a: X, least: number): X
}

export const numbers: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: a => -a,
  sqrt: Math.sqrt,
  rest: a => 1 - a,
  least: Math.max,
}

/** Where a point of the inner path, with the noisy point that it is conditioned on, stands on the outer path. */
export interface InnerPlace<X> {
  /** The time `t*` at which one noisy point says as much of `x0` as the two together. */
  readonly time: X
  /** That point is `x* = fromCondition x_tau + fromInner z`. */
  readonly fromCondition: X
  readonly fromInner: X
  /** The velocity of the inner path is `byCondition x_tau + byInner z + byVelocity v(x*, t*)`. */
  readonly byCondition: X
  readonly byInner: X
  readonly byVelocity: X
}

/** Below it the square of a time counts as none, so that the two ends of both paths at once have a value. */
const LEAST = 1e-12

/**
 * Of `z = (1-s) x0 + s e` and `x_tau = (1-tau) x0 + tau e'`, the same data and noise of their own: with
 * `lam = (1-tau)^2/tau^2 + (1-s)^2/s^2` and the sufficient statistic `((1-tau) x_tau/tau^2 + (1-s) z/s^2)/lam`, the time is
 * `t* = 1/(1 + sqrt lam)`, the point `x* = (1-t*)` times the statistic, and the inner velocity `(z - D(x*, t*))/s`,
 * `D(x, t) = x - t v(x, t)`. All is multiplied through by `tau^2 s^2`, so that nothing is divided by 0; of two points of pure noise,
 * which say nothing, `z` stands for both.
 *
 * Shaul et al. 2025 (GLASS flows), arXiv:2509.25170.
 */
export function innerPlace<X>(of: Arithmetic<X>, tau: X, s: X): InnerPlace<X> {
  const { add, sub, mul, div, rest } = of
  const [a, b] = [rest(tau), rest(s)]
  const [left, right] = [mul(a, s), mul(b, tau)]
  // lam (tau s)^2 and its root.
  const square = add(mul(left, left), mul(right, right))
  const held = of.least(square, LEAST)
  const root = of.sqrt(held)
  const both = mul(tau, s)
  const sum = add(both, root)
  const by = mul(root, sum)
  // 0 but where both times are 1.
  const alone = mul(both, rest(div(square, held)))
  const inner = sub(add(mul(tau, root), mul(a, left)), mul(tau, right))
  return {
    time: div(both, sum),
    fromCondition: div(mul(left, s), by),
    fromInner: add(div(mul(right, tau), by), mul(both, alone)),
    byCondition: of.neg(div(left, by)),
    byInner: sub(div(inner, by), mul(tau, alone)),
    byVelocity: div(tau, sum),
  }
}
