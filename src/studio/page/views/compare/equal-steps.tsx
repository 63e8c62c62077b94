import { announce } from '../../parts/announcements.tsx'
import { runs, state } from '../../state/store.ts'
import { takeSteps } from '../../state/training.ts'
import { behind } from './behind.ts'

/** Steps of one command: what else a run is told waits for no more than these. */
const PORTION = 250

const inWords = (steps: number): string => steps.toLocaleString('en')

/** Trains the runs that are behind until all have taken as many steps, a portion of each in turn. */
function catchUp(late: readonly { readonly at: number; readonly missing: number }[], most: number): void {
  announce(`All runs train to ${inWords(most)} steps`)
  const left = new Map(late.map(({ at, missing }) => [at, missing]))
  while (left.size > 0) {
    for (const [at, missing] of left) {
      // One that has ended is opened anew, as far as it is to go.
      const isOpen = runs.value[at].live?.ended === false
      takeSteps(isOpen ? Math.min(PORTION, missing) : missing, at)
      if (isOpen && missing > PORTION) left.set(at, missing - PORTION)
      else left.delete(at)
    }
  }
}

/** How far runs are that were trained here from the start, and a way to compare them at equal steps. */
export function EqualSteps() {
  const { most, late, own } = behind(state.value.runs)
  if (own.length < 2) return null
  const busy = runs.value.some(({ live, held }) => held || !live || live.playing || live.goal !== null)
  const each = own.map(({ at, steps }) => `run ${at + 1} ${inWords(steps)} steps`).join(', ')
  return (
    <p class="equal">
      <span>
        {busy
          ? `Trained so far: ${each}.`
          : late.length === 0
            ? `All runs are trained for ${inWords(most)} steps.`
            : `Trained for different numbers of steps: ${each}.`}
      </span>
      <button type="button" disabled={busy || late.length === 0} onClick={() => catchUp(late, most)}>
        Train to equal steps
      </button>
    </p>
  )
}
