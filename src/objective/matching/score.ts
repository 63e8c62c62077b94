import { stopGradient, type Tensor } from '../../autodiff/index.ts'
import { type Draw, type Loss, meanProduct } from '../loss.ts'
import { denoised, generated, meanAbsolute, noisy, playerOf, velocityOf } from './sample.ts'
import { divergenceWeights, type MatchedDivergence, type MatchingWeight, matchingWeights } from './weights.ts'

/** Largest size of the logarithm of a ratio of densities that a critic tells. Ours. */
const LARGEST_LOG_RATIO = 4

/** `h(rho)` at `(z,r)` by the critic's logit, with mean 1 over the batch. */
function ratioWeight(draw: Draw, divergence: MatchedDivergence, z: Tensor): Tensor | undefined {
  const h = divergenceWeights[divergence]
  if (h === null) return undefined
  const logit = playerOf(draw, 'critic')(z, draw.r, draw.r)
  const weight = h(logit.maximum(-LARGEST_LOG_RATIO).minimum(LARGEST_LOG_RATIO).exp())
  return weight.div(weight.mean())
}

/**
 * `x . sg[w (v_phi(z,r) - v_fake(z,r))]`, `z = (1-r) x + r n`: its gradient moves samples by the difference of two scores.
 * Yin et al. 2024 (DMD), arXiv:2311.18828, eq. 7, 8; Yin et al. 2024 (DMD2), arXiv:2405.14867.
 *
 * @param divergence  another than `reverse-kl` asks a critic for the ratio of densities
 */
export const dmd =
  (weight: MatchingWeight, divergence: MatchedDivergence = 'reverse-kl'): Loss =>
  draw => {
    const { teacher, r, noise } = draw
    const x = generated(draw)
    const z = noisy(x, r, noise)
    const [real, fake] = [teacher.velocity(z, r), velocityOf(draw, 'fake').velocity(z, r)]
    const w = matchingWeights[weight](x, z.sub(r.mul(real)), r)
    const h = ratioWeight(draw, divergence, z)
    const direction = w.mul(real.sub(fake))
    return meanProduct(x, stopGradient(h ? h.mul(direction) : direction))
  }

/** `|x - x0|^2` where `x0` is the point to which the teacher takes the same noise: the pairs of DMD. arXiv:2311.18828, eq. 9 */
export const pairRegression: Loss = draw => draw.error(generated(draw), draw.path.x0)

/** `v_fake(z,r) = n - sg[x]`: flow matching on the generator's own samples. arXiv:2311.18828, eq. 6 */
export const fakeScore: Loss = draw => {
  const { r, noise, error } = draw
  const x = stopGradient(generated(draw))
  return error(velocityOf(draw, 'fake').velocity(noisy(x, r, noise), r), noise.sub(x))
}

/**
 * `w d . ((D_phi - x) - alpha d)`, `d = D_phi(z,r) - D_fake(z,r)`, `w = sg[1 / mean|x - D_phi|]`, with gradients through `z`
 * into both networks. At the best fake score its value is `(1-alpha) E|d|^2`; `alpha = 1/2` has half the gradient of
 * `E|d|^2`. Zhou et al. 2024 (SiD), arXiv:2404.04057, eq. 23.
 */
export const sid =
  (alpha: number, weight: 'published' | 'none' = 'published'): Loss =>
  draw => {
    const { x, real, d } = denoisers(draw)
    const rest = real.sub(x).sub(d.mul(alpha))
    if (weight === 'none') return meanProduct(d, rest)
    const w = stopGradient(meanAbsolute(x.sub(real)).pow(-1))
    return meanProduct(w.mul(d), rest)
  }

/** `|d|^2`, which tells how far the generator is from the data: the Fisher divergence of arXiv:2404.04057. */
export const fisherDistance: Loss = draw => {
  const { d } = denoisers(draw)
  return meanProduct(d, d)
}

function denoisers(draw: Draw): { x: Tensor; real: Tensor; d: Tensor } {
  const { teacher, r, noise } = draw
  const x = generated(draw)
  const z = noisy(x, r, noise)
  const real = denoised(teacher, z, r)
  return { x, real, d: real.sub(denoised(velocityOf(draw, 'fake'), z, r)) }
}

/**
 * `z_r ~ q(z_r | z_s, x)` for `r < s` on the linear path, the bridge that keeps the joint law of `z_s` and `z_r`:
 * `(q r^2/s^2) z_s + ((1-r) u^2/s^2) x + (u r/s) n`, `q = (1-s)/(1-r)`, `u^2 = s^2 - q^2 r^2`.
 * Salimans et al. 2024, arXiv:2406.04103.
 */
export function bridge(zs: Tensor, x: Tensor, s: Tensor, r: Tensor, n: Tensor): Tensor {
  const rest = r.neg().add(1)
  const q = s.neg().add(1).div(rest.maximum(1e-6))
  const square = s.square()
  const u2 = square.sub(q.square().mul(r.square())).maximum(0)
  const ofData = rest.mul(u2).div(square)
  return zs
    .mul(q.mul(r.square()).div(square))
    .add(x.mul(ofData))
    .add(n.mul(u2.sqrt().mul(r).div(s)))
}

function bridged(draw: Draw): { x: Tensor; z: Tensor } {
  const { map, path, s, r, noise } = draw
  const zs = path.at(s)
  const x = map.jump(zs, s, s.mul(0))
  return { x, z: stopGradient(bridge(zs, x, s, r, noise)) }
}

/** `x . sg[D_fake(z_r,r) - D_phi(z_r,r)]`, `x = F(z_s,s,0)`: matches the mean of the data given `z_r`. arXiv:2406.04103 */
export const moment: Loss = draw => {
  const { x, z } = bridged(draw)
  const [fake, real] = [velocityOf(draw, 'fake'), draw.teacher].map(v => denoised(v, z, draw.r))
  return meanProduct(x, stopGradient(fake.sub(real)))
}

/**
 * `|D_fake - D_phi|^2` at `z_r`: how far what the samples say of the data given `z_r` is from what the teacher says; a quarter of
 * `|E[x | z_r] - D_phi|^2` at the best fake, which is the mean of both. arXiv:2406.04103
 */
export const momentDistance: Loss = draw => {
  const { z } = bridged(draw)
  const d = denoised(velocityOf(draw, 'fake'), z, draw.r).sub(denoised(draw.teacher, z, draw.r))
  return meanProduct(d, d)
}

/** `|sg[x] - D_fake|^2 + |D_phi - D_fake|^2` at `z_r`: the fake's best is the mean of both. arXiv:2406.04103 */
export const momentFake: Loss = draw => {
  const { error, r, teacher } = draw
  const { x, z } = bridged(draw)
  const fake = denoised(velocityOf(draw, 'fake'), z, r)
  return error(fake, stopGradient(x)).add(error(fake, stopGradient(denoised(teacher, z, r))))
}
