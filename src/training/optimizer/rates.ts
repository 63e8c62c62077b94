import type { Config } from '../../config/index.ts'
import { optimizers } from './optimizers.ts'

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
export const RATES = 4

/**
 * Writes `a`, `e`, the learning rate and `root`; see `Moments`.
 *
 * @param step  of the training, counted from 1, which the schedule goes by
 * @param update  of this network, counted from 1, which the moments go by
 */
export function writeRates(config: Config, step: number, out: Float32Array, update = step): void {
  const rate = learningRate(config, step)
  const { a, e, root } = optimizers[config.optimizer.name].moments(config.optimizer, rate, update)
  out.set([a, e, rate, root])
}
