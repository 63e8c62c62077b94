import type { PlanePoints } from '../../../engine/protocol.ts'
import { Scene } from '../../draw/scene.tsx'
import { Slider } from '../../parts/slider.tsx'
import { state } from '../../state/store.ts'
import { Choice } from '../shared.tsx'
import { changeReward, useGoalCloud } from './place.tsx'
import { Placer } from './placer.tsx'
import { KnownBand } from './shape.tsx'

type Known = typeof state.value.reward.known

/** Furthest known coordinate, where data may be. */
const MOST = 4.5

const change = (part: Partial<Known>): void =>
  changeReward({ known: { ...state.value.reward.known, ...part } })
const put = (value: number): void =>
  change({ value: Math.round(100 * Math.min(MOST, Math.max(-MOST, value))) / 100 })

export function KnownControls() {
  const { axis, value, sd } = state.value.reward.known
  return (
    <>
      <Choice
        name="Known"
        options={[
          ['x', 'Across (x)'],
          ['y', 'Up (y)'],
        ]}
        value={axis}
        onChange={axis => change({ axis })}
      />
      <Slider name={`${axis} is about`} value={value} min={-MOST} max={MOST} step={0.1} onChange={put} />
      <Slider
        name="Known to within ±"
        value={sd}
        min={0.1}
        max={1}
        step={0.05}
        onChange={sd => change({ sd })}
      />
    </>
  )
}

/** The data, and the band in which points are known to be; it is dragged. */
export function KnownPlacer({ exact }: { exact: PlanePoints | undefined }) {
  const { known } = state.value.reward
  const { axis, value } = known
  const clouds = useGoalCloud(exact)
  return (
    <figure>
      <figcaption>The exact law</figcaption>
      <Placer
        at={axis === 'x' ? [value, 0] : [0, value]}
        put={(x, y) => put(axis === 'x' ? x : y)}
        label={`Known ${axis}, ${value}`}
      >
        <Scene clouds={clouds} label={`The data, and those whose ${axis} is about ${value}`}>
          <KnownBand {...known} />
        </Scene>
      </Placer>
    </figure>
  )
}
