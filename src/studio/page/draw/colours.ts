import { signal } from '@preact/signals'
import type { Colour } from './cloud.ts'

/** Counts changes of the theme: who draws with the page's colours reads it, to draw anew. */
const theme = signal(0)

const changed = (): void => {
  theme.value++
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['data-theme'] })

/** A colour of the page's style (`--run-0`), as numbers. */
export function colourOf(variable: string, opacity = 1): Colour {
  theme.value
  const text = getComputedStyle(document.documentElement).getPropertyValue(variable).trim()
  const part = (at: number): number => Number.parseInt(text.slice(at, at + 2), 16) / 255
  return [part(1), part(3), part(5), opacity]
}
