import type { PlanePoints } from '../../../engine/protocol.ts'
import { emptyReward, packReward, readReward, rewardCanvas } from '../../../reward.ts'
import { type CanvasPoint, isEmpty } from '../../../target/raster.ts'
import { SHOWN } from '../../draw/cloud.ts'
import { Scene } from '../../draw/scene.tsx'
import { BrushSize, BrushStrength, PaintArea } from '../../parts/paint-area.tsx'
import { createPainting } from '../../parts/painting.ts'
import { state } from '../../state/store.ts'
import { Choice } from '../shared.tsx'
import { changeReward, useGoalCloud } from './place.tsx'
import { PaintedLines } from './shape.tsx'
import './paint.css'

const { side } = rewardCanvas

/** The cells of a text, read once. */
let last = { text: '', cells: emptyReward() }
function cellsOf(text: string): Int8Array {
  if (last.text !== text) last = { text, cells: readReward(text) }
  return last.cells
}

/** The state holds what was painted, so that a link does. */
const painting = createPainting(
  rewardCanvas,
  {
    read: () => cellsOf(state.value.reward.painted),
    write: cells => changeReward({ painted: packReward(cells) }),
  },
  { radius: 3, strength: 1 },
)

/** How the brush is told from others, in words and by the sign that it leaves. */
const brushes = [
  ['add', 'Good +'],
  ['subtract', 'Bad −'],
  ['erase', 'Eraser'],
] as const

export function PaintControls() {
  const { does, undoable, cells, undo } = painting
  return (
    <>
      <Choice
        name="Brush"
        options={brushes}
        value={does.value}
        onChange={value => {
          does.value = value
        }}
      />
      <BrushSize painting={painting} largest={8} />
      <div class="buttons">
        <button type="button" disabled={!undoable.value} onClick={undo}>
          Undo
        </button>
        <button type="button" disabled={isEmpty(cells.value)} onClick={() => painting.replace(emptyReward())}>
          Clear
        </button>
      </div>
    </>
  )
}

/** What of the brush is seldom changed. */
export const PaintMore = () => <BrushStrength painting={painting} />

/** A place on the painting in units of the data. */
function where([column, row]: CanvasPoint): string {
  const [x, y] = [(column / side) * 2 * SHOWN - SHOWN, SHOWN - (row / side) * 2 * SHOWN]
  const inside = (place: number): number => Math.min(side - 1, Math.floor(place))
  const value = painting.cells.value[inside(row) * side + inside(column)] / rewardCanvas.most
  return `${x.toFixed(1)} across, ${y.toFixed(1)} up, painted ${value}`
}

/** The data, and the reward that is painted over it. */
export function RewardPainter({ exact }: { exact: PlanePoints | undefined }) {
  const clouds = useGoalCloud(exact)
  return (
    <figure class="painter">
      <figcaption>The exact law</figcaption>
      <PaintArea painting={painting} label="Painting of a reward" look="over" where={where}>
        <Scene clouds={clouds} label="The data tilted exactly, with the reward over them">
          <PaintedLines cells={painting.cells.value} />
        </Scene>
      </PaintArea>
    </figure>
  )
}
