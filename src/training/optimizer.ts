import type { Tensor } from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'

type Optimizer = Config['optimizer']

/**
 * Decayed sums of the gradient and of its square, flat vectors `[P]`: Adam's moments without their constant factors
 * `1 - beta`, which go into the rates.
 */
export interface Moments {
  readonly first: Tensor
  readonly second: Tensor
}

/** The learning rate at a step counted from 1. */
export function learningRate({ optimizer, schedule, steps }: Config, step: number): number {
  const { kind, warmup, final } = schedule
  const peak = optimizer.learningRate
  if (step <= warmup) return (peak * step) / warmup
  if (kind === 'cosine') {
    const progress = (step - warmup) / Math.max(1, steps - warmup)
    return peak * (final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress))))
  }
  if (kind === 'inverse-sqrt') {
    const from = Math.max(1, warmup)
    return peak * Math.sqrt(from / Math.max(from, step))
  }
  return peak
}

/** What changes from step to step in the update: fed, because it is exact in float64 and not in the graph's float32. */
export const RATES = 3

/**
 * Adam's update with all constants gathered: `a M / (sqrt(V) + e)` for the sums `M` and `V`. Writes `a`, `e` and the
 * learning rate of step `i`, counted from 1.
 */
export function writeRates(config: Config, step: number, out: Float32Array): void {
  const { beta1, beta2, epsilon } = config.optimizer
  const rate = learningRate(config, step)
  const first = (1 - beta1) / (1 - beta1 ** step)
  const second = Math.sqrt((1 - beta2) / (1 - beta2 ** step))
  out[0] = (rate * first) / second
  out[1] = epsilon / second
  out[2] = rate
}

/**
 * One step of Adam (Kingma & Ba 2015, arXiv:1412.6980) or AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) on flat
 * vectors `[P]`.
 *
 * @param rates  `[3]`, from `writeRates`
 */
export function adam(
  { name, beta1, beta2, weightDecay }: Optimizer,
  rates: Tensor,
  parameters: Tensor,
  gradient: Tensor,
  moments: Moments,
): { parameters: Tensor; moments: Moments } {
  const [step, epsilon, rate] = [0, 1, 2].map(i => rates.slice(0, i, i + 1))
  const decayed = name === 'adam' && weightDecay > 0 ? gradient.add(parameters.mul(weightDecay)) : gradient
  const first = moments.first.mul(beta1).add(decayed)
  const second = moments.second.mul(beta2).add(decayed.square())
  const kept =
    name === 'adamw' && weightDecay > 0 ? parameters.sub(parameters.mul(rate.mul(weightDecay))) : parameters
  const update = first.mul(step).div(second.sqrt().add(epsilon))
  return { parameters: kept.sub(update), moments: { first, second } }
}

/** Scales a gradient `[P]` down to the largest allowed norm. */
export function clipByNorm(gradient: Tensor, norm: Tensor, limit: number): Tensor {
  return gradient.mul(norm.add(1e-6).pow(-1).mul(limit).minimum(1))
}
