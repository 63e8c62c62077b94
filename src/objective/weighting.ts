import { constant, jvp, type Operand, onesLike, type Tensor } from '../autodiff/index.ts'
import type { Interpolant } from '../model/index.ts'

/**
 * `beta = 1 - q + lambda q (1 - d)` with the gap `d = s - t` and `q = 1 - i/T`: early in training short jumps count
 * more, at the end all jumps count the same. Kim et al. 2025, arXiv:2511.19065, section 5.
 *
 * @param d  gaps, 0 to 1
 * @param q  part of the training that is left, 1 to 0
 */
export const progressiveGap = (d: Tensor, q: Operand, lambda: number): Tensor => {
  const left = typeof q === 'number' ? constant(q, [], d.dtype) : q
  return d.neg().add(1).mul(left.mul(lambda)).add(left.neg().add(1))
}

/**
 * Min-SNR weight of a velocity's squared error at time `s`. For a prediction of the data the weight is `min(SNR, gamma)`
 * with `SNR = alpha^2/sigma^2`; a velocity's error is a data error times `(alpha' sigma - alpha sigma') / sigma`, which
 * is divided out. Hang et al. 2023, arXiv:2303.09556.
 */
export function minSnr({ alpha, sigma }: Interpolant, s: Tensor, gamma: number): Tensor {
  const [a, da] = jvp(alpha, [s], [onesLike(s)])
  const [b, db] = jvp(sigma, [s], [onesLike(s)])
  // min(SNR, gamma) sigma^2, without dividing by sigma.
  const snr = a.square().minimum(b.square().mul(gamma))
  return snr.div(da.mul(b).sub(a.mul(db)).square())
}
