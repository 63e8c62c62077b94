import * as Plot from '@observablehq/plot'
import type { Points } from '../model/index.ts'
import { linearTicks } from './axes.ts'
import { classColour, placedLegend } from './class-legend.ts'
import { formatCount, formatTick } from './format.ts'
import { palette, stray } from './palette.ts'
import { dotsPath, type Range, rangeOf } from './points.ts'
import { element, finishPlot, newDocument, type PlotOptions, round, textSize } from './svg.ts'

/** What a scatter can be told besides what every plot can. */
export interface ScatterOptions extends PlotOptions {
  /** What to show; by default where the points are, a few far outliers left out. */
  readonly range?: Range
  /** Of the dots, any SVG colour. */
  readonly colour?: string
  /** Most points to draw, evenly thinned. Default 5,000. */
  readonly limit?: number
  /** 1 for each point that is off the data, `[n]`: drawn above the others in a colour of their own, with a legend. */
  readonly strays?: Uint8Array
  /** Of each point its class, from 0, `[n]`, and their names: drawn in colours of their own, with a legend. */
  readonly classes?: { readonly of: ArrayLike<number>; readonly names: readonly string[] }
}

/**
 * A scatter of points `[n, 2]` with axes, one unit the same length in both directions. All dots are one path, so
 * thousands of points stay a small file.
 */
export function scatterPlot(points: Points, options: ScatterOptions = {}): string {
  const { width = 480, title = '', colour = palette[0].colour, limit = 5000, strays, classes } = options
  const legend = strays && strayText(strays)
  const named = placedLegend(classes?.names, width - 60)
  const lines = (named.at(-1)?.line ?? -1) + 1
  const range = options.range ?? rangeOf(points)
  const margins = {
    marginLeft: 46,
    marginRight: 14,
    marginTop: (title ? 34 : 14) + (legend ? 20 : 0) + 18 * lines,
    marginBottom: 30,
  }
  const inner = width - margins.marginLeft - margins.marginRight
  const aspect = (range.y[1] - range.y[0]) / (range.x[1] - range.x[0])
  const height = Math.round(inner * aspect + margins.marginTop + margins.marginBottom)
  const axis = { tickFormat: formatTick, label: null, tickSize: 4, fontSize: textSize }
  const plot = Plot.plot({
    document: newDocument(),
    width,
    height,
    ...margins,
    x: { domain: [...range.x] },
    y: { domain: [...range.y] },
    marks: [
      Plot.frame({ stroke: 'currentColor', strokeOpacity: 0.25 }),
      Plot.axisX({ ...axis, ticks: linearTicks(...range.x) }),
      Plot.axisY({ ...axis, ticks: linearTicks(...range.y) }),
      dots(points, range, colour, limit, strays, classes?.of),
      names(named, margins.marginLeft, margins.marginTop - 10 - 18 * (lines - 1)),
      ...(title
        ? [
            Plot.text([title], {
              frameAnchor: 'top-left',
              dy: (legend ? -44 : -24) - 18 * lines,
              fontSize: 14,
              fontWeight: 600,
            }),
          ]
        : []),
      ...(legend
        ? [Plot.text([legend], { frameAnchor: 'top-left', dy: -20 - 18 * lines, fill: stray.colour })]
        : []),
    ],
  })
  return finishPlot(plot, options)
}

/** What the dots in another colour are; nothing where there are none. */
function strayText(marks: Uint8Array): string {
  const count = marks.reduce((sum, mark) => sum + mark, 0)
  if (count === 0) return ''
  return `● ${formatCount(count)} of ${formatCount(marks.length)} stray: they are off the data`
}

/** Grid nodes per CSS pixel, so that rounding to whole units does not show. */
const finesse = 4

function dots(
  points: Points,
  range: Range,
  colour: string,
  limit: number,
  marks: Uint8Array | undefined,
  classes: ArrayLike<number> | undefined,
): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, { document }) => {
    const [left, right] = range.x.map(x => scales.x!(x))
    const [bottom, top] = range.y.map(y => scales.y!(y))
    const size = [right - left, bottom - top].map(side => Math.round(side * finesse))
    const found = dotsPath(points, range, size[0], size[1], limit, marks, classes)
    const { path, strays, byClass = [] } = found
    const diameter = dotDiameter(points.length / 2, right - left) * finesse
    const drawn = (d: string, stroke: string, width: number) =>
      element(document, 'path', {
        d,
        transform: `translate(${round(left)},${round(top)}) scale(${1 / finesse})`,
        stroke,
        'stroke-width': width,
        'stroke-linecap': 'round',
        'stroke-opacity': 0.8,
        fill: 'none',
      })
    const group = element(document, 'g', {})
    if (path || byClass.length === 0) group.append(drawn(path, colour, diameter))
    byClass.forEach((each, k) => {
      if (each) group.append(drawn(each, classColour(k), diameter))
    })
    if (strays) group.append(drawn(strays, stray.colour, 1.4 * diameter))
    return group
  }
}

/** The legend of classes, from a place on. */
function names(entries: ReturnType<typeof placedLegend>, from: number, top: number): Plot.RenderFunction {
  return (_index, _scales, _values, _dimensions, { document }) => {
    const group = element(document, 'g', {})
    for (const { name, colour, left, line } of entries) {
      const base = top + 18 * line
      group.append(element(document, 'circle', { cx: from + left + 5, cy: base - 4, r: 4, fill: colour }))
      const place = { x: from + left + 13, y: base, fill: 'currentColor', 'text-anchor': 'start' }
      const text = element(document, 'text', place)
      text.textContent = name
      group.append(text)
    }
    return group
  }
}

/** Diameter in pixels that keeps a cloud of `n` points readable in a plot `width` pixels wide. */
export function dotDiameter(n: number, width: number): number {
  return round(Math.min(5, Math.max(0.008 * width * Math.min(1, (1000 / n) ** 0.35), 1.1)))
}
