import { stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { VelocityField } from '../../model/index.ts'
import { type Draw, type Loss, meanProduct } from '../loss.ts'
import { denoised, noisy, velocityOf } from './sample.ts'

/** Smallest weight of the data, and smallest norm that is divided by. */
const SMALLEST = 1e-8

/** What makes a sum of weighted points one point: the length of the data point (published), or division by the weights. */
const scales = {
  length: (w: Tensor, { path: { x0 } }: Draw) => w.mul(norm(x0)).div(norm(w)),
  weights: (w: Tensor, _: Draw, weights: Tensor) => w.div(weights),
} as const
export type TargetScale = keyof typeof scales

const norm = (x: Tensor): Tensor => {
  const axes = x.shape.slice(1).map((_, i) => i + 1)
  return x.square().sum(axes, true).add(SMALLEST).sqrt()
}

/** The model's own guess `g = G(x_s,s,t) = x_s - s V(x_s,s,t)` of the data, and its noisy copy `z = (1-t) g + t n`, stopped. */
function guess({ map, path, s, t, noise }: Draw): { G: Tensor; g: Tensor; z: Tensor } {
  const x = path.at(s)
  const G = x.sub(s.mul(map.velocity(x, s, t)))
  const g = stopGradient(G)
  return { G, g, z: noisy(g, t, noise) }
}

/** What the guess is compared by: the model without the condition, or the velocity of its own guesses. */
const others = {
  untold: ({ untold }: Draw): VelocityField => {
    if (!untold) throw new Error('a self-evaluation by the condition needs a draw that is told one')
    return untold
  },
  fake: (draw: Draw): VelocityField => velocityOf(draw, 'fake'),
} as const
export type Judge = keyof typeof others

/**
 * `|G(x_s,s,t|y) - a|^2`, `a = |x0| w/|w|`, `w = (1-s)(1-t) x0 + (s-t) sg[g + G(z,t,t|y) - G_other(z,t,t)]`: the data, and the guess moved by
 * what the model itself says of it. `w` is `x0 + l target` with `l = s/(1-s) - t/(1-t) = (s-t)/((1-s)(1-t))`, times a number that the length
 * forgets. Self-E, arXiv:2512.22374.
 *
 * @param judge  `untold`: the model without the condition, whose difference is `(t^2/(1-t)) grad log p(y|z)`; `fake`: the velocity of the
 *   guesses, whose difference is that of `dmd`
 */
export const selfEvaluation =
  (judge: Judge, scale: TargetScale = 'length'): Loss =>
  draw => {
    const { frozen, path, s, t, distance } = draw
    const { G, g, z } = guess(draw)
    const target = g.add(denoised(frozen, z, t)).sub(denoised(others[judge](draw), z, t))
    const [ofS, ofT] = [s, t].map(time => time.neg().add(1))
    const [ofData, ofTarget] = [ofS.mul(ofT).maximum(SMALLEST), s.sub(t)]
    const w = path.x0.mul(ofData).add(target.mul(ofTarget))
    return distance(G, stopGradient(scales[scale](w, draw, ofData.add(ofTarget))))
  }

/**
 * `|G(z,t,t|y) - G_other(z,t,t)|^2`: how far the model is moved by what it says of its guesses. With the fake score it tells how far guesses
 * are from the data, as `fisherDistance` does; by the condition it does not vanish at the data. Self-E, arXiv:2512.22374.
 */
export const evaluationDistance =
  (judge: Judge): Loss =>
  draw => {
    const { frozen, t } = draw
    const { z } = guess(draw)
    const d = denoised(frozen, z, t).sub(denoised(others[judge](draw), z, t))
    return meanProduct(d, d)
  }

/** `v_fake(z,t) = n - sg[g]`: flow matching on the model's own guesses. Self-E, arXiv:2512.22374, its second half. */
export const fakeOfGuesses: Loss = draw => {
  const { t, noise, error } = draw
  const { g, z } = guess(draw)
  return error(velocityOf(draw, 'fake').velocity(z, t), noise.sub(g))
}
