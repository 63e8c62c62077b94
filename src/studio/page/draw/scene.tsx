import type { ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { PlanePoints } from '../../engine/protocol.ts'
import type { Cloud } from './cloud.ts'
import { PointsCanvas, SHOWN } from './points.tsx'
import './scene.css'

/** Where a point of the data is on the drawing over a cloud, whose upward axis points down. */
export const at = (points: PlanePoints, i: number): [number, number] => [points[2 * i], -points[2 * i + 1]]

const numbers = (value: number): string => value.toFixed(3)

/** A line through places, for `<polyline points>`. */
export const through = (places: readonly (readonly [number, number])[]): string =>
  places.map(([x, y]) => `${numbers(x)},${numbers(y)}`).join(' ')

/** How near to what it means a click is, in pixels: with a mouse or a pen, and with a finger. */
const REACH = { fine: 8, finger: 22 }

/** Clouds with lines and marks over them, and a click that gives a place and its reach in units of the data. */
export function Scene({
  clouds,
  label,
  progress,
  under,
  onPick,
  children,
}: {
  clouds: readonly Cloud[]
  label: string
  progress?: ReadonlySignal<number>
  under?: HTMLCanvasElement | null
  onPick?: (place: [number, number], reach: number) => void
  children?: ComponentChildren
}) {
  const pick = (event: MouseEvent & { currentTarget: HTMLElement }): void => {
    const { left, top, width } = event.currentTarget.getBoundingClientRect()
    const unit = (2 * SHOWN) / width
    const isFinger = event instanceof PointerEvent && event.pointerType === 'touch'
    const reach = unit * (isFinger ? REACH.finger : REACH.fine)
    onPick?.([(event.clientX - left) * unit - SHOWN, SHOWN - (event.clientY - top) * unit], reach)
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the buttons beside it make the same choice with the keyboard
    // biome-ignore lint/a11y/noStaticElementInteractions: as above; what it shows is said by the picture in it
    <div class={`scene${onPick ? ' pickable' : ''}${clouds.length === 0 ? ' waiting' : ''}`} onClick={pick}>
      <PointsCanvas clouds={clouds} label={label} progress={progress} under={under} />
      <svg viewBox={`${-SHOWN} ${-SHOWN} ${2 * SHOWN} ${2 * SHOWN}`} aria-hidden="true">
        {children}
      </svg>
    </div>
  )
}
