import { constant, onesLike, type Tensor } from '../autodiff/index.ts'
import { logAbsDeterminant, withColumns } from './log-determinant.ts'
import type { Loss } from './loss.ts'

/**
 * `sum_i W_i |V(x_s,s,s) - v_cond|^2`, `W = softmax(log w)` over the batch: flow matching to the law that samples of another are
 * weighed to. Of each sample `B W_i |...|^2`, so that the mean is the sum   Zhang et al. 2025, arXiv:2503.04975
 */
export const weightedFlowMatching: Loss = ({ map, path, s, error, logWeight }) => {
  const losses = error(map.velocity(path.at(s), s), path.velocity(s))
  const count = losses.shape[0]
  return losses.mul(logWeight!.reshape([1, count]).softmax().reshape([count])).mul(count)
}

/**
 * `U(F(z,1,0)) - log |det J_z F(z,1,0)|`, the gradient through the determinant: up to a constant `KL(q | p)` of the map's own law
 * from `e^-U / Z`, whose least is `-log Z`. Noé et al. 2019, arXiv:1812.01729, on a flow map
 */
export const reverseKl: Loss = ({ map, path: { eps }, energy }) => {
  const n = eps.shape.slice(1).reduce((product, size) => product * size, 1)
  const time = constant(1, [eps.shape[0], ...eps.shape.slice(1).map(() => 1)], eps.dtype)
  const jump = (rows: Tensor): Tensor => {
    const one = onesLike(time)
    return map.jump(rows.reshape(eps.shape), one, one.sub(1)).reshape([eps.shape[0], n])
  }
  const { y, columns } = withColumns(jump, eps.reshape([eps.shape[0], n]))
  return energy!(y).sub(logAbsDeterminant(columns))
}
