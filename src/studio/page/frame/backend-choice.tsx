import { machine, type Place, place } from '../connection/backend.ts'
import { moveTo } from '../state/store.ts'

/** Where trainings run, for a page that `oxbow studio` serves. */
export function EngineChoice() {
  if (!machine) return null
  return (
    <label class="place">
      <span>Train</span>
      <select value={place.value} onChange={event => moveTo(event.currentTarget.value as Place)}>
        <option value="machine">on this machine</option>
        <option value="page">in this page</option>
      </select>
    </label>
  )
}
