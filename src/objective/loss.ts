import { stopGradient, type Tensor } from '../autodiff/index.ts'
import type { FlowMap, Path, VelocityField } from '../model/index.ts'

/** Size of a residual, one number per sample: `[B, ...D]` twice to `[B]`. */
export type ErrorFunction = (prediction: Tensor, target: Tensor) => Tensor

/** What an objective's formula may use. Times are `[B, 1, ...]`, so that they broadcast against points `[B, ...D]`. */
export interface Draw {
  /** The student. */
  readonly map: FlowMap
  /** `theta-`: the student's parameters averaged over training, or its present ones; never differentiated. */
  readonly target: FlowMap
  /** A pretrained or exact velocity. Throws when it is asked and the run has none. */
  readonly teacher: VelocityField
  readonly path: Path
  /** Source time, target time and a time between them: `t <= m <= s`. */
  readonly s: Tensor
  readonly t: Tensor
  readonly m: Tensor
  readonly error: ErrorFunction
}

/**
 * An objective: the loss of each sample, `[B]`. Where gradients stop is part of the formula; weighting, the batch's
 * division and the mean are the trainer's.
 */
export type Loss = (draw: Draw) => Tensor

/** `|r|^2` of each sample, summed or averaged over coordinates. */
function squaredNorm(r: Tensor, norm: 'sum' | 'mean'): Tensor {
  const axes = r.shape.flatMap((_, i) => (i === 0 ? [] : [i]))
  return norm === 'sum' ? r.square().sum(axes) : r.square().mean(axes)
}

/** The mean of `r^2` over coordinates. */
export const squaredError: ErrorFunction = (a, b) => squaredNorm(a.sub(b), 'mean')

/** `sqrt(|r|^2 + c^2) - c`, `|r|^2` summed over coordinates. Song & Dhariwal 2024, arXiv:2310.14189. */
export const pseudoHuber =
  (c: number, norm: 'sum' | 'mean' = 'sum'): ErrorFunction =>
  (a, b) =>
    squaredNorm(a.sub(b), norm)
      .add(c * c)
      .sqrt()
      .sub(c)

/** `log(1 + |r|^2/c^2)`, `|r|^2` summed over coordinates. */
export const cauchy =
  (c: number, norm: 'sum' | 'mean' = 'sum'): ErrorFunction =>
  (a, b) =>
    squaredNorm(a.sub(b), norm)
      .div(c * c)
      .add(1)
      .log()

/** Multiplies an error by `sg[1 / (|r|^2 + c)^p]`. Geng et al. 2025 (MeanFlow), arXiv:2505.13447, eq. 22. */
export const adaptive =
  (error: ErrorFunction, p: number, c: number, norm: 'sum' | 'mean' = 'mean'): ErrorFunction =>
  (a, b) =>
    error(a, b).mul(stopGradient(squaredNorm(a.sub(b), norm).add(c).pow(-p)))
