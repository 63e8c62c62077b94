import { useMemo, useRef } from 'preact/hooks'
import { SHOWN } from '../../draw/cloud.ts'
import { asNoise, onStage } from '../../draw/flight.ts'
import { heldPlace, movedByKey, type Place } from '../../draw/held.ts'
import { through } from '../../draw/scene.tsx'
import { selected, state, update } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { hasClosedForm } from '../shared.tsx'
import { mapKey } from './use-flight.ts'

/** Times of a true path that are drawn. */
const TIMES = Array.from({ length: 41 }, (_, i) => 1 - i / 40)
const drawn = ([x, y]: Place): [number, number] => [x, -y]
const percent = (value: number): string => `${(50 * (1 + value / SHOWN)).toFixed(3)}%`

/** A point of noise that is taken by hand: where one jump takes it, and the path that leads from it. */
export function HeldPoint() {
  const { point } = state.value.play
  const [x, y] = point
  const put = (place: Place): void => update({ play: { ...state.value.play, point: heldPlace(place) } })
  const { target } = selected.value
  const { weights } = state.value
  const form = mapKey.value
  const exact = useMemo(() => hasClosedForm(target), [form])
  const points = useMemo(() => Float32Array.of(x, y), [x, y])
  const key = `${form} ${weights} ${x} ${y}`
  const landed = useAnswer('jump', `held ${key}`, { points, s: 1, t: 0, weights })
  const carried = useAnswer(
    'path',
    `held ${key}`,
    { points, times: TIMES, weights },
    exact ? 'target' : 'training',
  )
  // While it is dragged, what is known of where it was a moment ago is drawn from there.
  const isOfMap = (shown: string | null): boolean => shown?.includes(`held ${form} ${weights} `) ?? false
  const isFresh = landed.key === `jump held ${key}`
  const known = useRef<Place>(point)
  if (isFresh) known.current = point
  const jump = isOfMap(landed.key) ? landed.answer : null
  const path = isOfMap(carried.key) ? carried.answer?.points : undefined
  const from = onStage(point, 1)
  const to = jump && onStage([jump[0], jump[1]], 0)
  const move = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const { left, top, width } = event.currentTarget.parentElement!.getBoundingClientRect()
    const unit = (2 * SHOWN) / width
    put(asNoise([(event.clientX - left) * unit - SHOWN, SHOWN - (event.clientY - top) * unit]))
  }
  const nudge = (event: KeyboardEvent): void => {
    const next = movedByKey(event.key, [x, y])
    if (!next) return
    event.preventDefault()
    put(next)
  }
  return (
    <>
      <svg class="held" viewBox={`${-SHOWN} ${-SHOWN} ${2 * SHOWN} ${2 * SHOWN}`} aria-hidden="true">
        {path && (
          <polyline
            class="path"
            points={through(path.map((each, i) => drawn(onStage([each[0], each[1]], TIMES[i]))))}
          />
        )}
        {to && (
          <>
            <polyline class="leap" points={through([drawn(onStage(known.current, 1)), drawn(to)])} />
            <circle class="landed" cx={to[0]} cy={-to[1]} r={0.08} />
          </>
        )}
      </svg>
      <button
        type="button"
        class="handle"
        aria-label={`A point of noise at ${x.toFixed(1)}, ${y.toFixed(1)}; drag it, or move it with the arrow keys.${jump && isFresh ? ` One jump takes it to ${jump[0].toFixed(1)}, ${jump[1].toFixed(1)}.` : ''}`}
        style={{ left: percent(from[0]), top: percent(-from[1]) }}
        onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={move}
        onKeyDown={nudge}
      />
    </>
  )
}
