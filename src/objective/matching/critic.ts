import { grad, jvp, onesLike, stopGradient, type Tensor } from '../../autodiff/index.ts'
import { type Draw, type Loss, squaredNorm } from '../loss.ts'
import { type GameName, games } from './games.ts'
import { denoised, generated, noisy, playerOf } from './sample.ts'

/** A critic's number for each sample, `[B]`. */
const judged = (draw: Draw, z: Tensor, r: Tensor): Tensor =>
  playerOf(draw, 'critic')(z, r, r).reshape([z.shape[0]])

/** What the critic sees of samples and of data: each with fresh noise at a time of its own. */
function seen(draw: Draw): { fake: Tensor; real: Tensor; realTime: Tensor } {
  const { path, r, noise, r2 = r, noise2 = noise } = draw
  return { fake: noisy(generated(draw), r, noise), real: noisy(path.x0, r2, noise2), realTime: r2 }
}

/** The map's loss against a critic. arXiv:1406.2661 */
export const ganMap =
  (name: GameName): Loss =>
  draw => {
    const { fake, real, realTime } = seen(draw)
    return games[name].map(judged(draw, real, realTime), judged(draw, fake, draw.r))
  }

/**
 * The critic's loss, with `(r1/2) |grad c|^2` at the data, the norm summed over coordinates. Mescheder et al. 2018 (R1),
 * arXiv:1801.04406.
 */
export const ganCritic =
  (name: GameName, r1 = 0): Loss =>
  draw => {
    const { fake, real, realTime } = seen(draw)
    const of = (z: Tensor, r: Tensor) => judged(draw, z, r)
    const loss = games[name].critic(of(real, realTime), of(stopGradient(fake), draw.r))
    if (r1 === 0) return loss
    const slope = grad((z: Tensor) => of(z, realTime).sum())(real) as Tensor
    return loss.add(squaredNorm(slope, 'sum').mul(r1 / 2))
  }

/** Deviation of what is added to data for `approximateR1`. */
const NUDGE = 0.1

/** `(c(real) - c(real + 0.1 n))^2`, which stands for R1 where second derivatives cost too much. Lin et al. 2025, arXiv:2501.08316. */
export const approximateR1: Loss = draw => {
  const { real, realTime } = seen(draw)
  const moved = real.add(draw.noise.mul(NUDGE))
  return judged(draw, real, realTime)
    .sub(judged(draw, moved, realTime))
    .square()
}

/** `|x - eps|^2`: draws the generator to the map that moves points least. arXiv:2511.22475 */
export const shortest: Loss = draw => draw.error(generated(draw), draw.path.eps)

/** `(1-r) |x - sg[D_phi(z,r)]|^2`: the distillation beside the critic of ADD. Sauer et al. 2023, arXiv:2311.17042, eq. 4. */
export const denoiserDistance: Loss = draw => {
  const { teacher, r, noise, error } = draw
  const x = generated(draw)
  const D = stopGradient(denoised(teacher, noisy(x, r, noise), r))
  return error(x, D).mul(r.neg().add(1).reshape([x.shape[0]]))
}

/** Part of samples that the critic takes for what they are, `[B]`: a half where it cannot tell. arXiv:1406.2661 */
export const criticAccuracy: Loss = draw => {
  const { fake, real, realTime } = seen(draw)
  const right = (a: Tensor) => a.maximum(0).sign()
  return right(judged(draw, real, realTime))
    .add(right(judged(draw, fake, draw.r).neg()))
    .mul(0.5)
}

/** Derivative of the critic at `(x_s, s)` along `(a, 1)`, `[B]`. */
const slope = (draw: Draw, a: Tensor): Tensor => {
  const { path, s } = draw
  const [, tangent] = jvp((x: Tensor, s: Tensor) => judged(draw, x, s), [path.at(s), s], [a, onesLike(s)])
  return tangent as Tensor
}

/**
 * `(dc(u) - 1)^2 + (dc(sg[V]) + 1)^2 + center c^2` at `(x_s, s)`: the critic's slope along the data's velocity and along the
 * map's. arXiv:2511.22475; arXiv:2604.11521.
 */
export const cafmCritic =
  (center: number): Loss =>
  draw => {
    const { map, path, s } = draw
    const x = path.at(s)
    const c = judged(draw, x, s)
    return slope(draw, path.velocity(s))
      .sub(1)
      .square()
      .add(
        slope(draw, stopGradient(map.velocity(x, s)))
          .add(1)
          .square(),
      )
      .add(c.square().mul(center))
  }

/** Part of velocities that the critic takes for what they are, `[B]`: its slope is above 0 along the data's, below along the map's. arXiv:2604.11521 */
export const slopeAccuracy: Loss = draw => {
  const { map, path, s } = draw
  const right = (a: Tensor) => a.maximum(0).sign()
  return right(slope(draw, path.velocity(s)))
    .add(right(slope(draw, map.velocity(path.at(s), s)).neg()))
    .mul(0.5)
}

/** `(dc(V) - 1)^2 + transport mean V^2`. arXiv:2604.11521 */
export const cafmMap =
  (transport: number): Loss =>
  draw => {
    const { map, path, s } = draw
    const V = map.velocity(path.at(s), s)
    return slope(draw, V).sub(1).square().add(squaredNorm(V, 'mean').mul(transport))
  }
