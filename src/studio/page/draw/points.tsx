import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Cloud } from './cloud.ts'
import { drawnBy, keep, type Picture, schedule } from './painter.ts'
import './points.css'

export { type Cloud, SHOWN } from './cloud.ts'

/** A square of clouds; what it shows is said by `label`. Moving clouds follow `progress`, without rendering the page. */
export function PointsCanvas({
  clouds,
  label,
  progress,
  under,
}: {
  clouds: readonly Cloud[]
  label: string
  progress?: ReadonlySignal<number>
  /** What lies beneath them, over the whole square. */
  under?: HTMLCanvasElement | null
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const picture = useRef<Picture | null>(null)
  useEffect(() => {
    const own: Picture = { canvas: canvas.current!, clouds: [], progress: 1 }
    picture.current = own
    return keep(own)
  }, [])
  useEffect(() => {
    const own = picture.current!
    own.clouds = clouds
    own.under = under
    schedule(own)
  }, [clouds, under])
  useEffect(
    () =>
      progress?.subscribe(value => {
        const own = picture.current!
        own.progress = value
        schedule(own)
      }),
    [progress],
  )
  return (
    <>
      <canvas ref={canvas} class="points" role="img" aria-label={label} />
      {drawnBy.value === 'lost' && (
        <p class="soft" role="status">
          The graphics card was taken away; drawn without it until it is back.
        </p>
      )}
    </>
  )
}
