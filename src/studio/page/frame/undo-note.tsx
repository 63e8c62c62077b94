import { progressOf, runName } from '../parts/run-name.ts'
import { wholePlan } from '../state/run.ts'
import { undoable } from '../state/store.ts'
import { giveUp } from '../state/training.ts'
import { undo } from '../state/undo.ts'
import './undo-note.css'

/** Offers to bring back a training that was replaced or removed; over the page, so that nothing moves. */
export function UndoNote() {
  const last = undoable.value
  const plan = last && (last.run.live ? last.run.plan : wholePlan(last.run))
  return (
    <div role="status">
      {last && plan && (
        <div class="undo">
          <p>
            {runName(plan)}, {progressOf(plan)}, was {last.by === null ? 'removed' : 'replaced'}.
          </p>
          <button type="button" class="main" onClick={undo}>
            Undo
          </button>
          <button type="button" onClick={giveUp}>
            Close
          </button>
        </div>
      )}
    </div>
  )
}
