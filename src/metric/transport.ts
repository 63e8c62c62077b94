import { type Estimate, estimate, meanOf, standardError } from './estimate.ts'

/** What each trajectory does on its way from `x_1` to `x_0`, `[n]` each. */
export interface Transport {
  /** `int_0^1 |v(x_t, t) - (x_1 - x_0)|^2 dt` */
  readonly bends: Float64Array
  /** `|x_1 - x_0|^2` */
  readonly costs: Float64Array
}

const RANGE = [0, Infinity] as const

const meanEstimate = (values: Float64Array): Estimate =>
  estimate(meanOf(values), standardError(values), RANGE)

/** `S = E int |v(x_t, t) - (x_1 - x_0)|^2 dt`, 0 for straight trajectories. Liu, Gong & Liu 2023, arXiv:2209.03003. */
export const straightnessEstimate = ({ bends }: Transport): Estimate => meanEstimate(bends)

/** `E |x_1 - x_0|^2` */
export const transportCostEstimate = ({ costs }: Transport): Estimate => meanEstimate(costs)

/** `S / E |x_1 - x_0|^2`, a ratio of means: the standard error is that of its linear part. */
export function relativeStraightnessEstimate({ bends, costs }: Transport): Estimate {
  const cost = meanOf(costs)
  const value = meanOf(bends) / cost
  const influence = bends.map((bend, i) => (bend - value * costs[i]) / cost)
  return estimate(value, standardError(influence), RANGE)
}
