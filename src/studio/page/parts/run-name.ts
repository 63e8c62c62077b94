import { objectives } from '../../../objective/index.ts'
import { trainedBy } from '../../example/trained-by.ts'
import { fileOfPlan, isUntouched, type Plan, type Stage, stepsOf } from '../../plan.ts'
import { shortName } from './target-points.ts'

export const targetName = ({ target }: Plan): string =>
  target.kind === 'built-in' ? shortName(target.name) : target.kind === 'density' ? 'drawing' : target.name

const lastStage = (plan: Plan): Stage => (isUntouched(plan) ? trainedBy : plan).stages.at(-1)!

/** What a run was trained by last, as the catalogue calls it. */
export function objectiveOf(plan: Plan): string {
  const { objective } = lastStage(plan)
  return objectives.get(objective)?.name ?? objective
}

/** How a run was trained last, and whether towards a reward. */
export const methodOf = (plan: Plan): string =>
  `${objectiveOf(plan)}${lastStage(plan).tilt ? ', tilted' : ''}`

/** What a run is called: its objective and its target. */
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
