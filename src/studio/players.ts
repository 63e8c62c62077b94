import type { Config } from '../config/index.ts'
import { playersIn } from '../config/round.ts'
import type { Part, Player } from '../objective/index.ts'
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

const movesSamples = ({ drift }: Part): boolean => drift !== undefined

/** The term whose parts say where they move samples, where one does. */
export const driftTerm = (config: Config): Term | undefined =>
  roundOf(config)
    .flatMap(({ terms }) => terms)
    .find(({ parts }) => parts({}).some(movesSamples))

/** What is measured of that, by its name. */
export const driftMeasures = (term: Term): string[] =>
  term
    .parts({})
    .filter(movesSamples)
    .flatMap(({ measures = {} }) => Object.keys(measures))
