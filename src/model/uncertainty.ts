import { concat } from '../autodiff/index.ts'
import { embeddings } from './embedding.ts'
import type { Network } from './network.ts'

/** Frequencies of each of the two times. */
const FREQUENCIES = 8

/**
 * The logarithm `u(s,t)` of a loss's size, for a weight that is learned: the loss `exp(-u) l + u` is least at
 * `u = log E[l | s,t]`, so every time contributes alike. Karras et al. 2024 (EDM2), arXiv:2312.02696, section 2.
 *
 * A linear layer on the embedded times, zero at first: `[B, 1]` and `[B, 1]` to `[B, 1]`, whatever the points are.
 */
export const uncertaintyNetwork: Network = {
  parameters: { weight: { shape: [4 * FREQUENCIES, 1] }, bias: { shape: [1] } },
  initialize: () => ({ weight: new Float32Array(4 * FREQUENCIES), bias: new Float32Array(1) }),
  apply:
    ({ weight, bias }) =>
    (_, s, t) =>
      concat([s, t].map(time => embeddings.fourier(time, FREQUENCIES)))
        .matmul(weight)
        .add(bias),
}
