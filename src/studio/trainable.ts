import type { Dataset } from '../data/dataset.ts'
import { type Objective, objectives } from '../objective/index.ts'
import { energyOfData } from '../training/energy.ts'
import { recipeStages } from './engine/recipe-keys.ts'
import { configOf } from './engine/session.ts'
import { hasExactMap, learnsFromTeacher, teachesMap, teachesVelocity } from './engine/teachers.ts'
import { trainedBy } from './example/trained-by.ts'
import type { Plan, Stage } from './plan.ts'

/** Objectives of the stages that have trained, with the one of the example or the file that they begin with. */
function pastOf({ stages, start }: Plan): Objective[] {
  const taken = stages.filter(({ steps }) => steps > 0)
  const file = typeof start === 'object' && start.objective !== null ? [{ objective: start.objective }] : []
  const begun = start === 'example' ? trainedBy.stages : file
  return [...begun, ...taken].flatMap(({ objective }) => objectives.get(objective) ?? [])
}

/** Why an objective cannot be the next stage of a training, in a few words; nothing when it can. */
export function refusalOf(plan: Plan, id: string, dataset: Dataset): string | null {
  const row = objectives.get(id)!
  const past = pastOf(plan)
  if (row.needs.includes('flow-map-teacher')) {
    if (!hasExactMap(dataset, plan.interpolant) && !past.some(teachesMap)) return 'train a flow map first'
  } else if (learnsFromTeacher(row) && !dataset.mixture && !past.some(teachesVelocity)) {
    return 'train flow-matching first'
  }
  if (row.needs.includes('weights')) return 'needs samples with weights'
  if (row.needs.includes('energy') && !energyOfData(dataset)) return 'needs a target whose density is known'
  const { recipe: _, ...last } = plan.stages.at(-1)!
  const stage: Stage = { ...last, objective: id }
  try {
    configOf(plan, stage, dataset.mixture !== undefined)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** A training of the same kind from its beginning: a recipe with all its stages, or the last objective alone. */
export function anew(plan: Plan, change: Partial<Plan> = {}, stage: Partial<Stage> = {}): Plan {
  const { start: _, ...rest } = plan
  const { recipe, ...last } = plan.stages.at(-1)!
  const stages =
    recipe && stage.objective === undefined
      ? recipeStages(recipe.name)
      : [{ ...last, ...(recipe && { learningRate: 1e-3 }), ...stage, steps: 0, keep: false }]
  return { ...rest, ...change, stages }
}
