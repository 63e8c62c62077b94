import { jvp, onesLike } from '../autodiff/index.ts'
import type { Loss } from './loss.ts'

/** `d_s F(y,t,s) = v_cond` and `F(y,t,s) = x`, `y = F(x,s,t)`: a jump and back   Boffi et al. 2024 (FMM), arXiv:2406.07507 */
export const fmm: Loss = ({ map, path, s, t, error, distance }) => {
  const x = path.at(s)
  const y = map.jump(x, s, t)
  const [back, dBack] = jvp(s => map.jump(y, t, s), [s], [onesLike(s)])
  return error(dBack, path.velocity(s)).add(distance(back, x))
}

/** `F(y,t,s) = x`, `y = F(x,s,t)`, the gradient through both jumps   Rehman et al. 2025 (FALCON), arXiv:2512.09914 */
export const inverse: Loss = ({ map, path, s, t, distance }) => {
  const x = path.at(s)
  return distance(map.jump(map.jump(x, s, t), t, s), x)
}
