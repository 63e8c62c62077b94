import { type Config, ConfigError, merge, resolveConfig, type UserConfig } from './config.ts'

/** Keys that may change when a run is continued. */
const RESUMABLE = new Set(['steps', 'logEvery', 'checkpointEvery', 'chunk', 'log'])

/**
 * The configuration of a continued run: the recorded one with the changes asked for.
 *
 * @throws ConfigError when a change would make it another run
 */
export function resumedConfig(recorded: Config, { seed, ...changes }: UserConfig): Config {
  const seeds = seed === undefined ? {} : { seeds: { data: seed, noise: seed, initialization: seed } }
  const asked = resolveConfig([seeds, changes].reduce<Record<string, unknown>>(merge, recorded))
  for (const key of Object.keys(asked) as (keyof Config)[]) {
    const [before, after] = [recorded[key], asked[key]].map(value => JSON.stringify(value))
    if (before !== after && !RESUMABLE.has(key)) {
      throw new ConfigError(
        `${key}: cannot change when a run is resumed (recorded ${before}, asked ${after}); only ${[...RESUMABLE].join(', ')} can`,
      )
    }
  }
  return asked
}
