import { isUntouched, type Plan } from '../../plan.ts'
import { isLong } from '../../training-cost.ts'
import { type Run, takenOf, wholePlan } from './run.ts'
import { MOST_RUNS, runs, undoable, update } from './store.ts'
import { add, open, remove } from './training.ts'

interface Lost {
  readonly plan: Plan
  /** Steps of it that were taken. */
  readonly taken: number
}

/** What a training that is given up was, where it is one's own and has begun. */
function lost(run: Run): Lost | null {
  const [plan, taken] = [wholePlan(run), takenOf(run)]
  return isUntouched(plan) || taken === 0 ? null : { plan, taken }
}

const replayOf = (plan: Plan) => (isLong([plan]) ? 'held' : 'now')

/** Begins another training in the place of a run, which can be undone. */
export function replaceRun(plan: Plan, at: number, replay?: Parameters<typeof open>[2]): void {
  const before = lost(runs.value[at])
  open(plan, at, replay)
  if (!before) return
  const { name } = runs.value[at]
  undoable.value = {
    plan: before.plan,
    how: 'replaced',
    undo() {
      const now = runs.value.findIndex(run => run.name === name)
      if (now < 0) return restore(before)
      update({ selected: now })
      open(before.plan, now, replayOf(before.plan), before.taken)
    },
  }
}

/** Ends a run, which can be undone. */
export function removeRun(at: number): void {
  const before = lost(runs.value[at])
  remove(at)
  if (before) undoable.value = { plan: before.plan, how: 'removed', undo: () => restore(before) }
}

function restore({ plan, taken }: Lost): void {
  if (runs.value.length < MOST_RUNS) add(plan, 'now', taken)
}
