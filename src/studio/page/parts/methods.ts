import { type Objective, objectives, type Rule } from '../../../objective/index.ts'
import type { Plan } from '../../plan.ts'
import { refusalOf } from '../../trainable.ts'
import { datasetOf } from './target-points.ts'

export const RULES: readonly (readonly [Rule, string])[] = [
  ['compositional', 'Semigroup: two jumps are one'],
  ['lagrangian', 'Lagrangian: the end moves with the velocity'],
  ['eulerian', 'Eulerian: every start has the same end'],
  ['distributional', 'Distribution only: what comes out, not where from'],
  ['diagonal', 'Velocity only'],
]

/** What is offered first: the recipe, and one method of each rule. */
export const CARDS = [
  {
    value: 'recipe:one-step',
    title: 'Make it one-step',
    words: 'Learns the velocity first, then one jump. Recommended.',
  },
  { value: 'psd', title: 'Semigroup', words: 'Two jumps are one. As in shortcut models.' },
  { value: 'lsd', title: 'Lagrangian', words: 'The end moves with the velocity.' },
  {
    value: 'meanflow',
    title: 'Eulerian',
    words: 'Every start on a path has the same end. As in MeanFlow and consistency models.',
  },
] as const

/** What the choice of a recipe is called among the methods. */
export const recipeValue = (name: string): string => `recipe:${name}`

/** Why each method cannot be next, in a few words. */
export type Refusals = ReadonlyMap<string, string | null>

/** What a method's refusal goes by; a training's steps do not change it. */
const keyOf = ({ stages, ...rest }: Plan): string =>
  JSON.stringify({ ...rest, stages: stages.map(({ objective, steps }) => [objective, steps > 0]) })

const known = new Map<string, Refusals>()
/** Plans whose refusals are kept. */
const KEPT = 8

export function refusalsOf(plan: Plan): Refusals {
  const key = keyOf(plan)
  const before = known.get(key)
  if (before) return before
  const dataset = datasetOf(plan.target)
  const refusals = new Map([...objectives.keys()].map(id => [id, refusalOf(plan, id, dataset)]))
  for (const { value } of CARDS) {
    if (value.startsWith('recipe:')) refusals.set(value, plan.condition ? 'not with classes' : null)
  }
  known.set(key, refusals)
  if (known.size > KEPT) known.delete(known.keys().next().value!)
  return refusals
}

/** Methods that are called by some words, by their names or their paper. */
export const methodsBy = (words: string): Objective[] =>
  [...objectives.values()].filter(({ id, name, paper }) =>
    `${id} ${name} ${paper}`.toLowerCase().includes(words.trim().toLowerCase()),
  )
