import { useMemo } from 'preact/hooks'
import type { PlanePoints } from '../../../engine/protocol.ts'
import { REACH } from '../../../reach.ts'
import type { Cloud } from '../../draw/cloud.ts'
import { colourOf } from '../../draw/colours.ts'
import { Scene } from '../../draw/scene.tsx'
import { Slider } from '../../parts/slider.tsx'
import { state, update } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { onPlane, Placer } from './placer.tsx'
import { RewardShape } from './shape.tsx'

type RewardState = typeof state.value.reward

export const changeReward = (change: Partial<RewardState>): void =>
  update({ reward: { ...state.value.reward, ...change } })

const place = (x: number, y: number): void => changeReward({ center: onPlane(x, y) })

export function BumpControls() {
  const { scale } = state.value.reward
  return (
    <Slider
      name="Width w"
      value={scale}
      min={0.2}
      max={4}
      step={0.1}
      onChange={scale => changeReward({ scale })}
    />
  )
}

/** Where it is, for those who do not drag it. */
export function BumpMore() {
  const [x, y] = state.value.reward.center
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
    </>
  )
}

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
  return (
    <figure>
      <figcaption>The exact law</figcaption>
      <Placer at={center} put={place} label={`Reward at ${x} across, ${y} up`}>
        <Scene clouds={clouds} label="The data tilted exactly, with the reward over them">
          <RewardShape tilt={{ center, scale, beta }} />
        </Scene>
      </Placer>
    </figure>
  )
}
