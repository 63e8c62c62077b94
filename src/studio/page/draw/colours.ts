import { signal } from '@preact/signals'
import type { Colour } from './cloud.ts'

/** Counts changes of the theme: who draws with the page's colours reads it, to draw anew. */
const theme = signal(0)

const changed = (): void => {
  theme.value++
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['data-theme'] })

/** A colour of the page's style (`--run-0`), as numbers; the style registers it as a colour, so it is read as `rgb(...)`. */
export function colourOf(variable: string, opacity = 1): Colour {
  theme.value
  const text = getComputedStyle(document.documentElement).getPropertyValue(variable)
  const [red, green, blue] = text.match(/\d+/g)!.map(part => Number(part) / 255)
  return [red, green, blue, opacity]
}

/** The variable of the colour of the run at a place. */
export const runColour = (at: number): string => `--run-${at}`

/** A colour as style sheets and canvases take it. */
export const cssOf = ([red, green, blue]: Colour): string =>
  `rgb(${[red, green, blue].map(part => Math.round(255 * part)).join(' ')})`
