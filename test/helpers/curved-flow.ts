import { constant, jvp, onesLike, type Tensor } from '../../src/autodiff/index.ts'
import { divergenceOf, type FlowMap, fromVelocity } from '../../src/model/index.ts'

const sinh = (y: Tensor): Tensor => y.exp().sub(y.neg().exp()).div(2)
const cosh = (y: Tensor): Tensor => y.exp().add(y.neg().exp()).div(2)
const asinh = (x: Tensor): Tensor => x.add(x.square().add(1).sqrt()).log()

export interface CurvedFlow {
  /** `F`, `V`, and `A` as its divergence head. */
  readonly map: FlowMap
  /** `div v(x, t)`, `[B, 1]`. */
  readonly divergence: (x: Tensor, t: Tensor) => Tensor
  /** `log |det J_x F|`, `[B, 1]`. */
  readonly logDeterminant: (x: Tensor, s: Tensor, t: Tensor) => Tensor
}

/**
 * A flow of points in the plane that is closed and not affine: `x = Q sinh y`, `y` the flow of `N(mean, deviation^2 I)` on the
 * linear path.
 *
 * @param rotation  `Q`, orthogonal
 */
export function curvedFlow(
  rotation: readonly (readonly number[])[],
  mean: number,
  deviation: number,
  scale: number,
): CurvedFlow {
  const q = (like: Tensor) => constant(rotation.flat(), [2, 2], like.dtype)
  const inner = (x: Tensor) => asinh(x.matmul(q(x)))
  const outer = (y: Tensor) => sinh(y).matmul(q(y), { transposeB: true })
  const k = (t: Tensor) =>
    t
      .neg()
      .add(1)
      .square()
      .mul(deviation ** 2)
      .add(t.square())
      .sqrt()
  const centre = (t: Tensor) => t.neg().add(1).mul(mean)
  const jumpInner = (y: Tensor, s: Tensor, t: Tensor) =>
    centre(t).add(
      k(t)
        .div(k(s))
        .mul(y.sub(centre(s))),
    )
  const jump = (x: Tensor, s: Tensor, t: Tensor) => outer(jumpInner(inner(x), s, t))
  const slope = (t: Tensor) => jvp(k, [t], [onesLike(t)])[1].div(k(t))
  const innerVelocity = (y: Tensor, t: Tensor) =>
    slope(t)
      .mul(y.sub(centre(t)))
      .sub(mean)
  const velocity = (x: Tensor, t: Tensor) => {
    const y = inner(x)
    return cosh(y).mul(innerVelocity(y, t)).matmul(q(x), { transposeB: true })
  }
  const divergence = (x: Tensor, t: Tensor) => {
    const y = inner(x)
    return slope(t)
      .add(y.tanh().mul(innerVelocity(y, t)))
      .sum(1, true)
  }
  const logDeterminant = (x: Tensor, s: Tensor, t: Tensor) => {
    const y = inner(x)
    return k(t)
      .div(k(s))
      .log()
      .add(cosh(jumpInner(y, s, t)).log())
      .sub(cosh(y).log())
      .sum(1, true)
  }
  const gap = (s: Tensor, t: Tensor) => t.sub(s)
  return {
    divergence,
    logDeterminant,
    map: {
      ...fromVelocity((x, s, t) => (s === t ? velocity(x, s) : jump(x, s, t).sub(x).div(gap(s, t)))),
      jump,
      divergence: divergenceOf(
        (x, s, t) => (s === t ? divergence(x, s) : logDeterminant(x, s, t).div(gap(s, t))),
        scale,
      ),
    },
  }
}
