import type { ComponentChild, ComponentChildren } from 'preact'
import type { PlanePoints } from '../../engine/protocol.ts'
import { targetDataset } from '../../engine/target.ts'
import { type Plan, stepsOf, type Target } from '../../plan.ts'
import { ClassChoice } from '../parts/class-choice.tsx'
import { selectedLive, state, update } from '../state/store.ts'
import './shared.css'

/** Whether the target's velocity is known in closed form. */
export function hasClosedForm(target: Target): boolean {
  try {
    return targetDataset(target).mixture !== undefined
  } catch {
    return false
  }
}

/** Root mean square of the lengths of `a - b`, `[n, 2]`. */
export function rootMeanSquare(a: PlanePoints, b?: PlanePoints): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - (b ? b[i] : 0)) ** 2
  return Math.sqrt((2 * sum) / a.length)
}

/** The distance that half of the points keep from their partners. */
export function medianDistance(a: PlanePoints, b: PlanePoints): number {
  const distances = Float64Array.from({ length: a.length / 2 }, (_, i) =>
    Math.hypot(a[2 * i] - b[2 * i], a[2 * i + 1] - b[2 * i + 1]),
  ).sort()
  const middle = distances.length / 2
  return (distances[Math.ceil(middle) - 1] + distances[Math.floor(middle)]) / 2
}

/** A choice of one of a few, as buttons that stay pressed. */
export function Choice<T extends string>({
  name,
  options,
  value,
  onChange,
}: {
  name: string
  options: readonly (readonly [T, string])[]
  value: T
  onChange: (value: T) => void
}) {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      <div class="buttons">
        {options.map(([id, label]) => (
          <button key={id} type="button" aria-pressed={id === value} onClick={() => onChange(id)}>
            {label}
          </button>
        ))}
      </div>
    </fieldset>
  )
}

/** Whose weights are looked at in all views, and which class, where the map is told one. */
export function MapChoice() {
  return (
    <>
      <Choice
        name="Weights"
        options={[
          ['ema', 'Averaged (EMA)'],
          ['raw', 'Raw'],
        ]}
        value={state.value.weights}
        onChange={weights => update({ weights })}
      />
      <ClassChoice />
    </>
  )
}

export const follow = (point: number | null): void => update({ jump: { ...state.value.jump, point } })

/** Which point is followed, for those who do not click on it. */
export function PointChoice({ count }: { count: number }) {
  const { point } = state.value.jump
  const go = (by: number): void => {
    const { point } = state.value.jump
    follow(point === null ? (by > 0 ? 0 : count - 1) : (point + by + count) % count)
  }
  return (
    <fieldset class="choice">
      <legend>Follow a point</legend>
      <div class="buttons">
        <button type="button" onClick={() => go(-1)}>
          Previous
        </button>
        <button type="button" onClick={() => go(1)}>
          Next
        </button>
        <button type="button" disabled={point === null} onClick={() => follow(null)}>
          None
        </button>
      </div>
    </fieldset>
  )
}

/** Says how far the map is trained that numbers are of. */
export function Standing({ plan }: { plan: Plan }) {
  const steps = stepsOf(plan)
  const playing = selectedLive.value?.playing
  const counted = steps === 1 ? '1 step' : `${steps.toLocaleString('en')} steps`
  const words =
    steps > 0
      ? `The map after ${counted} of training${playing ? '. It is still training, so numbers lag a little behind' : ''}.`
      : plan.start === 'example'
        ? 'Model: pretrained example.'
        : plan.start
          ? `The map is ${plan.start.name}.`
          : 'This map is untrained: train it first.'
  return <p class="soft">{words}</p>
}

/** A sample of a cloud's look, with what it is. */
export function Key({ look, children }: { look: ComponentChild; children: ComponentChildren }) {
  return (
    <li class="key">
      <span class="of" aria-hidden="true">
        {look}
      </span>
      {children}
    </li>
  )
}
