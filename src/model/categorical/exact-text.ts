import type { Tensor } from '../../autodiff/index.ts'
import type { VelocityField } from '../flow-map.ts'
import { type Denoiser, exactJump, finiteDenoiser, markovDenoiser } from './exact.ts'
import type { Language } from './language.ts'

/** The exact fields of a language on the path `x_s = (1-s) x0 + s eps`, on rows of points `[B, L K]` with times `[B, 1]`. */
export interface ExactText extends VelocityField {
  /** `D(x,s) = E[x0 | x_s = x]`. */
  denoised(x: Tensor, s: Tensor): Tensor
  /** `F(x,s,t)` for `0 < t <= s` by one step of the classical Runge-Kutta rule in `log t`. */
  step(x: Tensor, s: Tensor, t: Tensor): Tensor
}

/** The velocity is `(x - D)/s`; earlier its numerator is lost in the rounding of 32-bit floats. */
const EARLIEST = 1e-3

/**
 * The exact denoiser and velocity of a language: by its chain where it has one, by its list otherwise. Velocities at times
 * before 0.001 are those of that time.
 *
 * @param shape  of a point, `[L, K]`
 */
export function exactText(language: Language, [L, K]: readonly [number, number]): ExactText {
  const denoiser = language.chain ? markovDenoiser(language.chain) : finiteDenoiser(language.law, K)
  const inRows =
    (of: Denoiser): Denoiser =>
    (x, s) => {
      const [B] = x.shape
      return of(x.reshape([B, L, K]), inCubes(s)).reshape([B, L * K])
    }
  const denoised = inRows(denoiser)
  return {
    denoised,
    velocity(x, t) {
      const s = t.maximum(EARLIEST)
      return x.sub(denoised(x, s)).div(s)
    },
    step: (x, s, t) => inRows((x, s) => exactJump(denoiser, x, s, inCubes(t), 1))(x, s),
  }
}

/** Times `[B, 1]` or `[1, 1]` of points `[B, L, K]`. */
const inCubes = (s: Tensor): Tensor => s.reshape([s.shape[0], 1, 1])
