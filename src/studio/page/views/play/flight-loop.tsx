import { type ReadonlySignal, useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { progressAt, REST } from '../../draw/flight.ts'

/** The flight again and again, whatever draws it; it can be paused, and goes on from there. */
export function FlightLoop({ draw }: { draw: (progress: ReadonlySignal<number>) => ComponentChildren }) {
  const progress = useSignal(0)
  const paused = useSignal(false)
  // It leaves as soon as it is seen.
  const flown = useRef(REST)
  const isPaused = paused.value
  // Before the next frame: what is paused draws no more.
  useLayoutEffect(() => {
    if (isPaused) return
    let last = performance.now()
    let frame = requestAnimationFrame(function turn(now: number) {
      flown.current += Math.max(0, now - last)
      last = now
      progress.value = progressAt(flown.current)
      frame = requestAnimationFrame(turn)
    })
    return () => cancelAnimationFrame(frame)
  }, [isPaused, progress])
  return (
    <>
      <div class="ends" aria-hidden="true">
        <span>noise</span>
        <span>data</span>
      </div>
      {draw(progress)}
      <button
        type="button"
        class="pause"
        onClick={() => {
          paused.value = !isPaused
        }}
      >
        {isPaused ? 'Continue' : 'Pause'}
      </button>
    </>
  )
}

interface FilmProps {
  /** How far each picture is, from 0 to 1. */
  readonly stops: readonly ReadonlySignal<number>[]
  /** Of the flight, to which each picture adds how far it is. */
  readonly label: string
  readonly draw: (progress: ReadonlySignal<number>, label: string, isLast: boolean) => ComponentChildren
}

/** The same as a few pictures, where nothing may move by itself. */
export function FlightFilm({ stops, label, draw }: FilmProps) {
  return (
    <ol class="film">
      {stops.map((progress, i) => {
        const percent = Math.round(100 * progress.peek())
        return (
          <li key={percent}>
            <span class="part" aria-hidden="true">
              {percent} %
            </span>
            {draw(progress, `${label}: ${percent} % of the way`, i === stops.length - 1)}
          </li>
        )
      })}
    </ol>
  )
}
