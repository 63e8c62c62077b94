import type { Points } from '../../model/index.ts'
import { escapeHtml } from '../format.ts'
import { round } from '../svg.ts'
import type { Panel } from './panel.ts'

/** From a panel's coordinates to a square box of a size, y downwards. */
export interface Box {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
}

export const boxOf = ({ range: { x, y } }: Panel, size: number): Box => ({
  x: value => (size * (value - x[0])) / (x[1] - x[0]),
  y: value => (size * (y[1] - value)) / (y[1] - y[0]),
})

/** A polyline as the data of an SVG path: broken where it is out of sight, and where it goes over an edge that is glued. */
export function linePath(line: Points, { x, y }: Box, glued = Number.POSITIVE_INFINITY): string {
  let path = ''
  let isDown = false
  for (let i = 0; i + 1 < line.length; i += 2) {
    const [u, v] = [line[i], line[i + 1]]
    if (!Number.isFinite(u) || !Number.isFinite(v)) {
      isDown = false
      continue
    }
    const isOver = isDown && Math.hypot(u - line[i - 2], v - line[i - 1]) > glued
    path += `${isDown && !isOver ? 'L' : 'M'}${round(x(u))},${round(y(v))}`
    isDown = true
  }
  return path
}

/** Sizes of what is drawn behind points. */
export interface BackdropSize {
  /** Of the box. */
  readonly side: number
  readonly text: number
  readonly line: number
}

/** The outline, the grid and the ticks of a panel as markup. */
export function backdrop(panel: Panel, { side, text, line }: BackdropSize): string {
  const box = boxOf(panel, side)
  const stroke = (lines: readonly Points[], opacity: number, more = ''): string =>
    `<path d="${lines.map(each => linePath(each, box)).join('')}" fill="none" stroke="currentColor" stroke-opacity="${opacity}" stroke-width="${line}"${more}/>`
  const dashes = panel.glued ? ` stroke-dasharray="${4 * line} ${3 * line}"` : ''
  return (
    stroke(panel.grid, 0.16, ' class="lines"') +
    stroke(panel.outline, 0.5, dashes) +
    panel.marks
      .map(
        ({ text: word, at, anchor, shift }) =>
          `<text x="${round(box.x(at[0]) + shift[0] * text)}" y="${round(box.y(at[1]) + shift[1] * text)}" font-size="${text}" text-anchor="${anchor}" fill="currentColor">${escapeHtml(word)}</text>`,
      )
      .join('')
  )
}
