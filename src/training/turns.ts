import { type Config, ConfigError, findObjective } from '../config/index.ts'
import { playersOfRow } from '../config/round.ts'
import { withPresent } from '../config/scheduled-values.ts'
import { addedTo } from './added.ts'
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

/** Updates of some players before they are counted. */
interface Planned extends Pick<TurnPlan, 'trains' | 'terms'> {
  readonly times: number
}

/**
 * The updates of a round in their order. By default one, of all players on all terms. A row with turns has its diagonal
 * term in the first turn that trains the map, and there the learned weight and what is added to it too; the players of what is
 * added take their turns last.
 */
export function roundOf(config: Config): TurnPlan[] {
  const objective = findObjective(config.objective)
  const own = playersOfRow(objective, config.options).map(({ name }) => name)
  const weight = config.loss.learned ? [WEIGHT] : []
  const added = addedTo(config)
  const { turns } = objective
  const alone = turns !== undefined || added.length > 0
  const first = turns?.(config.options as never).findIndex(({ trains }) => trains.includes(MAP)) ?? 0
  const planned: readonly Planned[] = turns
    ? turns(config.options as never).map(({ trains, times = 1 }, i) => {
        const parts: Term['parts'] = present =>
          turns(withPresent(config.options, 'options', present) as never)[i].parts
        const diagonal = i === first ? termsOf(config).filter(({ name }) => name === 'diagonal') : []
        const own = parts({}).length > 0 ? consistencyTerm(config, objective, parts) : undefined
        // Weights are of terms against each other: a player that trains alone has one.
        const term = own && (trains.includes(MAP) ? own : { ...own, weight: 1 })
        const count = (trains.length === 1 && config.players[trains[0]]?.times) || times
        return { trains, times: count, terms: [...diagonal, ...(term ? [term] : [])] }
      })
    : [{ trains: [MAP, ...own], times: 1, terms: termsOf(config) }]
  const all = planned.map((turn, i) =>
    i === first
      ? {
          ...turn,
          trains: [...turn.trains, ...weight],
          terms: [...turn.terms, ...added.map(({ term }) => term)],
        }
      : turn,
  )
  const last = added.map(({ player, times, turn }) => ({ trains: [player], times, terms: [turn] }))
  return [...all, ...last].flatMap(({ trains, times, terms }, i) =>
    Array.from({ length: times }, (_, k) => ({
      key: alone ? `turn${i}.${k}` : '',
      trains,
      terms,
      isFirst: k === 0,
      alone,
    })),
  )
}

/**
 * A round while some players are paused: turns train the others, and those that train nobody else are left out. What a paused
 * player is made of stays as it is.
 *
 * @throws ConfigError for a name that no turn trains, or where nobody is left
 */
export function withoutPaused(round: readonly TurnPlan[], paused: readonly string[]): TurnPlan[] {
  const trained = new Set(round.flatMap(({ trains }) => trains))
  const unknown = paused.find(name => !trained.has(name))
  if (unknown !== undefined) {
    throw new ConfigError(`paused: expected one of ${[...trained].join(', ')}, found "${unknown}"`)
  }
  const rest = round.flatMap(turn => {
    const trains = turn.trains.filter(name => !paused.includes(name))
    return trains.length > 0 ? [{ ...turn, trains }] : []
  })
  if (rest.length === 0) throw new ConfigError(`paused: ${[...trained].join(' and ')} cannot all be paused`)
  return rest
}
