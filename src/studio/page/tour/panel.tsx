import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { reachable } from '../parts/reachable.tsx'
import { runs, state, update } from '../state/store.ts'
import { pause } from '../state/training.ts'
import { arriveAt } from './arrive.ts'
import { tourSteps } from './steps.tsx'
import { TrainedMap } from './trained-map.tsx'
import './tour.css'

/** Whether the text is put away to see more of the view, on a phone. */
const folded = signal(false)

/** Goes to a step, and shows what it speaks of; what trains for the step before does not go on unseen. */
export function goTo(step: number): void {
  folded.value = false
  const before = state.value.tour
  if (before !== null && before !== step && tourSteps[before].trains) {
    runs.value.forEach(({ live }, at) => {
      if (live?.playing) pause(at)
    })
  }
  update({ tour: step, ...tourSteps[step].shows })
}

const leave = (): void => update({ tour: null })

function Progress({ at }: { at: number }) {
  return (
    <ol class="marks" aria-label="Steps of the tour">
      {tourSteps.map(({ title }, i) => (
        <li key={title}>
          <button
            type="button"
            aria-current={i === at ? 'step' : undefined}
            aria-label={`${i + 1} of ${tourSteps.length}: ${title}`}
            title={title}
            onClick={() => goTo(i)}
          >
            {i + 1}
          </button>
        </li>
      ))}
    </ol>
  )
}

/** The guided tour, beside the view that it speaks of, or at the foot of the window; arrow keys turn its pages while it has the focus. */
export function TourPanel() {
  const at = state.value.tour
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef(at)
  useEffect(() => {
    if (at !== null && before.current !== at) {
      heading.current?.focus({ preventScroll: true })
      // Without a section of its own a step speaks of what comes first in its view.
      if (!tourSteps[at].section) scrollTo({ top: 0 })
    }
    // Only once the panel is gone: an effect that was still due would take the focus back into it.
    if (at === null && before.current !== null && document.activeElement === document.body)
      document.querySelector<HTMLElement>('[data-learn]')?.focus()
    before.current = at
    const section = at === null ? undefined : tourSteps[at].section
    return section ? arriveAt(section) : undefined
  }, [at])
  const said = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!said.current) return
    said.current.scrollTop = 0
    return reachable(said.current, said.current.children)
  }, [at])
  if (at === null) return null
  const { title, text, invitation } = tourSteps[at]
  const last = at === tourSteps.length - 1
  const turn = ({ key, altKey, ctrlKey, metaKey }: KeyboardEvent): void => {
    if (altKey || ctrlKey || metaKey) return
    if (key === 'ArrowRight' && !last) goTo(at + 1)
    if (key === 'ArrowLeft' && at > 0) goTo(at - 1)
    if (key === 'Escape') leave()
  }
  return (
    <aside class="tour" aria-labelledby="tour-heading" onKeyDown={turn}>
      <header>
        <h2 id="tour-heading" ref={heading} tabIndex={-1}>
          {at + 1}. {title}
        </h2>
        <Progress at={at} />
        <button
          type="button"
          class="fold"
          aria-expanded={!folded.value}
          onClick={() => {
            folded.value = !folded.value
          }}
        >
          {folded.value ? 'Show text' : 'Hide text'}
        </button>
      </header>
      <div key={at} ref={said} class={folded.value ? 'said folded' : 'said'}>
        {text}
        {!tourSteps[at].trains && <TrainedMap />}
      </div>
      <p class="try">
        <strong>Try it. </strong>
        {invitation}
      </p>
      <div class="buttons">
        <button type="button" disabled={at === 0} onClick={() => goTo(at - 1)}>
          Back
        </button>
        {last ? (
          <button type="button" class="main" onClick={leave}>
            Finish
          </button>
        ) : (
          <button type="button" class="main" onClick={() => goTo(at + 1)}>
            Next
          </button>
        )}
        {!last && (
          <button type="button" class="leave" onClick={leave}>
            Leave
          </button>
        )}
      </div>
    </aside>
  )
}
