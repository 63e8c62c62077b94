import type { SeenDataset } from '../data/standardized.ts'
import type { Standardization } from '../model/index.ts'
import type { RewardConfig } from '../objective/reward.ts'
import { type Config, ConfigError } from './config.ts'

type Options = Config['options']

const rewardIn = (options: Options): RewardConfig | undefined => options.reward as RewardConfig | undefined

/** One number of each column. */
const perColumn = (value: number | readonly number[], columns: number): number[] =>
  typeof value === 'number' ? new Array<number>(columns).fill(value) : [...value]

/** @throws ConfigError when a reward has another number of coordinates than the data */
export function checkReward({ options, diagonal }: Config, { name, dimension }: SeenDataset): void {
  for (const [key, block] of Object.entries({ options, 'diagonal.options': diagonal.options })) {
    for (const [part, value] of Object.entries(rewardIn(block) ?? {})) {
      if (Array.isArray(value) && value.length !== dimension) {
        throw new ConfigError(
          `${key}.reward.${part}: expected ${dimension} numbers for ${name}, or one for all; found ${value.length}`,
        )
      }
    }
  }
}

function seenOptions(options: Options, { shift, scale }: Standardization): Options {
  const reward = rewardIn(options)
  if (!reward) return options
  const columns = shift.length
  const center = perColumn(reward.center, columns).map((value, i) => (value - shift[i]) / scale[i])
  const width = perColumn(reward.scale, columns).map((value, i) => value / scale[i])
  return { ...options, reward: { ...reward, center, scale: width } }
}

/** A configuration whose rewards, which a user gives in the data's own units, are of the points that the network sees. */
export function withSeenRewards(config: Config, { standardization: by }: SeenDataset): Config {
  if (!by) return config
  const { options, diagonal } = config
  return {
    ...config,
    options: seenOptions(options, by),
    diagonal: { ...diagonal, options: seenOptions(diagonal.options, by) },
  }
}
