import { useEffect, useRef } from 'preact/hooks'
import type { PlanePoints } from '../../engine/protocol.ts'
import { SHOWN } from '../draw/points.tsx'
import './thumbnail.css'

/** @returns calls it off */
function whenIdle(action: () => void): () => void {
  if ('requestIdleCallback' in globalThis) {
    const id = requestIdleCallback(action, { timeout: 2000 })
    return () => cancelIdleCallback(id)
  }
  const id = setTimeout(action, 50)
  return () => clearTimeout(id)
}

/** Side in CSS pixels. */
const SIDE = 64

/** A small picture of points; what it shows stands beside it. */
export function Thumbnail({ points }: { points: () => PlanePoints }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const paint = (): void => {
      const context = canvas.current?.getContext('2d')
      if (!context) return
      const all = points()
      const pixels = SIDE * devicePixelRatio
      Object.assign(context.canvas, { width: pixels, height: pixels })
      context.fillStyle = getComputedStyle(context.canvas).color
      context.globalAlpha = 0.6
      const scale = pixels / (2 * SHOWN)
      const size = 1.2 * devicePixelRatio
      for (let i = 0; i < all.length; i += 2) {
        const [x, y] = [(SHOWN + all[i]) * scale, (SHOWN - all[i + 1]) * scale]
        context.fillRect(x - size / 2, y - size / 2, size, size)
      }
    }
    // After the first picture of the page, one by one.
    const cancel = whenIdle(paint)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const theme = new MutationObserver(paint)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    dark.addEventListener('change', paint)
    return () => {
      cancel()
      theme.disconnect()
      dark.removeEventListener('change', paint)
    }
  }, [points])
  return (
    <span class="thumbnail" aria-hidden="true">
      <canvas ref={canvas} style={{ width: `${SIDE}px`, height: `${SIDE}px` }} />
    </span>
  )
}
