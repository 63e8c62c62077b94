import { type Objective, objectives, type Player, players, type Turn } from '../objective/index.ts'
import type { Config } from './schema.ts'

type Asked = Pick<Config, 'objective' | 'options' | 'adversarial' | 'matching'>

/** The players of an objective beside the map, under some options of it. */
export const playersOfRow = ({ players = [] }: Objective, options: unknown): readonly Player[] =>
  typeof players === 'function' ? players(options as never) : players

/** The networks that train beside the map in a run: those of its objective, and of what is added to it. */
export const playersIn = ({ objective, options, adversarial, matching }: Asked): readonly Player[] => [
  ...playersOfRow(objectives.get(objective)!, options),
  ...(adversarial ? [players.critic] : []),
  ...(matching ? [players.fake] : []),
]

/** Names of players that have turns of their own in a run. */
export const playersWithTurns = ({ objective, options, adversarial, matching }: Asked): string[] => {
  const turns: readonly Turn[] = objectives.get(objective)!.turns?.(options as never) ?? []
  return [
    ...turns.flatMap(({ trains }) => (trains.length === 1 ? trains : [])),
    ...(adversarial ? [players.critic.name] : []),
    ...(matching ? [players.fake.name] : []),
  ]
}

/** Whether a round of a run is more than one update. */
export const hasTurns = ({ objective, adversarial, matching }: Asked): boolean =>
  objectives.get(objective)!.turns !== undefined || adversarial !== null || matching !== null
