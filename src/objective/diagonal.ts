import { type Operand, stopGradient } from '../autodiff/index.ts'
import type { Loss } from './loss.ts'
import type { Reward } from './reward.ts'
import { type Center, tiltWeights } from './tilt-weights.ts'

/** `V(x_s,s,s) - v_cond`   Lipman et al. 2023, arXiv:2210.02747 */
export const flowMatching: Loss = ({ map, path, s, error }) =>
  error(map.velocity(path.at(s), s), path.velocity(s))

/** `V(x_s,s,s) - v_phi(x_s,s)`   Boffi et al. 2024, arXiv:2406.07507 */
export const teacherVelocity: Loss = ({ map, teacher, path, s, error }) =>
  error(map.velocity(path.at(s), s), teacher.velocity(path.at(s), s))

/** `V(x,s,s,c,w)/w + (1 - 1/w) sg[V(x,s,s,0,1)] - v_cond`   Chen et al. 2025 (guidance-free training), arXiv:2501.15420 */
export const guidanceFree: Loss = ({ map, guided, path, s, error }) => {
  const x = path.at(s)
  const { scale, untold } = guided!
  const share = scale.pow(-1)
  const rest = share
    .neg()
    .add(1)
    .mul(stopGradient(untold.velocity(x, s)))
  return error(map.velocity(x, s).mul(share).add(rest), path.velocity(s))
}

/** `V(x_s,s,s) - sg[v_phi(x_s,s) + (exp(beta (r(x0) - c)) - 1) (v_cond - V(x_s,s,s))]`   Potaptchik et al. 2025, arXiv:2512.21829 */
export const tiltMatching =
  (beta: Operand, reward: Reward, center: Center = false): Loss =>
  ({ map, teacher, path, s, error }) => {
    const x = path.at(s)
    const V = map.velocity(x, s)
    const tilt = tiltWeights(beta, reward(path.x0), center).sub(1)
    return error(V, stopGradient(teacher.velocity(x, s).add(tilt.mul(path.velocity(s).sub(V)))))
  }
