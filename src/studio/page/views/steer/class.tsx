import { classValue } from '../../../class-law.ts'
import type { PlanePoints } from '../../../engine/protocol.ts'
import { targetDataset } from '../../../engine/target.ts'
import { SHOWN } from '../../draw/cloud.ts'
import { Scene } from '../../draw/scene.tsx'
import { ClassChips } from '../../parts/class-chips.tsx'
import { selected, state } from '../../state/store.ts'
import { changeReward, useGoalCloud } from './place.tsx'

/** Names of the classes of the data of the selected run; none where it has none. */
function classNames(): readonly string[] {
  const { target } = selected.value
  return target.kind === 'unknown' ? [] : (targetDataset(target).labels?.names ?? [])
}

/** The class that is wanted: the last, where the data have fewer. */
export const wantedClass = (): number => Math.min(state.value.reward.class, classNames().length - 1)

export function ClassControls() {
  const names = classNames()
  if (names.length === 0) {
    return <p class="aside">This target has no classes: choose the ring, two moons or spirals in Play.</p>
  }
  return <ClassChips names={names} value={wantedClass()} onChange={at => changeReward({ class: at! })} />
}

/** The class that a place of the plane most likely belongs to. */
function classAt(x: number, y: number): number {
  const dataset = targetDataset(selected.value.target)
  const likely = classNames().map((_, at) => classValue(dataset, at)([x, y]))
  return likely.indexOf(Math.max(...likely))
}

/** The data, of which a click chooses the class. */
export function ClassPicker({ exact }: { exact: PlanePoints | undefined }) {
  const clouds = useGoalCloud(exact)
  const pick = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (classNames().length === 0) return
    const { left, top, width } = event.currentTarget.getBoundingClientRect()
    const unit = (2 * SHOWN) / width
    const at = classAt((event.clientX - left) * unit - SHOWN, SHOWN - (event.clientY - top) * unit)
    changeReward({ class: at })
  }
  return (
    <figure>
      <figcaption>The exact law</figcaption>
      <div class="placer" onPointerDown={pick}>
        <Scene clouds={clouds} label={`The data, and those of class ${wantedClass()}`} />
      </div>
    </figure>
  )
}
