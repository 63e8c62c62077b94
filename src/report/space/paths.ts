import type { Points } from '../../model/index.ts'
import { palette } from '../palette.ts'
import { dotsPath } from '../points.ts'
import type { JumpPath, PathData } from '../types.ts'
import { backdrop, boxOf, linePath } from './drawing.ts'
import { partWay } from './geodesic.ts'
import type { SpaceView } from './panel.ts'

/** How paths of a curved space are drawn. */
export interface CurvedFrame {
  readonly view: SpaceView
  readonly space: string
}

/** Points of a line between two ends of a jump. */
const PARTS = 16
/** Points of the data behind a panel. */
const BEHIND = 500

/** The points at `parts` of each way between stops, the stops included. */
function onTheWay(stops: readonly Points[], space: string, dimension: number, parts: number): Points[] {
  const between = stops
    .slice(1)
    .flatMap((stop, i) =>
      Array.from({ length: parts }, (_, k) => partWay(space, stops[i], stop, dimension, (k + 1) / parts)),
    )
  return [stops[0], ...between]
}

/** Jumps at one number of steps over the curves of the ODE, as markup in a square box of `side`. */
export function curvedPaths(
  { view, space }: CurvedFrame,
  dimension: number,
  reference: Points,
  data: PathData,
  way: JumpPath,
  side: number,
): string {
  const [panel] = view.panels
  const box = boxOf(panel, side)
  const { colour } = palette[0]
  const { place, placeBehind } = panel
  const places = placeBehind
    ? [
        { place: placeBehind, faint: 0.3 },
        { place, faint: 1 },
      ]
    : [{ place, faint: 1 }]
  const stroke = (d: string, paint: string): string =>
    `<path d="${d}" fill="none" stroke-linecap="round" ${paint}/>`
  const lines = (stops: readonly Points[], paint: (faint: number) => string): string =>
    places
      .map(({ place, faint }) => {
        const placed = stops.map(place)
        const each = Array.from({ length: placed[0].length / 2 }, (_, n) =>
          linePath(Float64Array.from(placed.flatMap(at => [at[2 * n], at[2 * n + 1]])), box, panel.glued),
        )
        return stroke(each.join(''), paint(faint))
      })
      .join('')
  const dots = (points: Points, paint: (faint: number) => string): string =>
    places
      .map(({ place, faint }) => {
        const fine = 4
        const { path } = dotsPath(place(points), panel.range, fine * side, fine * side)
        return `<g transform="scale(${1 / fine})">${stroke(path, paint(faint))}</g>`
      })
      .join('')
  const size = (width: number): string => `stroke-width="${4 * width}"`
  const behind = dotsPath(place(reference), panel.range, side, side, BEHIND).path
  const last = way.points.length - 1
  const hasCurve = data.curve.length > 0
  return [
    backdrop(panel, { side, text: 12.5, line: 1 }),
    stroke(behind, 'stroke="currentColor" stroke-opacity=".2" stroke-width="2"'),
    hasCurve
      ? lines(
          data.curve,
          faint => `stroke="currentColor" stroke-opacity="${0.55 * faint}" stroke-width="1.2"`,
        )
      : '',
    lines(
      onTheWay(way.points, space, dimension, PARTS),
      faint => `stroke="${colour}" stroke-opacity="${faint}" stroke-width="1.4"`,
    ),
    ...way.points
      .slice(1)
      .map((at, i) =>
        dots(at, faint => `stroke="${colour}" stroke-opacity="${faint}" ${size(i + 1 === last ? 6 : 4)}`),
      ),
    hasCurve
      ? dots(data.curve.at(-1)!, faint => `stroke="currentColor" stroke-opacity="${faint}" ${size(2.6)}`)
      : '',
  ].join('')
}
