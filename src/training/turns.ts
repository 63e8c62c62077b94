import { type Config, findObjective } from '../config/index.ts'
import { withPresent } from '../config/scheduled-values.ts'
import { MAP, WEIGHT } from './networks.ts'
import { consistencyTerm, type Term, termsOf } from './terms.ts'

/** One update of some players: what a turn of a round draws and trains. */
export interface TurnPlan {
  /** Of the names of its draws; empty where a round is one turn. */
  readonly key: string
  /** Names of players whose parameters are alive in it. */
  readonly trains: readonly string[]
  readonly terms: readonly Term[]
  /** Whether it is the first of a turn's updates, which the log tells of. */
  readonly isFirst: boolean
  /** Whether the round has other turns. */
  readonly alone: boolean
}

/**
 * The updates of a round in their order. By default one, of all players on all terms. A row with turns has its diagonal
 * term in the first turn that trains the map, and there the learned weight too.
 */
export function roundOf(config: Config): TurnPlan[] {
  const objective = findObjective(config.objective)
  const { players = [], turns } = objective
  const weight = config.loss.learned ? [WEIGHT] : []
  if (!turns) {
    const trains = [MAP, ...players.map(({ name }) => name), ...weight]
    return [{ key: '', trains, terms: termsOf(config), isFirst: true, alone: false }]
  }
  const planned = turns(config.options as never)
  const first = planned.findIndex(({ trains }) => trains.includes(MAP))
  return planned.flatMap(({ trains, times = 1 }, i) => {
    const parts: Term['parts'] = present =>
      turns(withPresent(config.options, 'options', present) as never)[i].parts
    const diagonal = i === first ? termsOf(config).filter(({ name }) => name === 'diagonal') : []
    const own = consistencyTerm(config, objective, parts)
    const count = (trains.length === 1 && config.players[trains[0]]?.times) || times
    return Array.from({ length: count }, (_, k) => ({
      key: `turn${i}.${k}`,
      trains: i === first ? [...trains, ...weight] : trains,
      terms: [...diagonal, ...(own ? [own] : [])],
      isFirst: k === 0,
      alone: true,
    }))
  })
}
