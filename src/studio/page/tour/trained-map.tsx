import { examplePlan, stepsOf } from '../../plan.ts'
import { MOST_RUNS, selected, state, update } from '../state/store.ts'
import { add } from '../state/training.ts'

const isExample = (plan: typeof examplePlan): boolean => plan.start === 'example' && stepsOf(plan) === 0

/** Selects the trained example; adds it where it is no longer among the runs. */
function showExample(): void {
  const at = state.value.runs.findIndex(isExample)
  if (at >= 0) update({ selected: at })
  else add(examplePlan)
}

/** Says where the pictures of a step are of a map that is not the trained example, and offers that one. */
export function TrainedMap() {
  const { runs } = state.value
  if (isExample(selected.value)) return null
  const steps = stepsOf(selected.value)
  return (
    <p class="own-map">
      The pictures show your own map, after {steps === 1 ? '1 step' : `${steps.toLocaleString('en')} steps`}.{' '}
      {(runs.length < MOST_RUNS || runs.some(isExample)) && (
        <button type="button" onClick={showExample}>
          Show the trained example
        </button>
      )}
    </p>
  )
}
