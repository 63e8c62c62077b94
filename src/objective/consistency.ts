import { type Operand, stopGradient, type Tensor, zerosLike } from '../autodiff/index.ts'
import { covariantDerivative } from './eulerian.ts'
import type { Loss } from './loss.ts'

/** `m = s - Δ`, not below `t` */
const before = (s: Tensor, delta: Operand, t: Tensor): Tensor => s.sub(delta).maximum(t)

/** `F(x,s,0) = sg[F(xm,m,0)]`, `xm` on the same path, `m = s - Δ`   Song et al. 2023, arXiv:2303.01469; with other losses Song & Dhariwal 2024 (iCT), arXiv:2310.14189, and Geng et al. 2024 (ECT), arXiv:2406.14548 */
export const ct =
  (delta: Operand): Loss =>
  ({ map, target, path, s, distance }) => {
    const zero = zerosLike(s)
    const m = before(s, delta, zero)
    return distance(map.jump(path.at(s), s, zero), stopGradient(target.jump(path.onward(s, m), m, zero)))
  }

/** `F(x,s,0) = sg[F(xm,m,0)]`, `xm = x - Δ v_phi(x,s)`, `m = s - Δ`   Song et al. 2023, arXiv:2303.01469 */
export const cd =
  (delta: Operand): Loss =>
  ({ map, target, teacher, path, s, space, distance }) => {
    const zero = zerosLike(s)
    const x = path.at(s)
    const m = before(s, delta, zero)
    const xm = space.jump(x, m.sub(s).mul(teacher.velocity(x, s)))
    return distance(map.jump(x, s, zero), stopGradient(target.jump(xm, m, zero)))
  }

/** `F_sg(F(x,s,t),t,0) = sg[F(F(xm,m,t),t,0)]`, `xm = x - Δ v_phi(x,s)`, `m = s - Δ`   Kim et al. 2024, arXiv:2310.02279 */
export const ctm =
  (delta: Operand): Loss =>
  ({ map, target, frozen, teacher, path, s, t, space, distance }) => {
    const zero = zerosLike(s)
    const x = path.at(s)
    const m = before(s, delta, t)
    const xm = space.jump(x, m.sub(s).mul(teacher.velocity(x, s)))
    const known = target.jump(target.jump(xm, m, t), t, zero)
    return distance(frozen.jump(map.jump(x, s, t), t, zero), stopGradient(known))
  }

/** How `scm` treats its tangent. */
export interface TangentOptions {
  /** Whose velocity carries the derivative: the teacher's, or the conditional one. */
  readonly velocity: 'teacher' | 'conditional'
  /** Whether the tangent `g` becomes `g / (|g| + c)`, `|g|` over all coordinates of a sample. */
  readonly tangentNormalization: boolean
  readonly c: number
  /** Part of the derivative that counts, 0 to 1. */
  readonly warmup: Operand
}

/** `V(x,s,0) = sg[V - g]`, `g = V - u + w s (d_s V + J_x V . u)`, normalised   Lu & Song 2025 (sCM), arXiv:2410.11081 */
export const scm =
  ({ velocity, tangentNormalization, c, warmup }: TangentOptions): Loss =>
  ({ map, teacher, path, s, space, error }) => {
    const x = path.at(s)
    const u = velocity === 'teacher' ? teacher.velocity(x, s) : path.velocity(s)
    const [V, dV] = covariantDerivative(map, space, x, s, zerosLike(s), u)
    const g = V.sub(space.transverse(x, s.neg().mul(V), u)).add(s.mul(warmup).mul(dV))
    const tangent = tangentNormalization ? g.div(space.squared(g, 'sum', true).sqrt().add(c)) : g
    return error(V, stopGradient(V.sub(tangent)))
  }

/** `V(x,s,0) = sg[u - s (d_s V + J_x V . u)]`, `u = v_phi(x,s)`   Peng et al. 2025 (FACM), arXiv:2507.03738 */
export const facmConsistency: Loss = ({ map, teacher, path, s, space, error }) => {
  const x = path.at(s)
  const u = teacher.velocity(x, s)
  const [V, dV] = covariantDerivative(map, space, x, s, zerosLike(s), u)
  return error(V, stopGradient(space.transverse(x, s.neg().mul(V), u).sub(s.mul(dV))))
}

/** `V(x,1+s,1+s) = v_phi(x,s)`: times above 1 ask for the velocity   arXiv:2507.03738 */
export const facmAnchor: Loss = ({ map, teacher, path, s, error }) => {
  const x = path.at(s)
  return error(map.velocity(x, s.add(1)), teacher.velocity(x, s))
}
