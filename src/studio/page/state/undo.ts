import { isUntouched, type Plan, stepsOf } from '../../plan.ts'
import { isLong } from '../../training-cost.ts'
import { type Run, wholePlan } from './run.ts'
import { MOST_RUNS, runs, undoable, update } from './store.ts'
import { add, open, remove } from './training.ts'

/** What a training that is given up was, where it is one's own. */
function lost(run: Run): Plan | null {
  const plan = wholePlan(run)
  return isUntouched(plan) || stepsOf(plan) === 0 ? null : plan
}

const replayOf = (plan: Plan) => (isLong([plan]) ? 'held' : 'now')

/** Begins another training in the place of a run, which can be undone. */
export function replaceRun(plan: Plan, at: number, replay?: Parameters<typeof open>[2]): void {
  const before = lost(runs.value[at])
  open(plan, at, replay)
  if (!before) return
  const { name } = runs.value[at]
  undoable.value = {
    plan: before,
    how: 'replaced',
    undo() {
      const now = runs.value.findIndex(run => run.name === name)
      if (now < 0) return restore(before)
      update({ selected: now })
      open(before, now, replayOf(before))
    },
  }
}

/** Ends a run, which can be undone. */
export function removeRun(at: number): void {
  const before = lost(runs.value[at])
  remove(at)
  if (before) undoable.value = { plan: before, how: 'removed', undo: () => restore(before) }
}

function restore(plan: Plan): void {
  if (runs.value.length < MOST_RUNS) add(plan)
}
