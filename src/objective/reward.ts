import { z } from 'zod'
import { constant, type Tensor } from '../autodiff/index.ts'
import { squaredNorm } from './loss.ts'

/** A reward of data points: `[B, ...D]` to `[B, 1, ...]`. */
export type Reward = (x: Tensor) => Tensor

/** Rewards that a configuration can name. */
export const rewardSchema = z.strictObject({
  kind: z.enum(['gaussian']).default('gaussian'),
  /** One number for each coordinate, or one for all. */
  center: z.union([z.number(), z.array(z.number()).min(1)]).default(0),
  scale: z.number().positive().default(1),
})

export type RewardConfig = z.infer<typeof rewardSchema>

/**
 * `r(x) = exp(-|x - center|^2 / (2 scale^2))`, 1 at the centre and 0 far away.
 *
 * @throws GraphError when the centre has another number of coordinates than the points
 */
export function rewardOf({ center, scale }: RewardConfig): Reward {
  return x => {
    const at = typeof center === 'number' ? center : constant(center, [1, ...x.shape.slice(1)], x.dtype)
    return squaredNorm(x.sub(at), 'sum', true)
      .mul(-0.5 / scale ** 2)
      .exp()
  }
}
