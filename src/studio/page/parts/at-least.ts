import { type ReadonlySignal, signal } from '@preact/signals'

/** Whether the window is as wide as this, now and later. */
export function atLeast(pixels: number): ReadonlySignal<boolean> {
  const media = matchMedia(`(min-width: ${pixels}px)`)
  const wide = signal(media.matches)
  media.addEventListener('change', ({ matches }) => {
    wide.value = matches
  })
  return wide
}
