import { concat, type Tensor } from '../autodiff/index.ts'
import { embeddings } from './embedding.ts'

/** Frequencies of each of the two times. */
const FREQUENCIES = 8

/** Shapes of the parameters of `u(s,t)`: a linear layer on the embedded times. */
export const uncertaintyShapes = { weight: [4 * FREQUENCIES, 1], bias: [1] } as const

/**
 * The logarithm `u(s,t)` of a loss's size, for a weight that is learned: the loss `exp(-u) l + u` is least at
 * `u = log E[l | s,t]`, so every time contributes alike. Karras et al. 2024 (EDM2), arXiv:2312.02696, section 2.
 *
 * @param s  source times `[B, 1]`, as `t`
 * @returns  `[B, 1]`
 */
export function uncertainty(
  { weight, bias }: { weight: Tensor; bias: Tensor },
  s: Tensor,
  t: Tensor,
): Tensor {
  const features = concat([s, t].map(time => embeddings.fourier(time, FREQUENCIES)))
  return features.matmul(weight).add(bias)
}
