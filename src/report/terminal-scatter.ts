import { joinArrays, type Points } from '../model/index.ts'
import { scatter, scatterRow, type TitledPoints } from './braille.ts'
import { levelRange, rangeOf, toPlane } from './points.ts'
import type { Panel } from './space/panel.ts'
import { spaceView } from './space/view.ts'

/** Where points live. */
interface Where {
  readonly dimension: number
  readonly space?: string
}

/** Columns that a scatter takes at most, and those of a row of them. */
const [WIDEST, WIDEST_ROW] = [48, 80]

const panelOf = (panel: Panel, points: Points, title: string): TitledPoints => ({
  title,
  points: panel.place(points),
  lines: panel.outline,
  faint: panel.grid,
  range: levelRange(rangeOf(joinArrays(panel.outline, Float64Array))),
})

/**
 * Samples `[n, D]` in a terminal: a scatter, or of a curved space all of its pictures beside each other.
 *
 * @param options.columns  of the terminal
 */
export function terminalScatter(
  points: Points,
  { dimension, space }: Where,
  { columns, title }: { readonly columns: number; readonly title: string },
): string {
  const view = spaceView(space, dimension, points)
  if (!view) return scatter(toPlane(points, dimension), { width: Math.min(columns, WIDEST), title })
  const [panel] = view.panels
  if (view.panels.length === 1) {
    const { points: placed, ...drawn } = panelOf(panel, points, title)
    return scatter(placed, { width: Math.min(columns, WIDEST), ...drawn, ends: false })
  }
  const panels = view.panels.map(each => panelOf(each, points, each.name))
  return [title, scatterRow(panels, { columns: Math.min(columns, WIDEST_ROW) })].join('\n')
}

/** Several clouds beside each other, of a curved space the first picture of each. */
export function terminalRow(
  clouds: readonly TitledPoints[],
  { dimension, space }: Where,
  columns: number,
): string {
  const view = clouds[0] && spaceView(space, dimension, clouds[0].points)
  const panels = clouds.map(({ title, points }) =>
    view ? panelOf(view.panels[0], points, title) : { title, points: toPlane(points, dimension) },
  )
  return scatterRow(panels, { columns })
}
