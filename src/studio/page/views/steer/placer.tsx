import type { ComponentChildren } from 'preact'
import { REACH } from '../../../reach.ts'
import { SHOWN } from '../../draw/cloud.ts'
import { movedByKey } from '../../draw/held.ts'
import './placer.css'

/** Digits of what is shown and kept: enough for the eye, short in a link. */
const rounded = (value: number): number => Math.round(value * 100) / 100
const held = (value: number): number => rounded(Math.min(REACH, Math.max(-REACH, value)))

/** The nearest place where a point may be put, in hundredths. */
export const onPlane = (x: number, y: number): [number, number] => [held(x), held(y)]

const STRIDE = 0.1
const percent = (value: number): string => `${(100 * (value + SHOWN)) / (2 * SHOWN)}%`

/** A picture of the plane with a place on it that is dragged, or moved by arrow keys. */
export function Placer({
  at: [x, y],
  put,
  label,
  children,
}: {
  at: readonly [number, number]
  put: (x: number, y: number) => void
  /** What is at the place, and where that is. */
  label: string
  children: ComponentChildren
}) {
  const follow = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const { left, top, width } = event.currentTarget.getBoundingClientRect()
    const unit = (2 * SHOWN) / width
    put((event.clientX - left) * unit - SHOWN, SHOWN - (event.clientY - top) * unit)
  }
  const step = (event: KeyboardEvent): void => {
    const next = movedByKey(event.key, [x, y], event.shiftKey ? 10 * STRIDE : STRIDE)
    if (!next) return
    event.preventDefault()
    put(...next)
  }
  return (
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
      {children}
      <button
        type="button"
        class="handle"
        aria-label={`${label}; arrow keys move it, with shift further`}
        style={{ left: percent(x), top: percent(-y) }}
        onKeyDown={step}
      />
    </div>
  )
}
