import { jvp, onesLike, stopGradient, type Tensor } from '../autodiff/index.ts'
import type { FlowMap } from '../model/index.ts'
import type { Loss } from './loss.ts'

/** `F(x,s,t)` and `d_t F(x,s,t)` */
const partialT = (map: FlowMap, x: Tensor, s: Tensor, t: Tensor): [Tensor, Tensor] =>
  jvp(t => map.jump(x, s, t), [t], [onesLike(t)])

/** `d_t F = v_phi(F,t)`   Boffi et al. 2024, arXiv:2406.07507 */
export const lmd: Loss = ({ map, teacher, path, s, t, error }) => {
  const [xt, dF] = partialT(map, path.at(s), s, t)
  return error(dF, teacher.velocity(xt, t))
}

/** `d_t F = sg[V(F,t,t)]`   Boffi et al. 2025, arXiv:2505.18825 */
export const lsd: Loss = ({ map, target, path, s, t, error }) => {
  const [xt, dF] = partialT(map, path.at(s), s, t)
  return error(dF, stopGradient(target.velocity(xt, t)))
}

/** `V(x,s,t) = sg[dlog_x|_F v_phi(F,t) - (t-s) d_t V]`, `dlog` the identity where it is flat   Sabour et al. 2025 (Align Your Flow), arXiv:2506.14603; Woo et al. 2026, arXiv:2602.07744 */
export const ayfLmd: Loss = ({ map, teacher, path, s, t, space, error }) => {
  const x = path.at(s)
  const [V, dV] = jvp(t => map.velocity(x, s, t), [t], [onesLike(t)])
  const gap = t.sub(s)
  const xt = space.jump(x, gap.mul(V))
  const [, v] = jvp(y => space.difference(x, y), [xt], [teacher.velocity(xt, t)])
  return error(V, stopGradient(v.sub(gap.mul(dV))))
}

/** `dexp_{x_s}(V(x_s,s,t) + sg[(t-s) d_t V]) = v_cond(t)`, `x_s = sg[F(x_t,t,s)]`   Woo et al. 2026, arXiv:2602.07744 */
export const inverseLagrangian: Loss = ({ map, path, s, t, space, error }) => {
  const xt = path.at(t)
  const xs = stopGradient(map.jump(xt, t, s))
  const [V, dV] = jvp(t => map.velocity(xs, s, t), [t], [onesLike(t)])
  const own = V.add(stopGradient(t.sub(s).mul(dV)))
  const [, pushed] = jvp(u => space.jump(xs, u), [space.difference(xs, xt)], [own])
  return error(pushed, path.velocity(t))
}

/** `F(x,s,t) = sg[xm + (t-m) v_phi(xm,m)]`, `xm = F(x,s,m)`   one Euler step of the Lagrangian rule, arXiv:2406.07507 */
export const lmdDiscrete: Loss = ({ map, target, teacher, path, s, t, m, space, distance }) => {
  const x = path.at(s)
  const xm = target.jump(x, s, m)
  return distance(map.jump(x, s, t), stopGradient(space.jump(xm, t.sub(m).mul(teacher.velocity(xm, m)))))
}

/** `d_t F = sg[V(y,t,t)]`, `y = x + (t-s) sg[V(x,s,t)]`   Zhou et al. 2025 (Terminal Velocity Matching), arXiv:2511.19797 */
export const tvmTerminal: Loss = ({ map, target, path, s, t, error }) => {
  const x = path.at(s)
  const [xt, dF] = partialT(map, x, s, t)
  const y = stopGradient(xt)
  return error(dF, stopGradient(target.velocity(y, t)))
}

/** `V(x_t,t,t) = v_cond` at the target time   arXiv:2511.19797 */
export const tvmAnchor: Loss = ({ map, path, t, error }) =>
  error(map.velocity(path.at(t), t), path.velocity(t))
