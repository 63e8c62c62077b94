import { constant, type Tensor } from '../autodiff/index.ts'
import type { Points } from './arrays.ts'
import type { FlowMap } from './flow-map.ts'

/**
 * What a network works on in place of points `x` of data: `z = (x - shift)/scale`, each `[D]`. A scale is positive, or 0 for a
 * constant column: there `z` is 0, and every `z` becomes `x = shift`.
 */
export interface Standardization {
  readonly shift: readonly number[]
  readonly scale: readonly number[]
}

/**
 * The units of a point on the way from noise to data: `x_s = A(s) z + B(s)` with `A(s) = s + (1-s) scale` and
 * `B(s) = (1-s) shift`. At `s = 1` that is the noise itself, at `s = 0` a point of the data, and a jump followed by a
 * jump is still a jump.
 */
const frameAt = (scale: number, shift: number, s: number): [number, number] => [
  s + (1 - s) * scale,
  (1 - s) * shift,
]

/** Applies `change(value, A, B)` to every number of points `[n, D]`. */
function inFrame<P extends Points>(
  { shift, scale }: Standardization,
  points: P,
  s: number,
  change: (value: number, a: number, b: number) => number,
): P {
  const [a, b] = [0, 1].map(part => Float64Array.from(scale, (value, i) => frameAt(value, shift[i], s)[part]))
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
  { shift, scale }: Standardization,
  z: P,
  velocity: P,
  s: number,
): P {
  const dimension = scale.length
  return velocity.map((v: number, i: number) => {
    const [k, j] = [scale[i % dimension], shift[i % dimension]]
    const [a] = frameAt(k, j, s)
    return (1 - k) * z[i] + a * v - j
  }) as P
}

/** Squares of units are above it at every time but that of the data, and 32-bit floats hold it. */
const VANISHING = 1e-24

/** One number for each coordinate, `[1, ...shape]`. */
const row = (values: readonly number[], shape: readonly number[], { dtype }: Tensor): Tensor =>
  constant(values, [1, ...shape], dtype)

/** `z` of points in units `A(s)` that are 0 at time 0 where the scale is: there the quotient is 0, not 0/0. */
function divided(difference: Tensor, a: Tensor, scale: readonly number[], shape: readonly number[]): Tensor {
  if (!scale.includes(0)) return difference.div(a)
  const vanishing = scale.map(value => (value === 0 ? VANISHING : 0))
  return difference.mul(a).div(a.mul(a).add(row(vanishing, shape, a)))
}

/**
 * The jump of a flow map of standardised points, from and to the units of each time: `x` `[B, ...shape]`, times
 * `[B, 1, ...]`.
 */
export function unstandardizedJump(
  { shift, scale }: Standardization,
  shape: readonly number[],
  { jump }: Pick<FlowMap, 'jump'>,
): FlowMap['jump'] {
  const frame = (x: Tensor, s: Tensor): [Tensor, Tensor] => {
    const [k, j] = [scale, shift].map(values => row(values, shape, x))
    const rest = s.neg().add(1)
    return [s.add(rest.mul(k)), rest.mul(j)]
  }
  return (x, s, t) => {
    const [a, b] = frame(x, s)
    const [c, d] = frame(x, t)
    return jump(divided(x.sub(b), a, scale, shape), s, t)
      .mul(c)
      .add(d)
  }
}
