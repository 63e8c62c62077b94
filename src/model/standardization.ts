import { constant, type Tensor } from '../autodiff/index.ts'
import type { Points } from './arrays.ts'
import type { Divergence } from './bound-network.ts'
import type { FlowMap } from './flow-map.ts'

/**
 * What a network works on in place of points `x` of data: `z = (x - shift)/scale`, each `[D]`. A scale is positive, or 0 for a
 * constant column: there `z` is 0, and every `z` becomes `x = shift`.
 */
export interface Standardization {
  readonly shift: readonly number[]
  readonly scale: readonly number[]
  /** The same of points at time 1, where they are not noise but data of another set. */
  readonly source?: Pick<Standardization, 'shift' | 'scale'>
}

/** Shift and scale of each coordinate at time 1. */
const atSource = ({ shift, source }: Standardization) => ({
  shift: source?.shift ?? shift.map(() => 0),
  scale: source?.scale ?? shift.map(() => 1),
})

/**
 * The units of a point on the way from noise to data: `x_s = A(s) z + B(s)` with `A(s) = s scale_1 + (1-s) scale` and
 * `B(s) = s shift_1 + (1-s) shift`. At `s = 1` that is the noise itself (`scale_1 = 1`, `shift_1 = 0`) or a point of the source,
 * at `s = 0` a point of the data, and a jump followed by a jump is still a jump.
 */
const between = (first: number, last: number, s: number): number => s * first + (1 - s) * last

/** Applies `change(value, A, B)` to every number of points `[n, D]`. */
function inFrame<P extends Points>(
  by: Standardization,
  points: P,
  s: number,
  change: (value: number, a: number, b: number) => number,
): P {
  const first = atSource(by)
  const a = Float64Array.from(by.scale, (scale, i) => between(first.scale[i], scale, s))
  const b = Float64Array.from(by.shift, (shift, i) => between(first.shift[i], shift, s))
  const out = points.slice() as P
  for (let i = 0, k = 0; i < out.length; i++) {
    out[i] = change(points[i], a[k], b[k])
    if (++k === a.length) k = 0
  }
  return out
}

/** Points `[n, D]` of time `s`, in the units of that time, as the network knows them. */
export const standardized = <P extends Points>(by: Standardization, points: P, s = 0): P =>
  inFrame(by, points, s, (x, a, b) => (a === 0 ? 0 : (x - b) / a))

/** Points `[n, D]` that the network gave at time `s`, in the units of that time: those of the data at 0. */
export const unstandardized = <P extends Points>(by: Standardization, points: P, s = 0): P =>
  inFrame(by, points, s, (z, a, b) => a * z + b)

/** The velocity `dx/ds = A' z + A v + B'` of points `[n, D]` in the units of time `s`, where the network has `v` at `z`. */
export function unstandardizedVelocity<P extends Points>(
  by: Standardization,
  z: P,
  velocity: P,
  s: number,
): P {
  const { shift, scale } = by
  const first = atSource(by)
  const dimension = scale.length
  return velocity.map((v: number, i: number) => {
    const k = i % dimension
    const a = between(first.scale[k], scale[k], s)
    return (first.scale[k] - scale[k]) * z[i] + a * v + first.shift[k] - shift[k]
  }) as P
}

/** Squares of units are above it at every time but that of the data, and 32-bit floats hold it. */
const VANISHING = 1e-24

/** One number for each coordinate, `[1, ...shape]`. */
const row = (values: readonly number[], shape: readonly number[], { dtype }: Tensor): Tensor =>
  constant(values, [1, ...shape], dtype)

/** `z` of points in units `A(s)` that are 0 at an end where a scale is: there the quotient is 0, not 0/0. */
function divided(
  difference: Tensor,
  a: Tensor,
  scales: readonly (readonly number[])[],
  shape: readonly number[],
): Tensor {
  if (!scales.some(scale => scale.includes(0))) return difference.div(a)
  const vanishing = scales[0].map((_, i) => (scales.some(scale => scale[i] === 0) ? VANISHING : 0))
  return difference.mul(a).div(a.mul(a).add(row(vanishing, shape, a)))
}

/**
 * The jump of a flow map of standardised points, from and to the units of each time: `x` `[B, ...shape]`, times
 * `[B, 1, ...]`.
 */
export function unstandardizedJump(
  by: Standardization,
  shape: readonly number[],
  { jump }: Pick<FlowMap, 'jump'>,
): FlowMap['jump'] {
  return (x, s, t) => {
    const [a, b] = frameOf(by, shape, x, s)
    const [c, d] = frameOf(by, shape, x, t)
    return jump(divided(x.sub(b), a, scalesOf(by), shape), s, t)
      .mul(c)
      .add(d)
  }
}

/** `A(s)` and `B(s)`, `[B, ...shape]`. */
function frameOf(
  { shift, scale, source }: Standardization,
  shape: readonly number[],
  x: Tensor,
  s: Tensor,
): [a: Tensor, b: Tensor] {
  const [k, j] = [scale, shift].map(values => row(values, shape, x))
  const rest = s.neg().add(1)
  if (!source) return [s.add(rest.mul(k)), rest.mul(j)]
  const [k1, j1] = [source.scale, source.shift].map(values => row(values, shape, x))
  return [s.mul(k1).add(rest.mul(k)), s.mul(j1).add(rest.mul(j))]
}

/** The scales of either end. */
const scalesOf = ({ scale, source }: Standardization) => (source ? [scale, source.scale] : [scale])

/**
 * The logarithm of what the same jump multiplies volumes by, `[B]`, of a map whose divergence is known: that of standardised
 * points, and the logarithms of the units of either time. Constant columns have no volume and are left out.
 */
export function unstandardizedVolume(
  by: Standardization,
  shape: readonly number[],
  divergence: Divergence,
): (x: Tensor, s: Tensor, t: Tensor) => Tensor {
  return (x, s, t) => {
    const rows = x.shape[0]
    const varies = row(
      by.scale.map(scale => Number(scale !== 0)),
      shape,
      x,
    )
    // Where a unit may be 0, its logarithm is not asked for.
    const sum = (unit: Tensor) =>
      unit
        .add(varies.neg().add(1))
        .log()
        .mul(varies)
        .sum(shape.map((_, k) => k + 1))
    const [a, b] = frameOf(by, shape, x, s)
    const [c] = frameOf(by, shape, x, t)
    const seen = divided(x.sub(b), a, scalesOf(by), shape)
    const own = t
      .sub(s)
      .mul(divergence(seen, s, t))
      .reshape([rows])
    return own.add(sum(c)).sub(sum(a))
  }
}
