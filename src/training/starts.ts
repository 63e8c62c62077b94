import { type Config, ConfigError } from '../config/index.ts'
import { playersIn } from '../config/round.ts'
import type { Dataset } from '../data/dataset.ts'
import { flattenArrays } from '../model/index.ts'
import { openedAs, openInitial } from './initial.ts'
import type { Starts } from './initial-parameters.ts'
import { MAP } from './networks.ts'

/** What a player may begin with, by the key that names its run. */
const KEYS = { teacher: 'teacher', map: 'initFrom' } as const

/**
 * The parameters that the networks of a run begin with from other runs: the map from that of `initFrom`, a player from its `start`.
 *
 * @returns by name, without those that are drawn
 * @throws ConfigError when there is no such run, or its network, path or data does not fit
 */
export function openStarts(config: Config, dataset: Dataset): Starts {
  const initial = openInitial(config, dataset)
  const others = playersIn(config).flatMap(({ name, keys, isUntold }) => {
    const { start = 'random' } = config.players[name] ?? {}
    if (start === 'random') return []
    const key = `players.${name}.start`
    const run = config[KEYS[start]]
    if (run === null) {
      throw new ConfigError(`${key}: ${start} is the run of ${KEYS[start]}, and there is none; name one`)
    }
    if (run === 'exact') {
      throw new ConfigError(
        `${key}: the exact teacher is a closed form without parameters; use random, or train a teacher with --objective flow-matching`,
      )
    }
    const condition = isUntold ? { ...config.condition, kind: 'none' as const } : config.condition
    const network = keys!(config.network)
    const advice = network.conditioning === 's' ? '; train it with --network.conditioning s' : ''
    const { own, values } = openedAs(key, run, { ...config, condition }, network, dataset, advice)
    return [[name, flattenArrays(own, values)] as const]
  })
  return { ...(initial && { [MAP]: initial }), ...Object.fromEntries(others) }
}
