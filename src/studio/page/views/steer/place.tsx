import { useMemo } from 'preact/hooks'
import type { PlanePoints } from '../../../engine/protocol.ts'
import { REACH } from '../../../reach.ts'
import { type Cloud, SHOWN } from '../../draw/cloud.ts'
import { colourOf } from '../../draw/colours.ts'
import { movedByKey } from '../../draw/held.ts'
import { Scene } from '../../draw/scene.tsx'
import { Slider } from '../../parts/slider.tsx'
import { state, update } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { RewardShape } from './shape.tsx'
import './place.css'

type RewardState = typeof state.value.reward

export const changeReward = (change: Partial<RewardState>): void =>
  update({ reward: { ...state.value.reward, ...change } })

/** Digits of what is shown and kept: enough for the eye, short in a link. */
const rounded = (value: number): number => Math.round(value * 100) / 100
const held = (value: number): number => rounded(Math.min(REACH, Math.max(-REACH, value)))

const place = (x: number, y: number): void => changeReward({ center: [held(x), held(y)] })

export function BumpControls() {
  const { center, scale } = state.value.reward
  const [x, y] = center
  return (
    <>
      <Slider
        name="Centre x"
        value={x}
        min={-REACH}
        max={REACH}
        step={0.1}
        onChange={value => place(value, y)}
      />
      <Slider
        name="Centre y"
        value={y}
        min={-REACH}
        max={REACH}
        step={0.1}
        onChange={value => place(x, value)}
      />
      <Slider
        name="Width w"
        value={scale}
        min={0.2}
        max={4}
        step={0.1}
        onChange={scale => changeReward({ scale })}
      />
    </>
  )
}

const STRIDE = 0.1

/**
 * The data, faintly, and the data tilted exactly, once that is known: a reward is placed or painted over them.
 *
 * @param exact  points of the exact law
 */
export function useGoalCloud(exact: PlanePoints | undefined): readonly Cloud[] {
  const { answer } = useAnswer('target', 'reward', { count: 4000, seed: 0 }, 'target')
  return useMemo(
    () => [
      ...(answer ? [{ points: answer, colour: colourOf('--target', exact ? 0.2 : 0.6), size: 3 }] : []),
      ...(exact ? [{ points: exact, colour: colourOf('--target', 0.9), size: 3 }] : []),
    ],
    [answer, exact],
  )
}

/** The data and the reward over it, which is dragged or moved by arrow keys. */
export function RewardPlacer({ exact }: { exact: PlanePoints | undefined }) {
  const { center, scale, beta } = state.value.reward
  const [x, y] = center
  const clouds = useGoalCloud(exact)
  const follow = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const { left, top, width } = event.currentTarget.getBoundingClientRect()
    const unit = (2 * SHOWN) / width
    place((event.clientX - left) * unit - SHOWN, SHOWN - (event.clientY - top) * unit)
  }
  const step = (event: KeyboardEvent): void => {
    const next = movedByKey(event.key, [x, y], event.shiftKey ? 10 * STRIDE : STRIDE)
    if (!next) return
    event.preventDefault()
    place(...next)
  }
  const percent = (value: number): string => `${(100 * (value + SHOWN)) / (2 * SHOWN)}%`
  return (
    <figure>
      <figcaption>The exact law: data, tilted</figcaption>
      <div
        class="placer"
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId)
          follow(event)
        }}
        onPointerMove={event => {
          if (event.buttons > 0) follow(event)
        }}
      >
        <Scene clouds={clouds} label="The data tilted exactly, with the reward over them">
          <RewardShape tilt={{ center, scale, beta }} />
        </Scene>
        <button
          type="button"
          class="handle"
          aria-label={`Reward at ${x} across, ${y} up; arrow keys move it, with shift further`}
          style={{ left: percent(x), top: percent(-y) }}
          onKeyDown={step}
        />
      </div>
      <p class="soft">Drag the reward, or move it with the arrow keys.</p>
    </figure>
  )
}
