import { type Config, resolveConfig } from '../../config/index.ts'
import { recipes } from '../../config/recipes.ts'
import { teacherConfig } from '../../config/teacher-config.ts'
import type { Plan, Stage } from '../plan.ts'

/** A recipe of this length, as `oxbow train` would take it. */
const wholeOf = (name: keyof typeof recipes, steps: number, batch?: number): Config =>
  resolveConfig({ recipe: name, steps, ...(batch && { batch }) })

/** What a recipe says of one of its stages: how its times are drawn, what its loss is and how its rate falls. */
export function recipeKeys(
  { recipe, objective }: Stage,
  { batch }: Pick<Plan, 'batch'>,
): Pick<Config, 'times' | 'loss' | 'schedule' | 'coupling'> | undefined {
  if (!recipe) return undefined
  const { name, steps } = recipe
  const isMap = objective === recipes[name].objective
  // The teacher's length follows from the map's, two to three.
  const whole = wholeOf(name, isMap ? steps : Math.round((steps * 3) / 2), batch)
  const { times, loss, schedule, coupling } = isMap ? whole : resolveConfig(teacherConfig(whole))
  return { times, loss, schedule, coupling }
}

/** Steps of the map in the page, which wait less long than those of the command line; its teacher gets two thirds more. */
const MAP_STEPS = 3600

/** The stages of a recipe, the teacher first. */
export function recipeStages(name: keyof typeof recipes, steps = MAP_STEPS): [Stage, Stage] {
  const whole = wholeOf(name, steps)
  const teacher = resolveConfig(teacherConfig(whole))
  const stage = ({ objective, optimizer: { learningRate }, steps }: Config, keep: boolean): Stage => ({
    objective,
    learningRate,
    steps,
    keep,
    recipe: { name, steps },
  })
  return [stage(teacher, false), stage(whole, true)]
}
