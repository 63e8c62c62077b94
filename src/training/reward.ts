import { type Config, ConfigError } from '../config/index.ts'
import { show } from '../data/show.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { type RewardConfig, rewardMisfit, seenReward } from '../objective/reward.ts'

type Options = Config['options']

const rewardIn = (options: Options): RewardConfig | undefined => options.reward as RewardConfig | undefined

/** @throws ConfigError when a reward has another number of coordinates than the data */
export function checkReward({ options, diagonal }: Config, { name, shape }: StandardizedDataset): void {
  for (const [key, block] of Object.entries({ options, 'diagonal.options': diagonal.options })) {
    const reward = rewardIn(block)
    const wrong = reward && rewardMisfit(reward, shape)
    if (!wrong) continue
    const { key: part, expected, beside = '', found } = wrong
    const what = typeof found === 'string' ? found : show(found)
    throw new ConfigError(`${key}.reward.${part}: expected ${expected} for ${name}${beside}; found ${what}`)
  }
}

function seenOptions(options: Options, by: NonNullable<StandardizedDataset['standardization']>): Options {
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
