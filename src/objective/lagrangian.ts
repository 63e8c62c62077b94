import { jvp, onesLike, stopGradient, type Tensor } from '../autodiff/index.ts'
import type { FlowMap } from '../model/index.ts'
import type { Loss } from './loss.ts'

/** `F(x,s,t)` and `d_t F(x,s,t)` */
const alongTarget = (map: FlowMap, x: Tensor, s: Tensor, t: Tensor): [Tensor, Tensor] =>
  jvp(t => map.jump(x, s, t), [t], [onesLike(t)])

/** `d_t F = v_phi(F,t)`   Boffi et al. 2024, arXiv:2406.07507 */
export const lmd: Loss = ({ map, teacher, path, s, t, error }) => {
  const [xt, dF] = alongTarget(map, path.at(s), s, t)
  return error(dF, teacher.velocity(xt, t))
}

/** `d_t F = sg[V(F,t,t)]`   Boffi et al. 2025, arXiv:2505.18825 */
export const lsd: Loss = ({ map, target, path, s, t, error }) => {
  const [xt, dF] = alongTarget(map, path.at(s), s, t)
  return error(dF, stopGradient(target.velocity(xt, t)))
}

/** `F(x,s,t) = sg[xm + (t-m) v_phi(xm,m)]`, `xm = F(x,s,m)`   one Euler step of the Lagrangian rule */
export const lmdDiscrete: Loss = ({ map, target, teacher, path, s, t, m, error }) => {
  const x = path.at(s)
  const xm = target.jump(x, s, m)
  return error(map.jump(x, s, t), stopGradient(xm.add(t.sub(m).mul(teacher.velocity(xm, m)))))
}
