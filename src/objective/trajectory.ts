import type { Loss } from './loss.ts'

/** `F(x_s,s,t) = x_t` for two points of one trajectory that a solver took through the teacher   Hu et al. 2025 (Consistency Mid-Training), arXiv:2509.24526 */
export const midTraining: Loss = ({ map, path, s, t, distance }) =>
  distance(map.jump(path.at(s), s, t), path.at(t))
