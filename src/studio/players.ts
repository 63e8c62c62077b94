import type { Config } from '../config/index.ts'
import { playersIn } from '../config/round.ts'
import type { Player } from '../objective/index.ts'
import { MAP } from '../training/networks.ts'
import type { Term } from '../training/terms.ts'
import { roundOf } from '../training/turns.ts'

/** Somebody who trains, the map among them. */
export interface PlayerShown extends Pick<Player, 'name' | 'learns' | 'says'> {
  readonly title: string
  /** Updates in a round. */
  readonly turns: number
  /** Names of the losses of its turns, and of what else is measured there. */
  readonly losses: readonly string[]
  readonly measures: readonly string[]
}

const map: Omit<Player, 'network'> = { name: MAP, learns: 'to turn noise into data' }

/** Who trains, the map first; nobody where it trains alone. */
export function playersShown(config: Config): PlayerShown[] {
  const others = playersIn(config)
  if (others.length === 0) return []
  const round = roundOf(config)
  return [map, ...others].map(({ name, title = name, learns, says }) => {
    const turns = round.filter(({ trains }) => trains.includes(name))
    const parts = turns
      .filter(({ isFirst }) => isFirst)
      .flatMap(({ terms }) => terms.flatMap(({ parts }) => parts({})))
    return {
      name,
      title,
      learns,
      ...(says && { says }),
      turns: turns.length,
      losses: parts.map(part => part.name),
      measures: parts.flatMap(({ measures = {} }) => Object.keys(measures)),
    }
  })
}

/** What moves the map's samples, with the term that it is a part of and the names of what is measured there. */
export interface DriftShown {
  readonly term: Term
  readonly says: string
  readonly measures: readonly string[]
}

/** Of a training that says so. */
export function driftOf(config: Config): DriftShown | undefined {
  const found = roundOf(config).flatMap(({ terms }) =>
    terms.flatMap(term =>
      term
        .parts({})
        .flatMap(({ drift, measures = {} }) =>
          drift ? [{ term, says: drift.says, measures: Object.keys(measures) }] : [],
        ),
    ),
  )
  return found.at(0)
}
