import { nearest } from '../data/suggest.ts'
import { aliases, type Objective, objectives, ownId } from '../objective/index.ts'
import { ConfigError } from './error.ts'

/** By its id, or by its name in curved spaces. @throws ConfigError when there is none */
export function findObjective(id: string): Objective {
  const objective = objectives.get(ownId(id))
  if (objective) return objective
  const near = nearest(id, [...objectives.keys(), ...Object.keys(aliases)])
  throw new ConfigError(
    `objective: unknown objective "${id}"${near ? ` (did you mean ${near}?)` : ''}; known: ${[...objectives.keys()].join(', ')}`,
  )
}
