import type { Points } from '../../model/index.ts'
import { classColour } from '../class-legend.ts'
import { dotsPath } from '../points.ts'
import { dotDiameter } from '../scatter-plot.ts'
import { backdrop } from './drawing.ts'
import { mapRows, type SpaceView } from './panel.ts'

/** Between panels of a cell, which are below each other, in parts of a panel. */
const GAP = 0.05

/** Height of a cell of a view, where its width is one. */
export const cellHeight = ({ panels }: SpaceView): number => panels.length * (1 + GAP) - GAP

/** Points of one colour. */
interface Layer {
  readonly points: Points
  readonly stroke: string
}

/** Points `[n, D]` thinned to a limit, by their class where they have one. */
function layersOf(
  points: Points,
  dimension: number,
  stroke: string,
  limit: number,
  classes?: ArrayLike<number>,
): Layer[] {
  const n = Math.floor(points.length / dimension)
  const rows = Array.from({ length: Math.min(n, limit) }, (_, k) => Math.floor((k * n) / Math.min(n, limit)))
  const of = (wanted: readonly number[]): Points =>
    mapRows(Float64Array.from(wanted), 1, dimension, at =>
      Array.from({ length: dimension }, (_, k) => points[wanted[at] * dimension + k]),
    )
  if (!classes) return [{ points: of(rows), stroke }]
  const found = [...new Set(rows.map(row => classes[row]))].sort((a, b) => a - b)
  return found.map(k => ({ points: of(rows.filter(row => classes[row] === k)), stroke: classColour(k) }))
}

/** The numbers of points in the unit ball, for the script that turns them. */
const asText = (places: Points): string =>
  Buffer.from(Int16Array.from(places, x => Math.round(32000 * x)).buffer).toString('base64')

/** A cell of points in a space. */
export interface SpaceCell {
  /** Markup in a box whose width is `side`, its height `cellHeight` times that. */
  readonly markup: string
  /** What a script needs to turn it, as attributes of the element around; empty where nothing turns. */
  readonly turning: string
  readonly drawn: number
  /** Points that are in no panel. */
  readonly outside: number
}

/** Draws points `[n, D]` in all panels of a view, below each other. */
export function spaceCell(
  { panels, turning }: SpaceView,
  points: Points,
  dimension: number,
  {
    side,
    stroke,
    limit,
    classes,
  }: { side: number; stroke: string; limit: number; classes?: ArrayLike<number> },
): SpaceCell {
  const layers = layersOf(points, dimension, stroke, limit, classes)
  const drawn = layers.reduce((sum, layer) => sum + layer.points.length / dimension, 0)
  const width = Math.round(dotDiameter(drawn, 110) * (side / 110))
  const lost = layers.reduce(
    (sum, layer) => sum + layer.points.filter((x, i) => i % dimension === 0 && !Number.isFinite(x)).length,
    0,
  )
  let outside = lost
  const markup = panels.map((panel, k) => {
    let left = 0
    const dots = layers.map(layer => {
      const found = dotsPath(panel.place(layer.points), panel.range, side, side, limit)
      left += found.outside
      const { path } = found
      return `<path class="dots" d="${path}" fill="none" stroke="${layer.stroke}" stroke-width="${width}" stroke-linecap="round"/>`
    })
    if (!panel.placeBehind) outside = Math.max(outside, left)
    const behind = backdrop(panel, { side, text: 0.1 * side, line: 0.01 * side })
    return `<g transform="translate(0,${Math.round(k * side * (1 + GAP))})">${behind}${dots.join('')}</g>`
  })
  return {
    markup: markup.join(''),
    turning: turning
      ? ` data-turning="${turning.kind}" data-points="${layers.map(layer => asText(turning.inBall(layer.points))).join(' ')}"`
      : '',
    drawn,
    outside,
  }
}
