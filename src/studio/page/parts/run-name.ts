import { trainedBy } from '../../example/trained-by.ts'
import { fileOfPlan, isUntouched, type Plan, type Stage, stepsOf } from '../../plan.ts'

export const targetName = ({ target }: Plan): string =>
  target.kind === 'built-in' ? target.name : target.kind === 'density' ? 'drawing' : target.name

const lastStage = (plan: Plan): Stage => (isUntouched(plan) ? trainedBy : plan).stages.at(-1)!

/** What a run was trained by last. */
export const objectiveOf = (plan: Plan): string => lastStage(plan).objective

/** What a run is called: its objective and its target. */
export function runName(plan: Plan): string {
  const { objective, tilt } = lastStage(plan)
  return `${objective}${tilt ? ', tilted' : ''} on ${targetName(plan)}`
}

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
