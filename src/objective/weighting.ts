import { constant, type Operand, type Tensor } from '../autodiff/index.ts'
import { coefficientsOf, type Interpolant, wronskian } from '../model/index.ts'

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
export function minSnr(path: Interpolant, s: Tensor, gamma: number): Tensor {
  const at = coefficientsOf(path, s)
  // min(SNR, gamma) sigma^2, without dividing by sigma.
  const snr = at.alpha.square().minimum(at.sigma.square().mul(gamma))
  return snr.div(wronskian(at).square())
}
