import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { selectedLive, state, update } from '../state/store.ts'
import { show } from '../state/training.ts'
import { ClassChoice } from './class-choice.tsx'
import './shown.css'

/** Points of the picture. */
export const count = signal(2000)
export const targetShown = signal(true)

const COUNTS = [500, 2000, 10_000, 50_000]

/** What of the training is in the picture. */
export function ShownControls() {
  const { weights, class: told, selected } = state.value
  const open = selectedLive.value?.ended === false
  useEffect(() => {
    if (open) show(count.value)
  }, [count.value, weights, told, selected, open])
  return (
    <div class="shown">
      <label class="field inline">
        Points
        <select
          value={String(count.value)}
          onChange={event => {
            count.value = Number(event.currentTarget.value)
          }}
        >
          {COUNTS.map(each => (
            <option key={each} value={String(each)}>
              {each.toLocaleString('en')}
            </option>
          ))}
        </select>
      </label>
      <label class="field inline">
        Weights
        <select
          value={weights}
          onChange={event => update({ weights: event.currentTarget.value as typeof weights })}
        >
          <option value="ema">averaged</option>
          <option value="raw">raw</option>
        </select>
      </label>
      <ClassChoice />
      <label class="check">
        <input
          type="checkbox"
          checked={targetShown.value}
          onChange={event => {
            targetShown.value = event.currentTarget.checked
          }}
        />
        Show the target
      </label>
    </div>
  )
}
