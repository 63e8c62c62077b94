import { stepsOf } from '../../plan.ts'
import { waiting } from '../state/store.ts'
import { playWaiting } from '../state/training.ts'

/** What a link or a recipe would train, where that waits until it is asked for. */
export function LinkNote() {
  const plans = waiting.value
  if (plans.length === 0) return null
  const runs = plans.length === 1 ? '1 run' : `${plans.length} runs`
  const steps = plans.reduce((total, plan) => total + stepsOf(plan), 0)
  return (
    <div class="note" data-note="link">
      <p>
        Ready to train: {runs}, about {Number(steps.toPrecision(2)).toLocaleString('en')} steps. Training
        starts when you press the button.
      </p>
      <button type="button" class="main" onClick={playWaiting}>
        {plans.length === 1 ? 'Train it' : 'Train them'}
      </button>
    </div>
  )
}
