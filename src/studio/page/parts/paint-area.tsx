import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import type { CanvasPoint } from '../../target/raster.ts'
import type { Painting } from './painting.ts'
import { Slider } from './slider.tsx'
import './paint-area.css'

const STEP: Readonly<Record<string, CanvasPoint>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** Part of the side that Shift goes. */
const FAR = 8

/** Takes a key. @returns whether it meant something here */
function take({ canvas, cursor, paintTo, endStroke, undo }: Painting, event: KeyboardEvent): boolean {
  const step = STEP[event.key]
  const [x, y] = cursor.value
  const within = (value: number): number => Math.min(canvas.side, Math.max(0, value))
  if (step) {
    const far = event.shiftKey ? Math.round(canvas.side / FAR) : 1
    cursor.value = [within(x + far * step[0]), within(y + far * step[1])]
  } else if (event.key === ' ') {
    paintTo(cursor.value)
    endStroke()
  } else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo()
  else return false
  event.preventDefault()
  return true
}

/** A square that is painted on with the pointer or the keyboard, as `PaintKeys` says; `children` show what was painted. */
export function PaintArea({
  painting,
  label,
  look = '',
  where,
  children,
}: {
  painting: Painting
  label: string
  look?: string
  /** Says where the keyboard's brush is. */
  where: (place: CanvasPoint) => string
  children: ComponentChildren
}) {
  const area = useRef<HTMLDivElement>(null)
  const pointer = useRef<number | null>(null)
  const focused = useSignal(false)
  const mouse = useSignal<CanvasPoint | null>(null)
  const { side } = painting.canvas
  const brush = mouse.value ?? (focused.value ? painting.cursor.value : null)
  const placeOf = ({ clientX, clientY }: PointerEvent): CanvasPoint => {
    const { left, top, width, height } = area.current!.getBoundingClientRect()
    return [((clientX - left) / width) * side, ((clientY - top) / height) * side]
  }
  const lift = (): void => {
    pointer.current = null
    painting.endStroke()
  }
  return (
    <>
      <div
        ref={area}
        class={`painting ${look}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is painted on by keys of its own
        tabIndex={0}
        role="application"
        aria-label={label}
        aria-describedby="painting-keys"
        onKeyDown={event => {
          if (!take(painting, event)) return
          focused.value = true
          mouse.value = null
        }}
        onFocus={() => {
          focused.value = area.current!.matches(':focus-visible')
        }}
        onBlur={() => {
          focused.value = false
        }}
        onPointerDown={event => {
          if (pointer.current !== null || event.button !== 0) return
          pointer.current = event.pointerId
          area.current!.setPointerCapture(event.pointerId)
          painting.paintTo(placeOf(event))
        }}
        onPointerMove={event => {
          if (event.pointerType === 'mouse') mouse.value = placeOf(event)
          if (pointer.current !== event.pointerId) return
          for (const each of event.getCoalescedEvents?.() ?? []) painting.paintTo(placeOf(each))
          painting.paintTo(placeOf(event))
        }}
        onPointerLeave={() => {
          mouse.value = null
        }}
        onPointerUp={lift}
        onPointerCancel={lift}
      >
        {children}
        {brush && (
          <svg class="brush" viewBox={`0 0 ${side} ${side}`} aria-hidden="true">
            <circle cx={brush[0]} cy={brush[1]} r={painting.radius.value} />
          </svg>
        )}
      </div>
      <p class="hidden-but-read" role="status">
        {focused.value ? where(painting.cursor.value) : ''}
      </p>
    </>
  )
}

/** How the area is painted on; it says so wherever it stands. */
export function PaintKeys() {
  return (
    <p class="soft" id="painting-keys">
      Paint with the mouse or a finger. With the keyboard: arrows move (further with Shift), Space paints,
      Ctrl+Z undoes.
    </p>
  )
}

/** How large the brush is and how much it gives. */
export const BrushControls = ({ painting, largest }: { painting: Painting; largest: number }) => (
  <div class="pair">
    <BrushSize painting={painting} largest={largest} />
    <BrushStrength painting={painting} />
  </div>
)

export function BrushSize({ painting: { radius }, largest }: { painting: Painting; largest: number }) {
  return (
    <Slider
      name="Brush size"
      value={radius.value}
      min={1}
      max={largest}
      step={0.5}
      text={`${Math.round(radius.value)}`}
      onChange={value => {
        radius.value = value
      }}
    />
  )
}

export function BrushStrength({ painting: { strength } }: { painting: Painting }) {
  return (
    <Slider
      name="Brush strength"
      value={strength.value}
      min={0.05}
      max={1}
      step={0.05}
      text={`${Math.round(100 * strength.value)}%`}
      onChange={value => {
        strength.value = value
      }}
    />
  )
}
