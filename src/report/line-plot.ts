import * as Plot from '@observablehq/plot'
import { type Axis, ticksOf, valueAxis } from './axes.ts'
import { type EndLabel, endLabels, labelOffset } from './end-labels.ts'
import { formatTick, truncate } from './format.ts'
import type { SeriesStyle } from './palette.ts'
import { element, finishPlot, newDocument, type PlotOptions, round, textSize, textWidth } from './svg.ts'

/** One line, in the order of its points; `low` and `high` bound its band. */
export interface Series {
  readonly label: string
  readonly style: SeriesStyle
  readonly points: readonly { x: number; y: number; low?: number; high?: number }[]
}

interface Band {
  readonly low: number
  readonly high: number
  /** Its name; `noise floor` where nothing is said. */
  readonly label?: string
}

/** What the axes say and which parts are drawn. */
export interface LineOptions extends PlotOptions {
  readonly x: {
    type: 'log' | 'linear'
    base?: number
    ticks: number | number[]
    label: string
    /** What the axis spans; where the points are by default. */
    domain?: [number, number]
  }
  /** The first that fits is drawn. */
  readonly yLabels: readonly string[]
  /** Least and greatest possible value of the vertical axis. */
  readonly range?: readonly [number | null, number | null]
  readonly floor: Band | null
  readonly markers: boolean
}

/** Lines on a log or linear vertical axis, chosen by the values, each named at its end. */
export function linePlot(all: readonly Series[], options: LineOptions): string {
  const series = all.filter(({ points }) => points.length > 0)
  const { width = 640, x } = options
  const height = Math.round(Math.min(420, Math.max(300, width * 0.68)))
  const means = series.flatMap(({ points }) => points.map(({ y }) => y))
  const floor = options.floor && shownFloor(options.floor, means)
  const axis = within(valueAxis([...means, ...(floor ? [floor.low, floor.high] : [])]), options.range)
  const inDomain = (value: number): number => Math.min(Math.max(value, axis.domain[0]), axis.domain[1])
  const across = x.domain ?? extent(series)
  const labels = endsOf(series, floor, options.markers)
  const labelWidth = Math.min(
    width * 0.46,
    Math.max(0, ...labels.map(({ text }) => textWidth(text))) + labelOffset + 6,
  )
  const marginLeft = Math.max(0, ...axis.ticks.map(tick => textWidth(formatTick(tick)))) + 14
  const plot = Plot.plot({
    document: newDocument(),
    width,
    height,
    marginLeft,
    marginRight: labelWidth,
    marginTop: 30,
    marginBottom: 48,
    x: { type: x.type, base: x.base, domain: across },
    y: { type: axis.type, domain: axis.domain },
    marks: [
      ...(floor ? floorMarks(floor, across) : []),
      Plot.gridY(axis.ticks, { stroke: 'currentColor', strokeOpacity: 0.14 }),
      Plot.axisY({ ticks: axis.ticks, tickFormat: formatTick, label: null, tickSize: 4, fontSize: textSize }),
      Plot.text([fitting(options.yLabels, width)], {
        frameAnchor: 'top-left',
        dy: -24,
        dx: 2 - marginLeft,
        fontSize: textSize,
      }),
      Plot.axisX({
        ticks: x.ticks,
        tickFormat: formatTick,
        label: x.label,
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: 38,
        tickSize: 4,
        fontSize: textSize,
      }),
      ...series.flatMap(({ points, style }) => [
        ...(points.some(({ low, y }) => low !== undefined && low < y)
          ? [
              Plot.areaY(points, {
                x: 'x',
                y1: p => inDomain(p.low),
                y2: p => inDomain(p.high),
                fill: style.colour,
                fillOpacity: 0.13,
              }),
            ]
          : []),
        Plot.line(points, { x: 'x', y: 'y', stroke: style.colour, strokeWidth: 2 }),
      ]),
      ...(options.markers ? series.map(markersOf) : []),
      endLabels(labels, labelWidth),
    ],
  })
  return finishPlot(plot, options)
}

/** The first text that is not wider than the plot, or the last one cut. */
function fitting(texts: readonly string[], width: number): string {
  const fits = texts.find(text => textWidth(text) <= width)
  return fits ?? truncate(texts.at(-1)!, Math.floor(width / textWidth('x')))
}

/** A margin beyond a limit, as a part of it, so that a line along the limit is whole. */
const BEYOND = 0.01

/** An axis that does not go on beyond the possible values. */
function within(axis: Axis, [least, greatest]: readonly [number | null, number | null] = [null, null]): Axis {
  const [low, high] = axis.domain
  const margin = axis.type === 'log' ? BEYOND * high : BEYOND * (high - low)
  const domain: [number, number] = [
    least === null || axis.type === 'log' ? low : Math.max(low, least - margin),
    greatest === null ? high : Math.min(high, greatest + margin),
  ]
  const [first, last] = [Math.max(domain[0], least ?? -Infinity), Math.min(domain[1], greatest ?? Infinity)]
  return last > first ? { ...axis, domain, ticks: ticksOf(axis.type, first, last) } : axis
}

function endsOf(series: readonly Series[], floor: Band | null, markers: boolean): EndLabel[] {
  const ends = series.map(({ label, style, points }): EndLabel => {
    const { x, y } = points.at(-1)!
    return { text: label, x, y, colour: style.colour, marker: markers ? style.marker : null }
  })
  if (!floor) return ends
  const y = floor.low > 0 ? Math.sqrt(floor.low * floor.high) : (floor.low + floor.high) / 2
  return [
    ...ends,
    { text: floor.label ?? 'noise floor', x: extent(series)[1], y, colour: null, marker: null },
  ]
}

/** The floor, its low end raised where it would turn a logarithmic axis linear or stretch it over decades. */
function shownFloor({ low, high, ...rest }: Band, means: readonly number[]): Band {
  const least = Math.min(high, ...means)
  return { ...rest, low: least > 0 ? Math.max(low, Math.min(least / 10, high)) : low, high }
}

function floorMarks({ low, high }: Band, [left, right]: [number, number]) {
  const edge = { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '5 4' }
  return [
    Plot.rect([0], { x1: left, x2: right, y1: low, y2: high, fill: 'currentColor', fillOpacity: 0.09 }),
    Plot.ruleY([low, high], edge),
  ]
}

/** The markers of one line. */
function markersOf({ points, style }: Series): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const group = element(context.document, 'g', { fill: style.colour })
    for (const { x, y } of points) {
      const transform = `translate(${round(scales.x!(x))},${round(scales.y!(y))})`
      group.append(element(context.document, 'path', { d: style.marker, transform }))
    }
    return group
  }
}

function extent(series: readonly Series[]): [number, number] {
  const xs = series.flatMap(({ points }) => points.map(({ x }) => x))
  if (xs.length === 0) return [1, 2]
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  return high > low ? [low, high] : [low / 2, high * 2]
}
