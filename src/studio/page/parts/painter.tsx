import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import {
  beginStroke,
  type Cells,
  cellsOf,
  drawingOf,
  emptyCells,
  isEmpty,
  type Place,
  SIDE,
} from '../../target/raster.ts'
import { selected } from '../store.ts'
import { begin, making } from './choose.ts'
import { Slider } from './slider.tsx'

/** Drawings that can be undone. */
const KEPT = 50

const cells = signal<Cells>(emptyCells())
const before = signal<readonly Cells[]>([])
const radius = signal(4)
const strength = signal(0.6)
const erase = signal(false)
/** Where the keyboard paints, in cells. */
const cursor = signal<Place>([SIDE / 2, SIDE / 2])
const focused = signal(false)

/** Puts cells on the drawing; what was there can be had back. */
export function replaceDrawing(next: Cells): void {
  before.value = [...before.value, cells.value].slice(-KEPT)
  cells.value = next
}

function undo(): void {
  const last = before.value.at(-1)
  if (!last) return
  before.value = before.value.slice(0, -1)
  cells.value = last
}

const brush = () => ({ radius: radius.value, strength: strength.value, erase: erase.value })

const STEP: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

const within = (value: number): number => Math.min(SIDE, Math.max(0, value))

function onKey(event: KeyboardEvent): void {
  const step = STEP[event.key]
  const [x, y] = cursor.value
  if (step) {
    const far = event.shiftKey ? 8 : 1
    cursor.value = [within(x + far * step[0]), within(y + far * step[1])]
  } else if (event.key === ' ') replaceDrawing(beginStroke(cells.value, brush())([x, y]))
  else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo()
  else return
  focused.value = true
  event.preventDefault()
}

/** Paints the cells, and the ring of the keyboard's brush over them. */
function show(canvas: HTMLCanvasElement, shown: Cells, ring: { place: Place; radius: number } | null): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const ink = /\d+/g
  const [red, green, blue] = getComputedStyle(canvas).color.match(ink)!.map(Number)
  const image = new ImageData(SIDE, SIDE)
  shown.forEach((value, i) => {
    image.data.set([red, green, blue, value], 4 * i)
  })
  const small = new OffscreenCanvas(SIDE, SIDE)
  small.getContext('2d')!.putImageData(image, 0, 0)
  const pixels = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio))
  Object.assign(canvas, { width: pixels, height: pixels })
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, pixels, pixels)
  if (!ring) return
  const scale = pixels / SIDE
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue('--accent')
  context.lineWidth = 2 * devicePixelRatio
  context.beginPath()
  context.arc(ring.place[0] * scale, ring.place[1] * scale, ring.radius * scale, 0, 2 * Math.PI)
  context.stroke()
}

function Square() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const stroke = useRef<{ id: number; to: (place: Place) => Cells } | null>(null)
  const ring = focused.value ? { place: cursor.value, radius: radius.value } : null
  useEffect(() => {
    show(canvas.current!, cells.value, ring)
  }, [cells.value, ring?.place, ring?.radius])
  const placeOf = ({ clientX, clientY }: PointerEvent): Place => {
    const { left, top, width, height } = canvas.current!.getBoundingClientRect()
    return [((clientX - left) / width) * SIDE, ((clientY - top) / height) * SIDE]
  }
  const [x, y] = cursor.value
  return (
    <>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is painted on by keys of its own */}
      <canvas
        ref={canvas}
        class="painting"
        tabIndex={0}
        role="application"
        aria-label="Drawing of a density"
        aria-describedby="painting-keys"
        onKeyDown={onKey}
        onFocus={() => {
          focused.value = canvas.current!.matches(':focus-visible')
        }}
        onBlur={() => {
          focused.value = false
        }}
        onPointerDown={event => {
          if (stroke.current || event.button !== 0) return
          canvas.current!.setPointerCapture(event.pointerId)
          stroke.current = { id: event.pointerId, to: beginStroke(cells.value, brush()) }
          replaceDrawing(stroke.current.to(placeOf(event)))
        }}
        onPointerMove={event => {
          if (stroke.current?.id !== event.pointerId) return
          for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.current.to(placeOf(each))
          cells.value = stroke.current.to(placeOf(event))
        }}
        onPointerUp={() => {
          stroke.current = null
        }}
        onPointerCancel={() => {
          stroke.current = null
        }}
      />
      <p class="soft" id="painting-keys">
        Paint with the mouse or a finger. By keyboard: arrows move (with Shift: far), Space paints, Ctrl+Z
        undoes.
      </p>
      <p class="hidden-but-read" role="status">
        {focused.value ? `Column ${Math.round(x)}, row ${Math.round(y)} of ${SIDE}` : ''}
      </p>
    </>
  )
}

/** Where a target is drawn. */
export function Painter() {
  const { target } = selected.value
  useEffect(() => {
    const own = cellsOf(target)
    if (own && isEmpty(cells.value)) cells.value = own
  }, [])
  return (
    <div class="panel making">
      <Square />
      <div class="pair">
        <Slider
          name="Brush"
          value={radius.value}
          min={1}
          max={16}
          step={0.5}
          text={`${Math.round(radius.value)}`}
          onChange={value => {
            radius.value = value
          }}
        />
        <Slider
          name="Strength"
          value={strength.value}
          min={0.05}
          max={1}
          step={0.05}
          text={`${Math.round(100 * strength.value)}%`}
          onChange={value => {
            strength.value = value
          }}
        />
      </div>
      <div class="buttons">
        <button
          type="button"
          aria-pressed={erase.value}
          onClick={() => {
            erase.value = !erase.value
          }}
        >
          Eraser
        </button>
        <button type="button" disabled={before.value.length === 0} onClick={undo}>
          Undo
        </button>
        <button type="button" disabled={isEmpty(cells.value)} onClick={() => replaceDrawing(emptyCells())}>
          Clear
        </button>
        <button
          type="button"
          class="main"
          disabled={isEmpty(cells.value)}
          onClick={() => {
            making.value = null
            begin({ target: drawingOf(cells.value) })
          }}
        >
          Train on this
        </button>
      </div>
    </div>
  )
}
