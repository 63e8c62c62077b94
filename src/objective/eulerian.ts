import { jvp, type Operand, onesLike, stopGradient, type Tensor, zerosLike } from '../autodiff/index.ts'
import type { FlowMap, Space } from '../model/index.ts'
import { instantaneous } from './guidance.ts'
import type { Loss } from './loss.ts'

type TwoArguments = (x: Tensor, s: Tensor) => Tensor

/** `f(x,s)` and `d_s f + J_x f . u` */
const materialDerivative = (f: TwoArguments, x: Tensor, s: Tensor, u: Tensor): [Tensor, Tensor] =>
  jvp(f, [x, s], [u, onesLike(s)])

/** `V(x,s,t)` and `d_s V + J_x V . u` */
export function covariantDerivative(
  map: FlowMap,
  space: Space,
  x: Tensor,
  s: Tensor,
  t: Tensor,
  u: Tensor,
): [V: Tensor, dV: Tensor] {
  const [V, dV] = materialDerivative((x, s) => map.velocity(x, s, t), x, s, u)
  return [V, space.tangent(x, dV)]
}

/** `d_s F + J_x F . v_phi(x,s) = 0`   Boffi et al. 2024, arXiv:2406.07507 */
export const emd: Loss = ({ map, teacher, path, s, t, error }) => {
  const x = path.at(s)
  const [, dF] = materialDerivative((x, s) => map.jump(x, s, t), x, s, teacher.velocity(x, s))
  return error(dF, zerosLike(dF))
}

/** `d_s F + sg[J_x F . u] = 0`, `u = sg[V(x,s,s)]`   Boffi et al. 2025, arXiv:2505.18825 */
export const esd: Loss = ({ map, target, path, s, t, error }) => {
  const x = path.at(s)
  const u = stopGradient(target.velocity(x, s))
  const [, dF] = jvp(s => map.jump(x, s, t), [s], [onesLike(s)])
  const [, spatial] = jvp(x => map.jump(x, s, t), [x], [u])
  return error(dF, stopGradient(spatial.neg()))
}

/** `d_s F + J_x F . u = 0`, the gradient of the spatial part kept   Boffi et al. 2025, arXiv:2505.18825 */
export const esdSpatial: Loss = ({ map, target, path, s, t, error }) => {
  const x = path.at(s)
  const u = stopGradient(target.velocity(x, s))
  const [, dF] = materialDerivative((x, s) => map.jump(x, s, t), x, s, u)
  return error(dF, zerosLike(dF))
}

/** `V = sg[u + (t-s)(d_s V + J_x V . u)]`, `u = v_phi(x,s)`   Sabour et al. 2025 (Align Your Flow), arXiv:2506.14603 */
export const ayfEmd: Loss = ({ map, teacher, path, s, t, space, error }) => {
  const x = path.at(s)
  const u = teacher.velocity(x, s)
  const [V, dV] = covariantDerivative(map, space, x, s, t, u)
  const gap = t.sub(s)
  return error(V, stopGradient(space.transverse(x, gap.mul(V), u).add(gap.mul(dV))))
}

/** How `ayfTangent` treats its tangent `g`. */
export interface AyfOptions {
  /** Whether `g` becomes `g / (|g| + c)`, `|g|` over all coordinates of a sample. */
  readonly tangentNormalization: boolean
  readonly c: number
  /** Part `r` of the derivative that counts, 0 to 1: below 1 it pulls towards straight jumps. */
  readonly warmup: Operand
}

/** `V = sg[V - g]`, `g = V - u - r (t-s)(d_s V + J_x V . u)`, or normalised, `u = v_phi(x,s)`   arXiv:2506.14603 */
export const ayfTangent =
  ({ tangentNormalization, c, warmup }: AyfOptions): Loss =>
  ({ map, teacher, path, s, t, space, error }) => {
    const x = path.at(s)
    const u = teacher.velocity(x, s)
    const [V, dV] = covariantDerivative(map, space, x, s, t, u)
    const gap = t.sub(s)
    const known = space.transverse(x, gap.mul(V), u).add(gap.mul(warmup).mul(dV))
    if (!tangentNormalization) return error(V, stopGradient(known))
    const g = V.sub(known)
    return error(V, stopGradient(V.sub(g.div(space.squared(g, 'sum', true).sqrt().add(c)))))
  }

/** `F(x,s,t) = sg[F(xm,m,t)]`, `xm = x + (m-s) v_phi(x,s)`   one Euler step of the Eulerian rule, arXiv:2406.07507 */
export const emdDiscrete: Loss = ({ map, target, teacher, path, s, t, m, space, distance }) => {
  const x = path.at(s)
  const xm = space.jump(x, m.sub(s).mul(teacher.velocity(x, s)))
  return distance(map.jump(x, s, t), stopGradient(target.jump(xm, m, t)))
}

/** `V = sg[u + (t-s)(d_s V + J_x V . u)]`, `u = v_cond`   Geng et al. 2025, arXiv:2505.13447 */
export const meanflow: Loss = ({ map, path, s, t, space, error }) => {
  const x = path.at(s)
  const u = path.velocity(s)
  const [V, dV] = covariantDerivative(map, space, x, s, t, u)
  const gap = t.sub(s)
  return error(V, stopGradient(space.transverse(x, gap.mul(V), u).add(gap.mul(dV))))
}

/** `V = sg[(t-s) DV + H_y u]`, `u = V(x,s,s)`, in a flat space `meanflow` along its own velocity   Woo et al. 2026, arXiv:2602.07744 */
export const meanflowSelf: Loss = ({ map, target, path, s, t, space, error }) => {
  const x = path.at(s)
  const u = stopGradient(target.velocity(x, s))
  const [V, dV] = covariantDerivative(map, space, x, s, t, u)
  const gap = t.sub(s)
  return error(V, stopGradient(space.transverse(x, gap.mul(V), u).add(gap.mul(dV))))
}

/**
 * `V - (t-s) sg[d_s V + J_x V . u] = v_cond`, `u = sg[V(x,s,s)]`   Geng et al. 2025 (Improved Mean Flows), arXiv:2512.02012
 *
 * A network with a velocity head has `u` from it, and the head is trained to `v_cond` beside.
 */
export const imf: Loss = ({ map, guided, path, s, t, space, error }) => {
  const x = path.at(s)
  const u = stopGradient(instantaneous(guided?.map ?? map, x, s))
  const [V, dV] = covariantDerivative(map, space, x, s, t, u)
  const gap = t.sub(s)
  const known = space.transverse(x, stopGradient(gap.mul(V)), path.velocity(s))
  const loss = error(V.sub(gap.mul(stopGradient(dV))), known)
  return map.velocityHead ? loss.add(error(map.velocityHead(x, s, t), path.velocity(s))) : loss
}

/** Added to a squared residual below the logarithm of `dmf`. */
const LEAST = 0.01

/**
 * `log(|V - sg[v_cond + (t-s)(d_s V + J_x V . v_cond)]|^2 / e^q + 0.01) + q`, `q(s,t)` learned   Lee et al. 2025 (Decoupled
 * MeanFlow), arXiv:2510.24474
 */
export const decoupledMeanflow: Loss = draw => {
  const { logSize, s, t } = draw
  const square = meanflow(draw)
  const q = logSize ? logSize(s, t).reshape(square.shape) : square.mul(0)
  return square.mul(q.neg().exp()).add(LEAST).log().add(q)
}

/** `V = sg[a u + (1-a) V(xm,m,t)]`, `u = v_cond`, `xm = x + (m-s) u`, `m = a t + (1-a) s`, divided by `a`   Zhang et al. 2025 (AlphaFlow), arXiv:2510.20771 */
export const alphaflow =
  (a: Operand): Loss =>
  ({ map, target, path, s, t, error }) => {
    const x = path.at(s)
    const u = path.velocity(s)
    const m = s.add(t.sub(s).mul(a))
    const xm = x.add(m.sub(s).mul(u))
    const Vm = target.velocity(xm, m, t)
    return error(map.velocity(x, s, t), stopGradient(Vm.add(u.sub(Vm).mul(a)))).div(a)
  }

/** `F(x,s,t) = sg[F(xm,m,t)]`, `u = sg[V(x,s,s)]`, `xm = x + (m-s) u`, `m = s + d (t-s)`   Luo et al. 2025 (SoFlow), arXiv:2512.15657 */
export const soflow =
  (d: Operand): Loss =>
  ({ map, target, path, s, t, space, distance }) => {
    const x = path.at(s)
    const u = stopGradient(map.velocity(x, s))
    const m = s.add(t.sub(s).mul(d))
    const xm = space.jump(x, m.sub(s).mul(u))
    return distance(map.jump(x, s, t), stopGradient(target.jump(xm, m, t)))
  }

/** `soflow` divided by `d (s-t)^2`, written for `V`: `V = sg[d u + (1-d) V(xm,m,t)]`, its residual `r` divided by `d`, and `d |r|^2`   arXiv:2512.15657 */
export const soflowByGap =
  (d: Operand): Loss =>
  ({ map, target, path, s, t, error }) => {
    const x = path.at(s)
    const u = stopGradient(map.velocity(x, s))
    const m = s.add(t.sub(s).mul(d))
    const xm = x.add(m.sub(s).mul(u))
    const Vm = target.velocity(xm, m, t)
    const known = stopGradient(Vm.add(u.sub(Vm).mul(d)))
    return error(map.velocity(x, s, t).div(d), known.div(d)).mul(d)
  }
