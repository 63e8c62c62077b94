import type { Points } from '../../model/index.ts'
import { classColour, placedLegend } from '../class-legend.ts'
import { escapeHtml, truncate, wrap } from '../format.ts'
import { palette } from '../palette.ts'
import { dotsPath } from '../points.ts'
import { dotDiameter, type ScatterOptions } from '../scatter-plot.ts'
import { svgDocument, textWidth } from '../svg.ts'
import { backdrop } from './drawing.ts'
import { spaceView } from './view.ts'

/** A panel's side, what is between panels, and between lines of text, in CSS pixels. */
const [SIDE, GAP, LINE] = [340, 20, 18]
/** Whole units per CSS pixel, so that rounding does not show. */
const FINE = 4

/**
 * Points `[n, D]` of a curved space as one SVG: all pictures of the space beside each other, with what they are; nothing of flat space.
 */
export function spacePlot(
  points: Points,
  { dimension, space }: { readonly dimension: number; readonly space?: string },
  options: Pick<ScatterOptions, 'title' | 'limit' | 'classes'> = {},
): string | undefined {
  const view = spaceView(space, dimension, points)
  if (!view) return undefined
  const { title = '', limit = 5000, classes } = options
  const { panels } = view
  const width = Math.max(480, panels.length * (SIDE + GAP) - GAP + 8)
  const diameter = FINE * dotDiameter(Math.min(limit, points.length / dimension), SIDE)
  const named = placedLegend(classes?.names, width - 8)
  const namedLines = (named.at(-1)?.line ?? -1) + 1
  const isNamed = panels.length > 1
  const top = (title ? 30 : 6) + LINE * namedLines + (isNamed ? LINE + 4 : 0)
  const dots = (d: string, stroke: string): string =>
    `<path d="${d}" transform="scale(${1 / FINE})" fill="none" stroke="${stroke}" stroke-width="${diameter}" stroke-linecap="round" stroke-opacity=".8"/>`
  const drawn = panels.map((panel, k) => {
    const size = FINE * SIDE
    const { path, byClass = [] } = dotsPath(
      panel.place(points),
      panel.range,
      size,
      size,
      limit,
      undefined,
      classes?.of,
    )
    const name = isNamed
      ? `<text x="${SIDE / 2}" y="-8" text-anchor="middle">${escapeHtml(panel.name)}</text>`
      : ''
    const layers = byClass.map((each, i) => (each ? dots(each, classColour(i)) : ''))
    const body =
      backdrop(panel, { side: SIDE, text: 13, line: 1 }) + dots(path, palette[0].colour) + layers.join('')
    return `<g transform="translate(${4 + k * (SIDE + GAP)},${top})">${name}${body}</g>`
  })
  const legend = view.legend.flatMap(line => wrap(line, Math.floor((width - 8) / textWidth('x'))))
  const bottom = top + SIDE + 8
  const text = (line: string, y: number, more = ''): string =>
    `<text x="4" y="${y}"${more}>${escapeHtml(line)}</text>`
  const body = [
    title && text(truncate(title, 60), 20, ' font-size="14" font-weight="600"'),
    ...named.map(({ name, colour, left, line }) => {
      const base = 46 + LINE * line
      return `<circle cx="${left + 9}" cy="${base - 4}" r="4" fill="${colour}"/><text x="${left + 17}" y="${base}">${escapeHtml(name)}</text>`
    }),
    ...drawn,
    ...legend.map((line, i) => text(line, bottom + LINE * (i + 1))),
  ]
  return svgDocument(body.join(''), width, bottom + LINE * legend.length + 10, { title })
}
