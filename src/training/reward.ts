import { type Config, ConfigError } from '../config/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { Standardization } from '../model/index.ts'
import type { RewardConfig } from '../objective/reward.ts'

type Options = Config['options']

const rewardIn = (options: Options): RewardConfig | undefined => options.reward as RewardConfig | undefined

/** One number of each column. */
const perColumn = (value: number | readonly number[], columns: number): readonly number[] =>
  typeof value === 'number' ? new Array<number>(columns).fill(value) : value

/** Lists of numbers that have one for each column, by their keys. */
function columnLists(reward: RewardConfig): Record<string, number | readonly number[]> {
  const { scale } = reward
  return reward.kind === 'gaussian' ? { center: reward.center, scale } : { centers: reward.centers[0], scale }
}

/** @throws ConfigError when a reward has another number of coordinates than the data */
export function checkReward({ options, diagonal }: Config, { name, dimension }: StandardizedDataset): void {
  for (const [key, block] of Object.entries({ options, 'diagonal.options': diagonal.options })) {
    const reward = rewardIn(block)
    for (const [part, value] of Object.entries(reward ? columnLists(reward) : {})) {
      if (typeof value === 'number' || value.length === dimension) continue
      const expected =
        part === 'centers'
          ? `centres of ${dimension} numbers for ${name}`
          : `${dimension} numbers for ${name}, or one for all`
      throw new ConfigError(`${key}.reward.${part}: expected ${expected}; found ${value.length}`)
    }
  }
}

/** A reward of data as the reward of what is seen of it. */
function seenReward(reward: RewardConfig, { shift, scale: by }: Standardization): RewardConfig {
  // A constant column has no scale, and no reward changes it.
  const unit = (i: number): number => by[i] || 1
  const place = (center: number | readonly number[]) =>
    perColumn(center, shift.length).map((value, i) => (value - shift[i]) / unit(i))
  const scale = perColumn(reward.scale, shift.length).map((value, i) => value / unit(i))
  return reward.kind === 'gaussian'
    ? { ...reward, center: place(reward.center), scale }
    : { ...reward, centers: reward.centers.map(place), scale }
}

function seenOptions(options: Options, by: Standardization): Options {
  const reward = rewardIn(options)
  return reward ? { ...options, reward: seenReward(reward, by) } : options
}

/** A configuration whose rewards, which a user gives in the data's own units, are of the points that the network sees. */
export function withSeenRewards(config: Config, { standardization: by }: StandardizedDataset): Config {
  if (!by) return config
  const { options, diagonal } = config
  return {
    ...config,
    options: seenOptions(options, by),
    diagonal: { ...diagonal, options: seenOptions(diagonal.options, by) },
  }
}
