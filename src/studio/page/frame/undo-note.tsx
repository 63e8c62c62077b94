import { progressOf, runName } from '../parts/run-name.ts'
import { undoable } from '../state/store.ts'
import './undo-note.css'

/** Offers to bring back a training that was replaced or removed; over the page, so that nothing moves. */
export function UndoNote() {
  const last = undoable.value
  const close = (): void => {
    undoable.value = null
  }
  return (
    <div role="status">
      {last && (
        <div class="undo">
          <p>
            {runName(last.plan)}, {progressOf(last.plan)}, was {last.how}.
          </p>
          <button
            type="button"
            class="main"
            onClick={() => {
              close()
              last.undo()
            }}
          >
            Undo
          </button>
          <button type="button" onClick={close}>
            Close
          </button>
        </div>
      )}
    </div>
  )
}
