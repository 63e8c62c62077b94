import type { Tensor } from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'
import { LEFT, type PresentValues } from '../config/scheduled-values.ts'
import { type Interpolant, interpolants, type Space } from '../model/index.ts'
import {
  adaptive,
  cauchy,
  type ErrorFunction,
  meanSquare,
  minSnr,
  progressiveGap,
  pseudoHuber,
} from '../objective/index.ts'

/** How a configuration measures residuals while it trains. */
export function errorOf({ loss: { kind, c, adaptive: weighting } }: Config, space: Space): ErrorFunction {
  const error = {
    mse: meanSquare(space),
    'pseudo-huber': pseudoHuber(c, 'sum', space),
    cauchy: cauchy(c, 'sum', space),
  }[kind]
  return weighting ? adaptive(error, weighting.p, weighting.c, 'mean', space) : error
}

/** Weighs the losses `[B]` of samples at times `[B, 1]`; one time twice is no jump. */
export type SampleWeight = (losses: Tensor, s: Tensor, t: Tensor) => Tensor

/** One number for each sample: `[B, 1]` to `[B]`. */
const perSample = (x: Tensor): Tensor => x.reshape([x.shape[0]])

/**
 * The weights over times of a configuration, or nothing. The learned one comes last: it sees what the others left.
 *
 * @param logSize  the learned `u(s,t)`, `[B, 1]`
 */
export function weightOf(
  { loss, interpolant }: Config,
  present: PresentValues,
  logSize?: (s: Tensor, t: Tensor) => Tensor,
): SampleWeight | undefined {
  const path: Interpolant = interpolants[interpolant]
  const { minSnr: gamma, gapWeight: lambda } = loss
  const steps: SampleWeight[] = []
  if (gamma !== null) steps.push((losses, s) => losses.mul(perSample(minSnr(path, s, gamma))))
  if (lambda !== null) {
    steps.push((losses, s, t) =>
      s === t ? losses : losses.mul(perSample(progressiveGap(s.sub(t), present[LEFT], lambda))),
    )
  }
  if (logSize) {
    steps.push((losses, s, t) => {
      const u = perSample(logSize(s, t))
      return losses.mul(u.neg().exp()).add(u)
    })
  }
  if (steps.length === 0) return undefined
  return (losses, s, t) => steps.reduce((weighed, step) => step(weighed, s, t), losses)
}
