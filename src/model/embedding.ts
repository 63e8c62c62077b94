import { concat, constant, type Tensor } from '../autodiff/index.ts'

/** How a network is shown its two times: `[B, 1]` each. `late` says that one of its last layers asks. */
export const conditionings = {
  's,t': (s: Tensor, t: Tensor): Tensor[] => [s, t],
  's,s-t': (s: Tensor, t: Tensor): Tensor[] => [s, s.sub(t)],
  's-t': (s: Tensor, t: Tensor): Tensor[] => [s.sub(t)],
  /** A velocity network: its jump is Euler's step. */
  s: (s: Tensor): Tensor[] => [s],
  /** The first layers see `s`, the last ones `t` (Decoupled MeanFlow, Lee et al. 2025, arXiv:2510.24474). */
  decoupled: (s: Tensor, t: Tensor, late = false): Tensor[] => [late ? t : s],
} as const

export type Conditioning = keyof typeof conditionings

/** Number of times that a conditioning shows to one layer. */
export const timeCount = (conditioning: Conditioning): number => conditioning.split(',').length

/** `[sin(2^k pi t)]_k, [cos(2^k pi t)]_k` for `k = 0 .. frequencies-1`: `[B, 1]` to `[B, 2 frequencies]`. */
function fourier(t: Tensor, frequencies: number): Tensor {
  const scales = Array.from({ length: frequencies }, (_, k) => 2 ** k * Math.PI)
  const angles = t.mul(constant(scales, [1, frequencies], t.dtype))
  return concat([angles.sin(), angles.cos()])
}

/** How a time becomes features. */
export const embeddings = {
  fourier,
  raw: (t: Tensor, _frequencies: number): Tensor => t,
} as const

export type EmbeddingName = keyof typeof embeddings

/** Number of features of one embedded time. */
export const embeddingSize = (embedding: EmbeddingName, frequencies: number): number =>
  embedding === 'raw' ? 1 : 2 * frequencies
