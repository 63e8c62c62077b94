import { constant, select, type Tensor } from '../../autodiff/index.ts'

/** Below this the series of a function is taken; eight terms leave less than the rounding of float64. */
const NEAR = 1e-2

/** `sum_k c_k q^k` by Horner's rule. */
const series = (q: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients.reduceRight<Tensor>((sum, c) => sum.mul(q).add(c), q.mul(0))

/**
 * A function of `q >= 0` that is smooth at 0 although its formula has a root or a quotient there: its series near 0, the formula
 * elsewhere. Both sides are differentiated, so the formula gets a number in the place of a small `q`.
 */
function smooth(q: Tensor, coefficients: readonly number[], far: (q: Tensor) => Tensor): Tensor {
  const isNear = q.less(NEAR)
  const away = select(isNear, constant(1, [], q.dtype), q)
  return select(isNear, series(q, coefficients), far(away))
}

/** Curvature of a space of constant curvature. */
export type Curvature = 1 | -1

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
const powers = (k: Curvature, of: (i: number) => number): number[] =>
  Array.from({ length: 8 }, (_, i) => (-k) ** i * of(i))

const sinh = (r: Tensor): Tensor => r.exp().sub(r.neg().exp()).div(2)
const cosh = (r: Tensor): Tensor => r.exp().add(r.neg().exp()).div(2)

/** `cos sqrt q`, or `cosh sqrt q`. */
export const cosine = (q: Tensor, k: Curvature): Tensor =>
  smooth(
    q,
    powers(k, i => 1 / factorial(2 * i)),
    q => (k === 1 ? q.sqrt().cos() : cosh(q.sqrt())),
  )

/** `sin(sqrt q)/sqrt q`, or `sinh(sqrt q)/sqrt q`. */
export const sineOver = (q: Tensor, k: Curvature): Tensor =>
  smooth(
    q,
    powers(k, i => 1 / factorial(2 * i + 1)),
    q => {
      const r = q.sqrt()
      return (k === 1 ? r.sin() : sinh(r)).div(r)
    },
  )

/** Of `theta/sin theta` in `h = sin^2(theta/2)`: `4^i (i!)^2/(2i+1)!`. */
const overSine = (k: Curvature): number[] =>
  powers(k, i => ((-1) ** i * 4 ** i * factorial(i) ** 2) / factorial(2 * i + 1))

/** Smallest part of a circle that is left to the antipode, for what is divided by it. */
const CUT = 1e-12

/**
 * `theta/sin_k theta` of the half angle: `h = sin_k^2(theta/2)`, and `rest = cos_k^2(theta/2)`, which is `1 - k h` but for the
 * rounding near the antipode.
 */
export const angleOverSine = (h: Tensor, rest: Tensor, k: Curvature): Tensor =>
  smooth(h, overSine(k), far => {
    const [sin, cos] = [far.sqrt(), rest.maximum(CUT).sqrt()]
    const angle = k === 1 ? sin.div(cos).atan() : sin.add(cos).log()
    return angle.div(sin.mul(cos))
  })

/** The angle of `h` and `rest` as above. */
export const angleOf = (h: Tensor, rest: Tensor, k: Curvature): Tensor => {
  const [sin, cos] = [h.maximum(0).sqrt(), rest.maximum(CUT).sqrt()]
  return (k === 1 ? sin.div(cos).atan() : sin.add(cos).log()).mul(2)
}

/** Of `sqrt q cot sqrt q`, beginning with 1. */
const COTANGENT = [1, -1 / 3, -1 / 45, -2 / 945, -1 / 4725, -2 / 93555, -1382 / 638512875, -4 / 18243225]

/** `sqrt q cot_k sqrt q`. */
export const cotangent = (q: Tensor, k: Curvature): Tensor =>
  smooth(
    q,
    COTANGENT.map((c, i) => k ** i * c),
    q => cosine(q, k).div(sineOver(q, k)),
  )

/** `(1 - sqrt q cot_k sqrt q)/q`. */
export const cotangentSlope = (q: Tensor, k: Curvature): Tensor =>
  smooth(
    q,
    COTANGENT.slice(1).map((c, i) => -(k ** (i + 1)) * c),
    q => cotangent(q, k).neg().add(1).div(q),
  )
