import { kindOf, type RewardConfig, withoutSigns } from './reward.ts'
import type { RewardValue } from './rewards/kind.ts'

/**
 * A reward in plain numbers, in double precision: what `rewardOf` is as a graph.
 *
 * @param shape  of a point, or its number of coordinates: by it one number for all of them is understood
 */
export function rewardValue(reward: RewardConfig, shape: number | readonly number[]): RewardValue {
  const { sign, plain } = withoutSigns(reward)
  const positive = kindOf(plain).value(plain, typeof shape === 'number' ? [shape] : shape)
  return sign === 1 ? positive : point => -positive(point)
}
