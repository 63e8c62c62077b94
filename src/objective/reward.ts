import { z } from 'zod'
import { constant, type Tensor } from '../autodiff/index.ts'
import { squaredNorm } from './loss.ts'

/** A reward of data points: `[B, ...D]` to `[B, 1, ...]`. */
export type Reward = (x: Tensor) => Tensor

/** Rewards that a configuration can name. */
export const rewardSchema = z.strictObject({
  kind: z.enum(['gaussian']).default('gaussian'),
  /** One number for each coordinate, or one for all; so is the scale. */
  center: z.union([z.number(), z.array(z.number()).min(1)]).default(0),
  scale: z.union([z.number().positive(), z.array(z.number().positive()).min(1)]).default(1),
})

export type RewardConfig = z.infer<typeof rewardSchema>

/**
 * `r(x) = exp(-|(x - center)/scale|^2 / 2)`, 1 at the centre and 0 far away.
 *
 * @throws GraphError when the centre or the scale has another number of coordinates than the points
 */
export function rewardOf({ center, scale }: RewardConfig): Reward {
  return x => {
    const [at, width] = [center, scale].map(value =>
      typeof value === 'number' ? value : constant(value, [1, ...x.shape.slice(1)], x.dtype),
    )
    return squaredNorm(x.sub(at).div(width), 'sum', true).mul(-0.5).exp()
  }
}
