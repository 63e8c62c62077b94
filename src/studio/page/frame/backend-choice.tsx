import { type Backend, backend, machine } from '../connection/backend.ts'
import { moveTo } from '../state/training.ts'

/** Where trainings run, for a page that `oxbow studio` serves. */
export function BackendChoice() {
  if (!machine) return null
  return (
    <label class="backend">
      <span>Train</span>
      <select value={backend.value} onChange={event => moveTo(event.currentTarget.value as Backend)}>
        <option value="machine">on this machine</option>
        <option value="page">in this page</option>
      </select>
    </label>
  )
}
