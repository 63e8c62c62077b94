import type { RecipeName } from '../../../config/recipes.ts'
import { objectives } from '../../../objective/index.ts'
import { trainedBy } from '../../example/trained-by.ts'
import { fileOfPlan, isUntouched, type Plan, type Stage, stepsOf } from '../../plan.ts'
import { shortName } from './target-points.ts'

export const targetName = ({ target }: Plan): string =>
  target.kind === 'built-in' ? shortName(target.name) : target.kind === 'density' ? 'drawing' : target.name

const lastStage = (plan: Plan): Stage => (isUntouched(plan) ? trainedBy : plan).stages.at(-1)!

/** What trainings by a recipe are called. */
const RECIPES: Readonly<Record<RecipeName, string>> = { 'one-step': 'One-step' }

/** What a run was trained by last: the recipe, or the objective as the catalogue calls it; and whether towards a reward. */
export function methodOf(plan: Plan): string {
  const { objective, recipe, tilt } = lastStage(plan)
  const name = recipe ? RECIPES[recipe.name] : (objectives.get(objective)?.name ?? objective)
  return `${name}${tilt ? ', tilted' : ''}`
}

/** What a run is called: its method and its target. */
export const runName = (plan: Plan): string => `${methodOf(plan)} on ${targetName(plan)}`

const inWords = (value: number): string => value.toLocaleString('en')

/** How far a run is: its steps, or that it came trained. */
export function progressOf(plan: Plan): string {
  const file = fileOfPlan(plan)
  const steps = stepsOf(plan)
  if (isUntouched(plan)) return 'pretrained example'
  if (file && steps === 0) return file.name
  const isOnExample = plan.start === 'example' && plan.stages.every(({ keep }) => keep)
  return `${isOnExample ? 'example + ' : ''}${inWords(steps)} ${steps === 1 ? 'step' : 'steps'}`
}
