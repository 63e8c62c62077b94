import type { Check } from './check.ts'
import { playersIn } from './round.ts'
import type { Config } from './schema.ts'

type Asked = Pick<Config, 'players'>

/** Rounds at the beginning of a training in which some players train alone. */
export const aloneRounds = ({ players }: Asked): number =>
  Math.max(0, ...Object.values(players).map(({ alone = 0 }) => alone))

/** Whether a player stands still in those. */
export const waits = (config: Asked, name: string): boolean =>
  aloneRounds(config) > 0 && !config.players[name]?.alone

/** Name of the number of a step that is 1 where everybody trains and 0 where some wait. */
export const TOGETHER = 'together'

/** @param step  counted from 1 */
export const togetherAt = (config: Asked, step: number): number => (step > aloneRounds(config) ? 1 : 0)

/** Rounds that a waiting player has stood still before a step. */
export const waited = (config: Asked, name: string, step: number): number =>
  waits(config, name) ? Math.min(step - 1, aloneRounds(config)) : 0

/** Where nobody is left to wait, or nothing of a training is left for those who do. */
export const aloneChecks: readonly Check[] = [
  (config, { id }) => {
    const everybody = ['map', ...playersIn(config).map(({ name }) => name)]
    const [named] = Object.entries(config.players).find(([, { alone = 0 }]) => alone > 0) ?? []
    if (named === undefined) return false
    const rounds = aloneRounds(config)
    if (everybody.every(name => !waits(config, name))) {
      return `players.${named}.alone: no network of ${id} is left to wait; remove the key for one of ${everybody.join(', ')}`
    }
    return (
      config.steps > 0 &&
      rounds >= config.steps &&
      `players.${named}.alone: expected fewer rounds than the training's ${config.steps}, found ${rounds}`
    )
  },
]
