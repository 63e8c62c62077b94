import { signal } from '@preact/signals'
import { examplePlan } from '../../plan.ts'
import { state } from '../state/store.ts'
import { goTo } from '../tour/panel.tsx'
import './welcome.css'

const isFirst = (): boolean => {
  const { view, tour, runs } = state.value
  return view === 'train' && tour === null && JSON.stringify(runs) === JSON.stringify([examplePlan])
}

/** Whether the page was opened as it comes; a training does not take the words away from under the pointer. */
const open = signal(isFirst())
state.subscribe(({ view, tour }) => {
  if (view !== 'train' || tour !== null) open.value = false
})

/** What this is, for whoever comes for the first time. */
export function Welcome() {
  if (!open.value) return null
  return (
    <section class="welcome" aria-label="Welcome">
      <p>
        A flow map turns noise into data in one jump. This one is trained already: look at it, or train your
        own.
      </p>
      <div class="buttons">
        <button type="button" class="main" onClick={() => goTo(0)}>
          Take the tour (5 minutes)
        </button>
        <button
          type="button"
          aria-label="Put the welcome away"
          onClick={() => {
            open.value = false
          }}
        >
          <span aria-hidden="true">×</span>
        </button>
      </div>
    </section>
  )
}
