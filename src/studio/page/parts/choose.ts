import { signal } from '@preact/signals'
import { isUntouched, type Plan, type Target } from '../../plan.ts'
import { anew, refusalOf } from '../../trainable.ts'
import { MOST_RUNS, problem, runs, selected, selectedLive, state } from '../state/store.ts'
import { add, play } from '../state/training.ts'
import { replaceRun } from '../state/undo.ts'
import { datasetOf } from './target-points.ts'

/** What the stage is for: a target that is drawn or comes from a file, or the samples where it is null. */
export const making = signal<'drawing' | 'file' | null>(null)

/** What was done beside what was asked, in one line. */
export const remark = signal<string | null>(null)

/** Begins a training anew with some of its settings changed; it plays on if it played. */
export function begin(change: Partial<Plan>): void {
  const playing = selectedLive.value?.playing
  remark.value = null
  let plan = { ...anew(selected.value, change), ...(change.stages && { stages: change.stages }) }
  try {
    const dataset = datasetOf(plan.target)
    if (plan.condition && !dataset.labels) {
      plan = { ...plan, condition: undefined }
      remark.value = 'This target has no classes, so it is trained without them.'
    }
    const [refused] = plan.stages.flatMap(({ objective }) => {
      const refusal = refusalOf(plan, objective, dataset)
      return refusal ? [`${objective} cannot be used here (${refusal})`] : []
    })
    if (refused) {
      plan = anew(plan, {}, { objective: 'lsd' })
      remark.value = `${refused}; lsd is used instead.`
    }
    // What came trained stays beside one's own.
    if (isUntouched(selected.value) && runs.value.length < MOST_RUNS) add(plan, 'held')
    else replaceRun(plan, state.value.selected, 'held')
    if (playing) play()
  } catch (error) {
    problem.value = (error as Error).message
  }
}

/** Gives the stage back to the samples; the focus goes to what trains, as the button that was pressed is gone. */
export function showSamples(): void {
  making.value = null
  requestAnimationFrame(() => {
    document.querySelector('.train .stage')?.scrollIntoView({ block: 'nearest' })
    document.querySelector<HTMLElement>('.train .middle button.main')?.focus({ preventScroll: true })
  })
}

/** Begins anew with a target that was made. */
export function takeTarget(target: Target): void {
  begin({ target })
  showSamples()
}
