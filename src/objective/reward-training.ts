import { constant, type Operand, onesLike, stopGradient, type Tensor, vjp } from '../autodiff/index.ts'
import { type Draw, type Loss, squaredNorm } from './loss.ts'
import type { Reward } from './reward.ts'
import { type Center, tiltWeights } from './tilt-weights.ts'

/** A sample of `p(x0 | x_s)` by the stochastic map of a draw, from its noise. */
const posteriorSample = ({ posterior, noise }: Draw, x: Parameters<Reward>[0], s: Draw['s']) => {
  const one = onesLike(s)
  return posterior!(x, s).jump(noise, one, one.sub(1))
}

/**
 * `V(x_s,s,s) - sg[v_phi + (exp(beta (r(y) - c)) - 1)((x_s - y)/s - V)]`, `y ~ p(x0 | x_s)` drawn anew   Potaptchik et al. 2025, arXiv:2512.21829; by a
 * stochastic map, arXiv:2601.14430
 */
export const posteriorTilt =
  (beta: Operand, reward: Reward, center: Center = false): Loss =>
  draw => {
    const { map, teacher, path, s, error } = draw
    const x = path.at(s)
    const V = map.velocity(x, s)
    const y = posteriorSample(draw, x, s)
    const tilt = tiltWeights(beta, reward(y), center).sub(1)
    const u = x.sub(y).div(s)
    return error(V, stopGradient(teacher.velocity(x, s).add(tilt.mul(u.sub(V)))))
  }

/** Keeps `s/(1-s)` finite at pure noise, where what it multiplies is zero. */
const LEAST = 1e-6

/**
 * `V(x_s,s,s) - sg[v_phi - (w - 1)(V - v_phi) - s/(1-s) grad_x w]`, `w = exp(beta r(G(e,1,0|x_s,s)))`, the gradient through the
 * condition of the stochastic map `G`   arXiv:2601.14430
 */
export const metaFinetuning =
  (beta: Operand, reward: Reward): Loss =>
  draw => {
    const { map, teacher, path, s, error } = draw
    const x = path.at(s)
    const V = map.velocity(x, s)
    const v = teacher.velocity(x, s)
    const [w, pull] = vjp(
      x =>
        reward(posteriorSample(draw, x, s))
          .mul(beta)
          .exp(),
      [x],
    )
    const [slope] = pull(onesLike(w))
    const steer = s.div(s.neg().add(1).maximum(LEAST)).mul(slope)
    return error(V, stopGradient(v.sub(w.sub(1).mul(V.sub(v))).sub(steer)))
  }

/** How `rewardBackprop` is kept near the base map. */
export type Leash = 'l2' | 'kl'

const flatOf = (values: Tensor) => values.reshape([values.shape[0]])

/** What a leash holds the map by, of each sample, and the map's own sample `x` of it. */
const leashes: Readonly<Record<Leash, (draw: Draw, x: Tensor) => Tensor>> = {
  /** `|F(z,1,0) - F_base(z,1,0)|^2`, summed over coordinates. */
  l2({ pretrained, path: { eps } }, x) {
    const { one, zero } = endsFor(eps)
    return squaredNorm(x.sub(stopGradient(pretrained.jump(eps, one, zero))), 'sum')
  },
  /** `(1-s)/s |V(x_s,s,s) - v_base(x_s,s)|^2` on noisy copies of the map's own samples: its mean over `s` is the divergence of the two flows. */
  kl({ map, pretrained, s, noise }, x) {
    const rest = s.neg().add(1)
    const xs = rest.mul(x).add(s.mul(noise))
    const gap = map.velocity(xs, s).sub(stopGradient(pretrained.velocity(xs, s, s)))
    return squaredNorm(gap, 'sum').mul(flatOf(rest.div(s)))
  },
}

/** The times of the jump from noise to data, for points. */
function endsFor(eps: Tensor): { readonly one: Tensor; readonly zero: Tensor } {
  const shape = eps.shape.map((size, i) => (i === 0 ? size : 1))
  return { one: constant(1, shape, eps.dtype), zero: constant(0, shape, eps.dtype) }
}

/** `-beta r(F(z,1,0)) + leash`   Xu et al. 2023 (ReFL), arXiv:2304.05977; Clark et al. 2024 (DRaFT), arXiv:2309.17400, on one jump */
export const rewardBackprop =
  (beta: Operand, reward: Reward, leash: Operand, by: Leash): Loss =>
  draw => {
    const { map, path } = draw
    const { one, zero } = endsFor(path.eps)
    const x = map.jump(path.eps, one, zero)
    const gain = flatOf(reward(x)).mul(beta)
    return leash === 0 ? gain.neg() : leashes[by](draw, x).mul(leash).sub(gain)
  }
