import * as Plot from '@observablehq/plot'
import type { WeighRecord } from '../evaluation/weigh.ts'
import { linearTicks, logTicks } from './axes.ts'
import { formatTick } from './format.ts'
import { seriesStyle } from './palette.ts'
import { finishPlot, newDocument, type PlotOptions, textSize, textWidth } from './svg.ts'

/** Ticks reach from the tallest bar down to such a part of it. */
const SHOWN = 30

/**
 * Histogram of the logarithms of weights, less the estimate of `log Z`: how many samples have each. The cells at both ends hold
 * what lies beyond them; the line at 0 is where samples count as they are. Heights are square roots, so that the few samples of large
 * weights, which decide, are seen beside many of small ones.
 */
export function weightPlot(
  { histogram: { low, high, counts } }: Pick<WeighRecord, 'histogram'>,
  options: PlotOptions = {},
): string {
  const { width = 640 } = options
  const height = Math.round(Math.min(360, Math.max(240, width * 0.5)))
  const size = (high - low) / counts.length
  const bars = counts.map((count, i) => ({ x1: low + i * size, x2: low + (i + 1) * size, count }))
  const most = Math.max(1, ...counts) * 1.05
  const ticks = [0, ...logTicks(most / SHOWN, most).filter(tick => tick >= 1)]
  const marginLeft = Math.max(0, ...ticks.map(tick => textWidth(formatTick(tick)))) + 14
  const across = linearTicks(low, high)
  const endLabel = (tick: number): string =>
    tick === low ? `≤ ${formatTick(tick)}` : tick === high ? `≥ ${formatTick(tick)}` : formatTick(tick)
  const plot = Plot.plot({
    document: newDocument(),
    width,
    height,
    marginLeft,
    marginRight: 20,
    marginTop: 30,
    marginBottom: 48,
    x: { domain: [low, high] },
    y: { type: 'sqrt', domain: [0, most] },
    marks: [
      Plot.gridY(ticks, { stroke: 'currentColor', strokeOpacity: 0.14 }),
      Plot.rect(bars, { x1: 'x1', x2: 'x2', y1: 0, y2: 'count', fill: seriesStyle(0).colour, inset: 0.5 }),
      Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.55 }),
      Plot.ruleX(
        [0].filter(zero => low < zero && zero < high),
        {
          stroke: 'currentColor',
          strokeOpacity: 0.55,
          strokeDasharray: '5 4',
        },
      ),
      Plot.axisY({ ticks, tickFormat: formatTick, label: null, tickSize: 4, fontSize: textSize }),
      Plot.text(['samples, on a scale of square roots'], {
        frameAnchor: 'top-left',
        dy: -24,
        dx: 2 - marginLeft,
        fontSize: textSize,
      }),
      Plot.axisX({
        ticks: [...new Set([low, ...across, high])],
        tickFormat: endLabel,
        label: 'log weight, less log Z by its estimate',
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: 38,
        tickSize: 4,
        fontSize: textSize,
      }),
    ],
  })
  return finishPlot(plot, { ...options, title: options.title ?? 'Logarithms of importance weights' })
}
