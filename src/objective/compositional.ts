import { stopGradient } from '../autodiff/index.ts'
import type { Loss } from './loss.ts'

/** `F(x,s,t) = F(F(x,s,m),m,t)`   Boffi et al. 2025, arXiv:2505.18825 */
export const psdMap: Loss = ({ map, target, path, s, t, m, distance }) => {
  const x = path.at(s)
  const xm = target.jump(x, s, m)
  return distance(map.jump(x, s, t), stopGradient(target.jump(xm, m, t)))
}

/** `V(x,s,t) = w V(x,s,m) + (1-w) V(F(x,s,m),m,t)`, `w = (m-s)/(t-s)`   Boffi et al. 2025, arXiv:2505.18825; Guo et al. 2025 (SplitMeanFlow), arXiv:2507.16884 */
export const psdVelocity: Loss = draw => {
  if (draw.space.isCurved) return psdGeodesic(draw)
  const { map, target, path, s, t, m, error } = draw
  const x = path.at(s)
  const first = target.velocity(x, s, m)
  const second = target.velocity(target.jump(x, s, m), m, t)
  const w = m.sub(s).div(t.sub(s))
  return error(map.velocity(x, s, t), stopGradient(second.add(w.mul(first.sub(second)))))
}

/** `V(x,s,t) = sg[log_x(y)/(t-s)]`, `y = F(F(x,s,m),m,t)`: `psdVelocity` in a curved space   Davis et al. 2026, arXiv:2510.21608; Woo et al. 2026, arXiv:2602.07744 */
const psdGeodesic: Loss = ({ map, target, path, s, t, m, space, error }) => {
  const x = path.at(s)
  const y = target.jump(target.jump(x, s, m), m, t)
  return error(map.velocity(x, s, t), stopGradient(space.difference(x, y).div(t.sub(s))))
}

/** `psdVelocity` with `m = (s+t)/2`: `V(x,s,t) = (V(x,s,m) + V(F(x,s,m),m,t)) / 2`   arXiv:2505.18825 */
export const psdMidpoint: Loss = ({ map, target, path, s, t, error }) => {
  const x = path.at(s)
  const m = s.add(t).mul(0.5)
  const first = target.velocity(x, s, m)
  const second = target.velocity(target.jump(x, s, m), m, t)
  return error(map.velocity(x, s, t), stopGradient(first.add(second).mul(0.5)))
}

/** `V(x,s,s+2h) = (V(x,s,s+h) + V(x1,s+h,s+2h)) / 2`, `x1 = x + h V(x,s,s+h)`, `h = (t-s)/2`   Frans et al. 2025, arXiv:2410.12557 */
export const shortcut: Loss = ({ map, target, path, s, t, error }) => {
  const x = path.at(s)
  const h = t.sub(s).mul(0.5)
  const first = target.velocity(x, s, s.add(h))
  const x1 = x.add(h.mul(first))
  const second = target.velocity(x1, s.add(h), t)
  return error(map.velocity(x, s, t), stopGradient(first.add(second).mul(0.5)))
}

/**
 * `V(x,s,t) = (V_pre(x,s,m) + V_pre(xm,m,t))/2`, `m = (s+t)/2`, `xm = x + (m-s) V_pre(x,s,m)`: two steps of the teacher as one,
 * which may be a velocity and its Euler steps. Salimans & Ho 2022, arXiv:2202.00512
 */
export const progressive: Loss = draw => psdMidpoint({ ...draw, target: draw.pretrained })

/** `F(x,s,t) = F_pre(F_pre(x,s,m),m,t)`   Boffi et al. 2024, arXiv:2406.07507 */
export const pfmm: Loss = ({ map, pretrained, path, s, t, m, distance }) => {
  const x = path.at(s)
  const xm = pretrained.jump(x, s, m)
  return distance(map.jump(x, s, t), stopGradient(pretrained.jump(xm, m, t)))
}
