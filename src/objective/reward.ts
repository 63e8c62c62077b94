import { z } from 'zod'
import type { Standardization } from '../model/index.ts'
import { gaussian } from './rewards/gaussian.ts'
import { gaussians } from './rewards/gaussians.ts'
import type { Box, Misfit, Reward, RewardKind } from './rewards/kind.ts'
import { linear } from './rewards/linear.ts'
import { observation } from './rewards/observation.ts'
import { quadratic } from './rewards/quadratic.ts'

export type { Reward }

/** Every kind but `negative`, which is of another one. */
const kinds = { gaussian, gaussians, quadratic, linear, observation } as const

type Positive = {
  readonly [kind in keyof typeof kinds]: z.infer<(typeof kinds)[kind]['schema']>
}[keyof typeof kinds]

/** A reward as a configuration names it. */
export type RewardConfig = Positive | { readonly kind: 'negative'; readonly of: RewardConfig }

const negativeSchema = z.strictObject({
  kind: z.literal('negative'),
  /** The reward that this one is the opposite of. */
  get of(): z.ZodType<RewardConfig> {
    return rewardSchema
  },
})

/** Rewards that a configuration can name. */
export const rewardSchema: z.ZodType<RewardConfig> = z.discriminatedUnion(
  'kind',
  [gaussian.schema, gaussians.schema, quadratic.schema, linear.schema, observation.schema, negativeSchema],
  { error: `expected one of ${[...Object.keys(kinds), 'negative'].join(', ')}` },
)

/** The kind of a reward that is no other's opposite. */
export const kindOf = (reward: Positive): RewardKind<Positive> =>
  kinds[reward.kind] as unknown as RewardKind<Positive>

/** A reward without its signs, and these multiplied. */
export function withoutSigns(reward: RewardConfig): { readonly sign: 1 | -1; readonly plain: Positive } {
  if (reward.kind !== 'negative') return { sign: 1, plain: reward }
  const { sign, plain } = withoutSigns(reward.of)
  return { sign: sign === 1 ? -1 : 1, plain }
}

/**
 * A reward as a graph.
 *
 * @throws GraphError when it has another number of coordinates than the points; see `rewardMisfit`
 */
export function rewardOf(reward: RewardConfig): Reward {
  const { sign, plain } = withoutSigns(reward)
  const positive = kindOf(plain).graph(plain)
  return sign === 1 ? positive : x => positive(x).neg()
}

/** What of a reward does not go with points of a shape. */
export function rewardMisfit(reward: RewardConfig, shape: readonly number[]): Misfit | undefined {
  if (reward.kind !== 'negative') return kindOf(reward).misfit(reward, shape)
  const wrong = rewardMisfit(reward.of, shape)
  return wrong && { ...wrong, key: `of.${wrong.key}` }
}

/** A reward of data, in its own units, as the reward of what a network sees of it. */
export const seenReward = (reward: RewardConfig, by: Standardization): RewardConfig =>
  reward.kind === 'negative' ? { ...reward, of: seenReward(reward.of, by) } : kindOf(reward).seen(reward, by)

/** What a reward is never below and never above in a box of points; infinite where nothing is known. */
export function rewardBounds(reward: RewardConfig, box: Box): readonly [low: number, high: number] {
  if (reward.kind !== 'negative') return kindOf(reward).bounds(reward, box)
  const [low, high] = rewardBounds(reward.of, box)
  return [-high, -low]
}
