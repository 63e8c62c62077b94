import type { Loss } from './loss.ts'

/** `V(x_s,s,s) - v_cond`   Lipman et al. 2023, arXiv:2210.02747 */
export const flowMatching: Loss = ({ map, path, s, error }) =>
  error(map.velocity(path.at(s), s), path.velocity(s))

/** `V(x_s,s,s) - v_phi(x_s,s)`   Boffi et al. 2024, arXiv:2406.07507 */
export const teacherVelocity: Loss = ({ map, teacher, path, s, error }) =>
  error(map.velocity(path.at(s), s), teacher.velocity(path.at(s), s))
