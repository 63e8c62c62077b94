import { difference, differences } from '../config/difference.ts'
import { type Config, ConfigError, merge, resolveConfig, type UserConfig } from '../config/index.ts'
import { show } from '../data/show.ts'
import type { Checkpoint } from '../serialization/checkpoint.ts'
import { paths, type ReadRecord, RunError } from '../serialization/run.ts'

/** Changed keys that are named. */
const LISTED = 4

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
  const changed = differences(without(recorded, RESUMABLE), without(asked, RESUMABLE))
  if (changed.length === 0) return asked
  const shown = changed.slice(0, LISTED)
  const more = changed.length > LISTED ? `, and ${changed.length - LISTED} more` : ''
  const listed = (values: readonly unknown[]) => values.map(show).join(' / ')
  throw new ConfigError(
    `${shown.map(([key]) => key).join(', ')}${more}: cannot change when a run is resumed ` +
      `(recorded ${listed(shown.map(([, was]) => was))}, asked ${listed(shown.map(([, , is]) => is))}); ` +
      `only ${[...RESUMABLE].join(', ')} can`,
  )
}

const without = (record: unknown, keys: ReadonlySet<string>): unknown =>
  Object.fromEntries(Object.entries(record as object).filter(([key]) => !keys.has(key)))

/**
 * Compares the record of a run with what its checkpoint was trained with.
 *
 * @returns what was changed by hand and may be, in a line each
 * @throws RunError when `config.json` was changed otherwise, naming the key and both values where the checkpoint knows them
 */
export function checkUnchanged(
  directory: string,
  { intact, config, data }: ReadRecord,
  before: Checkpoint['record'],
): string[] {
  if (intact) return []
  const file = paths(directory).config
  const restore = 'put it back, or train into another --out'
  const changed = (key: string, was: unknown, is: unknown) =>
    `${file}: ${key} was changed from ${show(was)} to ${show(is)}`
  const found =
    before &&
    (difference(without(before.config, RESUMABLE), without(config, RESUMABLE)) ??
      difference(before.data, data, 'data'))
  if (found)
    throw new RunError(`${changed(...found)}, and a run cannot change when it is resumed; ${restore}`)
  const allowed = before && difference(before.config, config)
  if (allowed) return intact === false ? [changed(...allowed)] : []
  // What it was is not known; a file of version 0.1.0 does not even tell that it was changed.
  if (intact === false && !before) throw new RunError(`${file}: was changed since it was written; ${restore}`)
  return []
}
