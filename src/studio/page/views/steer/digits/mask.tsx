import { useMemo } from 'preact/hooks'
import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import { PaintArea } from '../../../parts/paint-area.tsx'
import { createPainting, type Painting } from '../../../parts/painting.ts'
import { Slider } from '../../../parts/slider.tsx'
import { state } from '../../../state/store.ts'
import { Pictures } from '../../play/digits/pictures.tsx'
import { Choice } from '../../shared.tsx'
import { change, hiddenCells, packHidden } from './fill-state.ts'

/** What is hidden of a picture of so many pixels a side, painted by hand. */
export const useMask = (side: number): Painting<Uint8Array> =>
  useMemo(
    () =>
      createPainting(
        { side, least: 0, most: 1 },
        {
          read: () => hiddenCells(state.value.fill.hidden, side),
          write: cells => change({ hidden: packHidden(cells) }),
        },
        { radius: 2, strength: 1 },
      ),
    [side],
  )

export function MaskControls({ mask }: { mask: Painting<Uint8Array> }) {
  const { does, radius, undoable, undo, cells, replace } = mask
  return (
    <>
      <Choice
        name="Brush"
        options={[
          ['add', 'Hide'],
          ['erase', 'Uncover'],
        ]}
        value={does.value === 'erase' ? 'erase' : 'add'}
        onChange={value => {
          does.value = value
        }}
      />
      <Slider
        name="Brush size"
        value={radius.value}
        min={1}
        max={mask.canvas.side / 4}
        step={0.5}
        onChange={value => {
          radius.value = value
        }}
      />
      <div class="buttons">
        <button type="button" disabled={!undoable.value} onClick={undo}>
          Undo
        </button>
        <button
          type="button"
          disabled={!cells.value.includes(1)}
          onClick={() => replace(new Uint8Array(cells.value.length))}
        >
          Clear
        </button>
      </div>
    </>
  )
}

/** A digit, with what is hidden of it. */
export function Hole({
  mask,
  picture,
  shape,
}: {
  mask: Painting<Uint8Array>
  picture: Float32Array | null
  shape: PictureTraits['shape']
}) {
  const [, side, channels] = shape
  const cells = mask.cells.value
  const seen = useMemo(
    () => picture?.map((value, i) => (cells[Math.floor(i / channels)] ? 0 : value)) ?? null,
    [picture, cells],
  )
  const hidden = useMemo(
    () =>
      [...cells.keys()]
        .flatMap(i => (cells[i] ? [`M${i % side} ${Math.floor(i / side)}h1v1h-1z`] : []))
        .join(''),
    [cells, side],
  )
  const where = ([x, y]: readonly [number, number]): string => {
    const inside = (value: number): number => Math.min(side - 1, Math.floor(value))
    const isHidden = cells[inside(y) * side + inside(x)] === 1
    return `column ${inside(x) + 1}, row ${inside(y) + 1}, ${isHidden ? 'hidden' : 'seen'}`
  }
  return (
    <figure class="hole">
      <figcaption>The digit, with its hole</figcaption>
      <PaintArea painting={mask} label="What is hidden of the digit" look="over" where={where}>
        <Pictures pixels={seen} shape={shape} count={1} label="A digit, some of it hidden" />
        <svg class="hidden-part" viewBox={`0 0 ${side} ${side}`} aria-hidden="true">
          <pattern
            id="hidden-hatch"
            patternUnits="userSpaceOnUse"
            width="0.5"
            height="0.5"
            patternTransform="rotate(45)"
          >
            <path d="M.25 0V.5" />
          </pattern>
          <path class="cells" d={hidden} />
          <path d={hidden} fill="url(#hidden-hatch)" />
        </svg>
      </PaintArea>
    </figure>
  )
}
