import { type Signal, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import './transport.css'

/** Milliseconds from one end to the other, at single speed. */
const LENGTH = 2000
const STEP = 0.1
const SPEEDS = [0.25, 0.5, 1, 2] as const

const wantsStillness = matchMedia('(prefers-reduced-motion: reduce)')

/**
 * Plays a progress from 0 to 1 and back. Nothing moves by itself where less motion is asked for: the two step buttons do
 * the same in tenths.
 *
 * @param say  a few words on a progress, e.g. its time
 * @param name  what is played
 */
export function Transport({
  progress,
  say,
  name = 'Play time',
}: {
  progress: Signal<number>
  say: (progress: number) => string
  name?: string
}) {
  /** 1 forwards, -1 backwards, 0 at rest. */
  const direction = useSignal(0)
  const speed = useSignal(1)
  const still = wantsStillness.matches
  const moving = direction.value
  useEffect(() => {
    if (moving === 0) return
    let last = performance.now()
    let frame = requestAnimationFrame(function turn(now: number) {
      const gone = (moving * speed.value * Math.max(0, now - last)) / LENGTH
      last = now
      progress.value = Math.min(1, Math.max(0, progress.value + gone))
      if (progress.value === (moving > 0 ? 1 : 0)) direction.value = 0
      else frame = requestAnimationFrame(turn)
    })
    return () => cancelAnimationFrame(frame)
  }, [moving])
  const play = (way: 1 | -1): void => {
    if (progress.value === (way > 0 ? 1 : 0)) progress.value = way > 0 ? 0 : 1
    direction.value = direction.value === way ? 0 : way
  }
  const step = (way: 1 | -1): void => {
    direction.value = 0
    progress.value = Math.min(1, Math.max(0, Math.round((progress.value + way * STEP) * 10) / 10))
  }
  return (
    <fieldset class="choice transport">
      <legend>{name}</legend>
      <div class="buttons">
        {!still && (
          <>
            <button type="button" onClick={() => play(-1)}>
              {moving < 0 ? 'Pause' : '◀ Back'}
            </button>
            <button type="button" onClick={() => play(1)}>
              {moving > 0 ? 'Pause' : 'Play ▶'}
            </button>
          </>
        )}
        <button type="button" aria-label="Step back" onClick={() => step(-1)}>
          −
        </button>
        <button type="button" aria-label="Step on" onClick={() => step(1)}>
          +
        </button>
        {!still && (
          <label class="speed">
            <span class="hidden-but-read">Speed</span>
            <select
              value={speed.value}
              onChange={event => {
                speed.value = Number(event.currentTarget.value)
              }}
            >
              {SPEEDS.map(each => (
                <option key={each} value={each}>
                  {each}×
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <Scrubber progress={progress} say={say} onScrub={() => (direction.value = 0)} />
    </fieldset>
  )
}

/** By itself, since it alone is rendered with every frame. */
function Scrubber({
  progress,
  say,
  onScrub,
}: {
  progress: Signal<number>
  say: (progress: number) => string
  onScrub: () => void
}) {
  const hundredths = useComputed(() => Math.round(progress.value * 100) / 100)
  const words = say(hundredths.value)
  return (
    <label class="field">
      <span class="name">
        Shown <span class="number">{words}</span>
      </span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.01}
        value={hundredths.value}
        aria-valuetext={words}
        onInput={event => {
          onScrub()
          progress.value = event.currentTarget.valueAsNumber
        }}
      />
    </label>
  )
}
