import { batch } from '@preact/signals'
import { isUntouched, type Plan } from '../../plan.ts'
import { isLong } from '../../training-cost.ts'
import { isEnded, newRun, type Run, takenOf, wholePlan } from './run.ts'
import { freshName, MOST_RUNS, runs, setRun, state, undoable, update } from './store.ts'
import { close, giveUp, open, pause, remove, takeOut } from './training.ts'

/** Whether a training is one's own and has begun, so that something would be lost with it. */
const isOwn = (run: Run): boolean => !isUntouched(wholePlan(run)) && takenOf(run) > 0

/**
 * Has a run stand still as it is, so that it can come back.
 *
 * @param by  the name of the run in its place
 */
function keep(at: number, by: string | null): void {
  if (runs.value[at].live?.playing) pause(at)
  giveUp()
  undoable.value = { run: runs.value[at], at, by }
}

/** Begins another training in the place of a run, which can be undone. */
export function replaceRun(plan: Plan, at: number, replay?: Parameters<typeof open>[2]): void {
  const before = runs.value[at]
  if (isOwn(before)) {
    const next = newRun(freshName(), before.plan, { live: before.live })
    keep(at, next.name)
    setRun(at, next)
  }
  open(plan, at, replay)
}

/** Ends a run, which can be undone. */
export function removeRun(at: number): void {
  if (runs.value.length === 1) return
  if (!isOwn(runs.value[at])) {
    remove(at)
    return
  }
  keep(at, null)
  takeOut(at)
}

/** Puts a run in the place of another, which can be had back in turn. */
function exchange(at: number, run: Run): void {
  if (isOwn(runs.value[at])) keep(at, run.name)
  else close(runs.value[at])
  setRun(at, run)
}

/** Brings back what was replaced or removed: in its place or, where there is no room for one more, in that of the selected run. */
export function undo(): void {
  const { run, by, at: before } = undoable.value!
  undoable.value = null
  const replacing = runs.value.findIndex(({ name }) => name === by)
  const isFull = runs.value.length === MOST_RUNS
  const at = replacing >= 0 ? replacing : isFull ? state.value.selected : before
  batch(() => {
    if (replacing >= 0 || isFull) exchange(at, run)
    else runs.value = [...runs.value.slice(0, at), run, ...runs.value.slice(at)]
    update({ selected: runs.value.indexOf(run) })
  })
  // Nothing trains it any more: its steps are taken again.
  if (isEnded(run)) open(run.plan, runs.value.indexOf(run), isLong([run.plan]) ? 'held' : 'now', run.again)
}
