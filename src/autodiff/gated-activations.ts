import { constant, type Tensor } from './tensor.ts'

/**
 * SiLU and GELU (tanh form) are both `x sigma(p(x))` with `p(x) = x (a + b x^2)`: every derivative is a polynomial in
 * `x`, `sigma` and `rest = 1 - sigma`, whose terms do not cancel where `sigma` is near 0 or 1. They stay whole during differentiation and are expanded afterwards, so that all orders share one
 * `sigma`.
 */
export type Gate = 'silu' | 'gelu'

/** `p(x) = x (a + b x^2)`. GELU: `0.5 (1 + tanh(u)) = sigma(2u)`, `u = sqrt(2/pi) (x + 0.044715 x^3)`. */
const ARGUMENT: Record<Gate, readonly [a: number, b: number]> = {
  silu: [1, 0],
  gelu: [2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715],
}

interface Term {
  readonly x: number
  readonly sigma: number
  readonly rest: number
  readonly coefficient: number
}

type Letter = 'x' | 'sigma' | 'rest'

interface GatePolynomial {
  readonly argument: readonly [a: number, b: number]
  /** The derivative is the sum of `coefficient x^i sigma^j rest^k`. */
  readonly terms: readonly Term[]
}

const cache = new Map<string, GatePolynomial>()

/** The `order`-th derivative of a gate. */
export function gatePolynomial(kind: Gate, order: number): GatePolynomial {
  const key = `${kind} ${order}`
  const known = cache.get(key)
  if (known) return known
  const argument = ARGUMENT[kind]
  const terms =
    order === 0
      ? [{ x: 1, sigma: 1, rest: 0, coefficient: 1 }]
      : differentiate(gatePolynomial(kind, order - 1))
  const polynomial = { argument, terms }
  cache.set(key, polynomial)
  return polynomial
}

/** `sigma' = sigma rest p'`, `rest' = -sigma'`, `p' = a + 3 b x^2`. */
function differentiate({ argument: [a, b], terms }: GatePolynomial): Term[] {
  const sum = new Map<string, Term>()
  const add = (x: number, sigma: number, rest: number, coefficient: number) => {
    if (coefficient === 0) return
    const key = `${x} ${sigma} ${rest}`
    sum.set(key, { x, sigma, rest, coefficient: coefficient + (sum.get(key)?.coefficient ?? 0) })
  }
  for (const { x: i, sigma: j, rest: k, coefficient: c } of terms) {
    add(i - 1, j, k, c * i)
    for (const [power, factor] of [
      [0, a],
      [2, 3 * b],
    ]) {
      add(i + power, j, k + 1, c * j * factor)
      add(i + power, j + 1, k, -c * k * factor)
    }
  }
  return [...sum.values()]
}

/**
 * The `order`-th derivative of a gate as elementary operations. The first two orders have the shortest known form;
 * with `y = x sigma`, `r = 1 - sigma`: `f' = sigma + y r p'`, `f'' = r (p' (sigma + f' - y sigma p') + y p'')`.
 */
export function expandGate(kind: Gate, order: number, x: Tensor): Tensor {
  const [a, b] = ARGUMENT[kind]
  const squared = x.square()
  const sigma = (b === 0 ? x : x.mul(squared.mul(b).add(a))).sigmoid()
  const y = x.mul(sigma)
  if (order === 0) return y
  const r = constant(1, [], x.dtype).sub(sigma)
  if (order <= 2 && kind === 'silu') {
    const first = sigma.add(y.mul(r))
    return order === 1 ? first : r.mul(first.mul(2).sub(y))
  }
  if (order <= 2) {
    const slope = squared.mul(3 * b).add(a)
    const first = sigma.add(y.mul(r).mul(slope))
    if (order === 1) return first
    const inner = sigma.add(first).sub(y.mul(sigma).mul(slope))
    return r.mul(slope.mul(inner).add(y.mul(x).mul(6 * b)))
  }
  const inX = (terms: readonly Term[]) => horner(terms, 'x', x, sumOf(x))
  const inRest = (terms: readonly Term[]) => horner(terms, 'rest', r, inX)
  return horner(gatePolynomial(kind, order).terms, 'sigma', sigma, inRest)
}

const sumOf =
  (like: Tensor) =>
  (terms: readonly Term[]): Tensor =>
    constant(
      terms.reduce((sum, term) => sum + term.coefficient, 0),
      [],
      like.dtype,
    )

/** A polynomial in one of the letters, whose coefficients are what `inner` makes of the others. */
function horner(
  terms: readonly Term[],
  letter: Letter,
  value: Tensor,
  inner: (terms: readonly Term[]) => Tensor,
): Tensor {
  const degree = Math.max(...terms.map(term => term[letter]))
  let result: Tensor | undefined
  for (let power = degree; power >= 0; power--) {
    const these = terms.filter(term => term[letter] === power)
    if (result) result = result.mul(value)
    if (these.length > 0) result = result ? result.add(inner(these)) : inner(these)
  }
  return result!
}
