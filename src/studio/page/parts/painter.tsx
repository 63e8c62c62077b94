import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { cellsOf, densityCanvas, drawingOf, emptyCells, isEmpty, SIDE } from '../../target/raster.ts'
import { selected } from '../state/store.ts'
import { play } from '../state/training.ts'
import { showSamples, takeTarget } from './choose.ts'
import { BrushControls, PaintArea, PaintKeys } from './paint-area.tsx'
import { createPainting } from './painting.ts'
import { Stage } from './stage.tsx'

const kept = signal(emptyCells())
const painting = createPainting(
  densityCanvas,
  {
    read: () => kept.value,
    write: cells => {
      kept.value = cells
    },
  },
  { radius: 4, strength: 0.6 },
)

/** Puts cells on the drawing; what was there can be had back. */
export const replaceDrawing = (next: Uint8Array): void => painting.replace(next)

function show(canvas: HTMLCanvasElement, shown: Uint8Array): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const [red, green, blue] = getComputedStyle(canvas).color.match(/\d+/g)!.map(Number)
  const image = new ImageData(SIDE, SIDE)
  shown.forEach((value, i) => {
    image.data.set([red, green, blue, value], 4 * i)
  })
  context.putImageData(image, 0, 0)
}

function Drawing() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const shown = painting.cells.value
  useEffect(() => show(canvas.current!, shown), [shown])
  return <canvas ref={canvas} width={SIDE} height={SIDE} />
}

/** The stage as a place to draw: the square is where it is in the picture of the samples. */
export function Painter() {
  const { target } = selected.value
  useEffect(() => {
    const own = cellsOf(target)
    if (own && isEmpty(kept.value)) kept.value = own
  }, [])
  const { does, undoable, cells, undo } = painting
  const empty = isEmpty(cells.value)
  return (
    <>
      <Stage>
        <div class="easel">
          <PaintArea
            painting={painting}
            label="Drawing of a density"
            where={([x, y]) => `Column ${Math.round(x)}, row ${Math.round(y)} of ${SIDE}`}
          >
            <Drawing />
          </PaintArea>
        </div>
      </Stage>
      <PaintKeys />
      <div class="buttons">
        <button
          type="button"
          class="main"
          disabled={empty}
          onClick={() => {
            takeTarget(drawingOf(kept.value))
            play()
          }}
        >
          Train on it
        </button>
        <button
          type="button"
          aria-pressed={does.value === 'erase'}
          onClick={() => {
            does.value = does.value === 'erase' ? 'add' : 'erase'
          }}
        >
          Eraser
        </button>
        <button type="button" disabled={!undoable.value} onClick={undo}>
          Undo
        </button>
        <button type="button" disabled={empty} onClick={() => painting.replace(emptyCells())}>
          Clear
        </button>
        <button type="button" onClick={showSamples}>
          Show samples
        </button>
      </div>
    </>
  )
}

/** What is chosen less often of a drawing. */
export function MoreOfDrawing() {
  return (
    <>
      <BrushControls painting={painting} largest={16} />
      <div class="buttons">
        <button
          type="button"
          disabled={isEmpty(painting.cells.value)}
          onClick={() => takeTarget(drawingOf(kept.value))}
        >
          Use this target
        </button>
      </div>
    </>
  )
}
