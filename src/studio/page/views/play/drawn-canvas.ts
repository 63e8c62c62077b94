import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/**
 * A canvas of as many pixels as the screen has for it, drawn again before the next frame when its size or a signal changes.
 *
 * @param signals  what `draw` peeks at
 * @param inputs  what else it draws
 */
export function useDrawnCanvas(
  draw: (canvas: HTMLCanvasElement) => void,
  signals: readonly ReadonlySignal<unknown>[],
  inputs: readonly unknown[],
) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const own = canvas.current!
    let frame = 0
    const drawNow = (): void => {
      frame = 0
      const [width, height] = [own.clientWidth, own.clientHeight].map(side =>
        Math.round(side * devicePixelRatio),
      )
      if (own.width !== width || own.height !== height) Object.assign(own, { width, height })
      draw(own)
    }
    const later = (): void => {
      if (frame === 0) frame = requestAnimationFrame(drawNow)
    }
    const sizes = new ResizeObserver(later)
    sizes.observe(own)
    const ends = signals.map(signal => signal.subscribe(later))
    return () => {
      for (const end of ends) end()
      sizes.disconnect()
      cancelAnimationFrame(frame)
    }
  }, inputs)
  return canvas
}
