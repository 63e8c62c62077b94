import { constant, jvp, onesLike, type Tensor } from '../autodiff/index.ts'
import type { FlowMap } from './flow-map.ts'
import type { Interpolant } from './interpolants/interpolant.ts'
import { interpolants } from './interpolants/table.ts'

/** The flow map whose jumps are known; its velocity is their derivative where the two times are one. */
export function fromJump(jump: FlowMap['jump']): FlowMap {
  return {
    jump,
    velocity: (x, s, t = s) =>
      t === s ? jvp((t: Tensor) => jump(x, s, t), [t], [onesLike(t)])[1] : jump(x, s, t).sub(x).div(t.sub(s)),
  }
}

const rowOf = (values: readonly number[], { dtype }: Tensor): Tensor =>
  constant(values, [1, values.length], dtype)

/**
 * The exact flow of Gaussian data `N(mean, diag scales^2)` on any path: with `k^2 = alpha^2 scales^2 + sigma^2`,
 * `F = alpha(t) mean + (k(t)/k(s)) (x - alpha(s) mean)`, so that the logarithm of its determinant is `sum log k(t)/k(s)`.
 */
export function gaussianFlow(
  mean: readonly number[],
  scales: readonly number[],
  { alpha, sigma }: Interpolant,
): FlowMap {
  const k = (x: Tensor, t: Tensor) =>
    alpha(t).square().mul(rowOf(scales, x).square()).add(sigma(t).square()).sqrt()
  return fromJump((x, s, t) => {
    const center = rowOf(mean, x)
    return alpha(t)
      .mul(center)
      .add(
        k(x, t)
          .div(k(x, s))
          .mul(x.sub(alpha(s).mul(center))),
      )
  })
}

const sinh = (x: Tensor): Tensor => x.exp().sub(x.neg().exp()).mul(0.5)
const arsinh = (x: Tensor): Tensor => x.square().add(1).sqrt().add(x).log()

/**
 * A flow that bends, in closed form: `x = Q sinh y`, where each coordinate of `y` is a Gaussian flow on the linear path. Its
 * divergence depends on the point, which that of a Gaussian does not.
 *
 * @param rotation  `Q`, orthogonal, `[D][D]`
 */
export function curvedFlow(mean: number, scale: number, rotation: readonly (readonly number[])[]): FlowMap {
  const size = rotation.length
  const of = (value: number) => new Array<number>(size).fill(value)
  const inner = gaussianFlow(of(mean), of(scale), interpolants.linear)
  return fromJump((x, s, t) => {
    const Q = constant(rotation.flat(), [size, size], x.dtype)
    const y = arsinh(x.matmul(Q))
    return sinh(inner.jump(y, s, t)).matmul(Q, { transposeB: true })
  })
}
