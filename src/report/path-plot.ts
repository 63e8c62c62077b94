import { joinArrays, type Points, standardized } from '../model/index.ts'
import { linearTicks } from './axes.ts'
import { decimalsFor, escapeHtml, formatNumber, formatTick, plural, truncate } from './format.ts'
import { palette, stray } from './palette.ts'
import { type Axes, dotsPath, drawnAxes, levelRange, type Range, rangeOf, toPlane } from './points.ts'
import { type CurvedFrame, curvedPaths } from './space/paths.ts'
import { spaceView } from './space/view.ts'
import { type PlotOptions, round, svgDocument } from './svg.ts'
import type { ComparisonData, JumpPath, PathData } from './types.ts'

/** What panels of paths share. */
export interface PathFrame {
  readonly dimension: number
  /** The two coordinates that are drawn. */
  readonly axes: Axes
  readonly range: Range
  /** Points of the data, in the units of the paths, drawn faintly behind. */
  readonly reference: Points
  /** How points of a curved space are drawn, of which a panel of paths shows the first picture, and the name of that space. */
  readonly curved?: CurvedFrame
}

/** Size of one panel in CSS pixels. */
export const pathPanelSize = { width: 328, height: 358 }
const MARGIN = { left: 34, right: 10, top: 32 }
const SIDE = pathPanelSize.width - MARGIN.left - MARGIN.right
/** Points of the data behind a panel. */
const BEHIND = 500

/** Points at a time as they are drawn: on a line, the time runs across. */
function placed(
  points: Points,
  time: number,
  { dimension, axes }: Pick<PathFrame, 'dimension' | 'axes'>,
): Points {
  if (dimension > 1) return toPlane(points, dimension, axes)
  return Float64Array.from({ length: 2 * points.length }, (_, k) => (k % 2 === 0 ? -time : points[k >> 1]))
}

/**
 * What panels of one or several maps of the same data share: the range that shows all of their paths.
 *
 * @param data  points `[n, D]` in the data's own units
 */
export function pathFrame(
  all: readonly PathData[],
  { dimension, space }: Pick<ComparisonData['dataset'], 'dimension' | 'space'>,
  data: Points,
): PathFrame {
  const view = spaceView(space, dimension, data)
  if (view) {
    const { range } = view.panels[0]
    return { dimension, axes: [0, 1], range, reference: data, curved: { view, space: space! } }
  }
  const plane = { dimension, axes: drawnAxes(data, dimension) }
  const by = all[0]?.standardization
  const reference = by ? standardized(by, data) : data
  const ways = all
    .flatMap(({ jumps, times, curve }) => [...jumps, ...(curve.length > 0 ? [{ times, points: curve }] : [])])
    .flatMap(({ times, points }) => points.map((at, i) => placed(at, times[i], plane)))
  const range = rangeOf(joinArrays([...ways, placed(reference, 0, plane)], Float64Array))
  return {
    ...plane,
    reference,
    range: dimension > 1 ? levelRange(range) : { x: [-1.05, 0.05], y: range.y },
  }
}

/** A path that runs out of the frame is drawn along its edge. */
const inside = (part: number): number => Math.min(1, Math.max(0, part))

/** Jumps at one number of steps over the curves of the ODE, as markup in a box of `pathPanelSize`. */
export function pathPanelBody(
  plane: PathFrame,
  data: PathData,
  way: JumpPath,
  heading = panelTitle(way),
): string {
  const { dimension, range, reference, curved } = plane
  if (curved) return curvedPathPanel(curved, dimension, reference, data, way, heading)
  const x = (value: number) =>
    round(MARGIN.left + SIDE * inside((value - range.x[0]) / (range.x[1] - range.x[0])))
  const y = (value: number) =>
    round(MARGIN.top + SIDE * inside((range.y[1] - value) / (range.y[1] - range.y[0])))
  const lines = (points: readonly Points[], times: readonly number[]): string => {
    const stops = points.map((at, i) => placed(at, times[i], plane))
    return Array.from({ length: stops[0].length / 2 }, (_, n) =>
      stops.map((at, i) => `${i === 0 ? 'M' : 'L'}${x(at[2 * n])},${y(at[2 * n + 1])}`).join(''),
    ).join('')
  }
  const dots = (points: Points, time: number): string => {
    const at = placed(points, time, plane)
    return Array.from({ length: at.length / 2 }, (_, n) => `M${x(at[2 * n])},${y(at[2 * n + 1])}h0`).join('')
  }
  const { colour } = palette[0]
  const stroke = (d: string, paint: string) => `<path d="${d}" fill="none" stroke-linecap="round" ${paint}/>`
  const last = way.points.length - 1
  const astray = Float64Array.from(way.points[last]).filter(
    (_, i) => way.strays?.[Math.floor(i / dimension)] === 1,
  )
  const behind = dimension > 1 ? dotsPath(placed(reference, 0, plane), range, SIDE, SIDE, BEHIND).path : ''
  const layers = [
    `<g transform="translate(${MARGIN.left},${MARGIN.top})">${stroke(behind, 'stroke="currentColor" stroke-opacity=".2" stroke-width="2"')}</g>`,
    ...(data.curve.length > 0
      ? [
          stroke(
            lines(data.curve, data.times),
            'stroke="currentColor" stroke-opacity=".55" stroke-width="1.2"',
          ),
        ]
      : []),
    stroke(lines(way.points, way.times), `stroke="${colour}" stroke-width="1.4"`),
    ...way.points
      .slice(1)
      .map((at, i) =>
        stroke(dots(at, way.times[i + 1]), `stroke="${colour}" stroke-width="${i + 1 === last ? 6 : 4}"`),
      ),
    ...(data.curve.length > 0
      ? [stroke(dots(data.curve.at(-1)!, 0), 'stroke="currentColor" stroke-width="2.6"')]
      : []),
    ...(astray.length > 0 ? [stroke(dots(astray, 0), `stroke="${stray.colour}" stroke-width="7"`)] : []),
  ]
  return [
    headingOf(heading),
    `<rect x="${MARGIN.left}" y="${MARGIN.top}" width="${SIDE}" height="${SIDE}" fill="none" stroke="currentColor" stroke-opacity=".25"/>`,
    ...layers,
    axes(range, dimension, x, y),
  ].join('')
}

const headingOf = (heading: string): string =>
  `<text x="2" y="17" font-size="14" font-weight="600">${escapeHtml(truncate(heading, 40))}</text>`

/** The same in a curved space: jumps and curves along its shortest ways, what is out of sight faintly. */
const curvedPathPanel = (
  frame: CurvedFrame,
  dimension: number,
  reference: Points,
  data: PathData,
  way: JumpPath,
  heading: string,
): string =>
  headingOf(heading) +
  `<g transform="translate(${MARGIN.left},${MARGIN.top})">${curvedPaths(frame, dimension, reference, data, way, SIDE)}</g>`

/** `2 steps, ends 0.12 apart`. */
export function panelTitle({ steps, gap }: JumpPath, name = plural(steps, 'step')): string {
  return gap === null ? name : `${name}, ends ${formatNumber(gap, decimalsFor([gap]))} apart`
}

type Scale = (value: number) => number

function axes(range: Range, dimension: number, x: Scale, y: Scale): string {
  const bottom = MARGIN.top + SIDE
  const across = dimension > 1 ? linearTicks(...range.x) : [-1, -0.75, -0.5, -0.25, 0]
  const ticks = [
    ...across.map(
      tick =>
        `<path d="M${x(tick)},${bottom}v4" stroke="currentColor"/>` +
        `<text x="${x(tick)}" y="${bottom + 17}" text-anchor="middle">${formatTick(dimension > 1 ? tick : -tick)}</text>`,
    ),
    ...linearTicks(...range.y).map(
      tick =>
        `<path d="M${MARGIN.left},${y(tick)}h-4" stroke="currentColor"/>` +
        `<text x="${MARGIN.left - 7}" y="${y(tick)}" dy=".35em" text-anchor="end">${formatTick(tick)}</text>`,
    ),
  ]
  const name =
    dimension > 1
      ? ''
      : `<text x="${MARGIN.left + SIDE / 2}" y="${bottom + 33}" text-anchor="middle">time</text>`
  return ticks.join('') + name
}

/** One panel as a whole SVG, drawn at the size of a phone and scaled by the page. */
export function pathPanel(
  frame: PathFrame,
  data: PathData,
  way: JumpPath,
  options: PlotOptions & { readonly heading?: string } = {},
): string {
  const { width, height } = pathPanelSize
  return svgDocument(pathPanelBody(frame, data, way, options.heading), width, height, {
    ...options,
    title: options.title ?? `Jumps and ODE paths: ${panelTitle(way)}`,
  })
}
