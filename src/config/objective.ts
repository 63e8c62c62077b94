import { nearest } from '../data/suggest.ts'
import { type Objective, objectives } from '../objective/index.ts'
import { ConfigError } from './error.ts'

/** @throws ConfigError when there is no objective of that id */
export function findObjective(id: string): Objective {
  const objective = objectives.get(id)
  if (objective) return objective
  const near = nearest(id, [...objectives.keys()])
  throw new ConfigError(
    `objective: unknown objective "${id}"${near ? ` (did you mean ${near}?)` : ''}; known: ${[...objectives.keys()].join(', ')}`,
  )
}
