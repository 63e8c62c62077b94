import { z } from 'zod'
import { constant, type Tensor } from '../autodiff/index.ts'
import { squaredNorm } from './loss.ts'

/** A reward of data points: `[B, ...D]` to `[B, 1, ...]`. */
export type Reward = (x: Tensor) => Tensor

const oneOrMany = (number: z.ZodNumber, each: string) =>
  z.union([number, z.array(number).min(1)], { error: `expected ${each}, or one for all` })

/** One number for each coordinate, or one for all. */
const width = oneOrMany(z.number().positive(), 'one positive number for each coordinate').default(1)

const bumpSchema = z.strictObject({
  kind: z.literal('gaussian').default('gaussian'),
  center: oneOrMany(z.number(), 'one number for each coordinate').default(0),
  scale: width,
})

const bumpsSchema = z
  .strictObject({
    kind: z.literal('gaussians'),
    /** One number for each coordinate of each. */
    centers: z.array(z.array(z.number()).min(1)).min(1),
    weights: oneOrMany(z.number(), 'one number for each centre').default(1),
    /** Of all alike. */
    scale: width,
  })
  .refine(({ centers, weights }) => typeof weights === 'number' || weights.length === centers.length, {
    path: ['weights'],
    error: 'expected one number for each centre, or one for all',
  })
  .refine(({ centers: [first, ...others] }) => others.every(({ length }) => length === first.length), {
    path: ['centers'],
    error: 'expected centres of as many numbers each',
  })

/** Rewards that a configuration can name. */
export const rewardSchema = z.discriminatedUnion('kind', [bumpSchema, bumpsSchema], {
  error: 'expected one of gaussian, gaussians',
})

export type RewardConfig = z.infer<typeof rewardSchema>
type Bump = z.infer<typeof bumpSchema>
type Bumps = z.infer<typeof bumpsSchema>

/** `exp(-|(x - center)/scale|^2 / 2)`, 1 at the centre and 0 far away. */
const bump =
  ({ center, scale }: Bump): Reward =>
  x => {
    const [at, width] = [center, scale].map(value =>
      typeof value === 'number' ? value : constant(value, [1, ...x.shape.slice(1)], x.dtype),
    )
    return squaredNorm(x.sub(at).div(width), 'sum', true).mul(-0.5).exp()
  }

/**
 * `sum_k weights_k exp(-|(x - centers_k)/scale|^2 / 2)`. The square of the difference is multiplied out, so that one matrix
 * product does most of the work; points and centres are first moved to the middle of these, where that loses no digits.
 */
const bumps =
  ({ centers, weights, scale }: Bumps): Reward =>
  x => {
    const [batch, ...others] = x.shape
    const count = centers.length
    const widths = centers[0].map((_, d) => (typeof scale === 'number' ? scale : scale[d]))
    const middle = widths.map((_, d) => centers.reduce((sum, center) => sum + center[d], 0) / count)
    const inWidths = centers.map(center => center.map((value, d) => (value - middle[d]) / widths[d]))
    const halfSquares = inWidths.map(c => c.reduce((sum, value) => sum + value * value, 0) / 2)
    const row = (values: readonly number[]) => constant(values, [1, values.length], x.dtype)
    const heights = row(typeof weights === 'number' ? centers.map(() => weights) : weights)
    const c = constant(inWidths.flat(), [count, widths.length], x.dtype)
    const z = x.reshape([batch, widths.length]).sub(row(middle)).div(row(widths))
    const exponents = z
      .matmul(c, { transposeB: true })
      .sub(row(halfSquares))
      .sub(squaredNorm(z, 'sum', true).mul(0.5))
    return exponents
      .exp()
      .matmul(heights, { transposeB: true })
      .reshape([batch, ...others.map(() => 1)])
  }

/**
 * A bump, or a weighted sum of bumps of one width (radial basis functions).
 *
 * @throws GraphError when centres or widths have another number of coordinates than the points
 */
export const rewardOf = (reward: RewardConfig): Reward =>
  reward.kind === 'gaussian' ? bump(reward) : bumps(reward)
