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

/** Longest period of `sinusoidal`, over `2 pi`. */
const LONGEST = 10_000

/**
 * `[cos(a t f_k)]_k, [sin(a t f_k)]_k`, `f_k = 10000^(-k/frequencies)`, for `k = 0 .. frequencies-1`: `[B, 1]` to
 * `[B, 2 frequencies]`. Vaswani et al. 2017, arXiv:1706.03762, sec. 3.5, in the order of diffusion models.
 *
 * @param scale  `a`; derivatives by the time grow with it
 */
function sinusoidal(t: Tensor, frequencies: number, scale = 1): Tensor {
  const scales = Array.from({ length: frequencies }, (_, k) => scale * LONGEST ** (-k / frequencies))
  const angles = t.mul(constant(scales, [1, frequencies], t.dtype))
  return concat([angles.cos(), angles.sin()])
}

/** How a time becomes features. */
export const embeddings = {
  fourier,
  sinusoidal,
  raw: (t: Tensor, _frequencies: number): Tensor => t,
} as const

export type EmbeddingName = keyof typeof embeddings

/** Number of features of one embedded time. */
export const embeddingSize = (embedding: EmbeddingName, frequencies: number): number =>
  embedding === 'raw' ? 1 : 2 * frequencies
