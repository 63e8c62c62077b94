import { linePlot } from './line-plot.ts'
import { seriesStyle } from './palette.ts'
import { estimateAt, headingOf, stepsOf } from './results-table.ts'
import type { PlotOptions } from './svg.ts'
import type { LossPoint, MethodRow, Metric, SeedAverage } from './types.ts'

/**
 * Quality against cost: steps (log2) across, the metric (log) upwards, a line per method with a band of one
 * standard deviation or its confidence interval, and the noise floor as a dashed band. Values that are not finite are left out.
 *
 * @param methods  drawn in order; a method keeps its colour and marker in every plot
 */
export function curvesPlot(methods: readonly MethodRow[], metric: Metric, options: PlotOptions = {}): string {
  const steps = stepsOf(methods)
  const series = methods.map((method, i) => ({
    label: method.label,
    style: seriesStyle(i),
    points: steps.flatMap(x => {
      const estimate = estimateAt(method, metric.name, x)
      if (!estimate || !Number.isFinite(estimate.mean)) return []
      return [{ x, y: estimate.mean, ...bandOf(estimate) }]
    }),
  }))
  const { floor } = metric
  return linePlot(series, {
    ...options,
    title: options.title ?? `${metric.label} against steps`,
    x: { type: 'log', base: 2, ticks: steps, label: 'steps (function evaluations)' },
    yLabels: [headingOf(metric), metric.label],
    range: metric.range,
    floor: floor && { low: floor.low, high: floor.high },
    markers: true,
  })
}

/** One standard deviation over seeds or, for one seed, the confidence interval. */
function bandOf({ mean, sd, interval }: SeedAverage): { low: number; high: number } {
  if (sd === null && interval) return { low: interval[0], high: interval[1] }
  return { low: mean - (sd ?? 0), high: mean + (sd ?? 0) }
}

/** A named loss curve. */
export interface LossSeries {
  readonly label: string
  readonly loss: readonly LossPoint[]
}

/**
 * Smoothed loss curves, log scale where every loss is positive. Each is thinned to a point per five
 * pixels of width, the mean of its stretch of training.
 */
export function lossPlot(
  series: readonly LossSeries[],
  options: PlotOptions & { readonly yLabel?: string } = {},
): string {
  const curves = series.map(({ label, loss }, i) => ({
    label,
    style: seriesStyle(i),
    points: smoothed(loss, Math.round((options.width ?? 640) / 5)).map(({ step, value }) => ({
      x: step,
      y: value,
    })),
  }))
  return linePlot(curves, {
    ...options,
    title: options.title ?? 'Training loss',
    x: { type: 'linear', ticks: 5, label: 'training step' },
    yLabels: [options.yLabel ?? 'loss'],
    floor: null,
    markers: false,
  })
}

/** The mean squared residual of each term of a training, as `lossPlot` draws it. */
export function residualCurves(series: readonly LossSeries[], options: PlotOptions = {}): string {
  const title = options.title ?? 'Residual of each term'
  return lossPlot(series, { ...options, title, yLabel: 'mean squared residual' })
}

/** Means over at most `limit` equal stretches of a curve; points that are not finite are left out. */
export function smoothed(loss: readonly LossPoint[], limit: number): LossPoint[] {
  const finite = loss.filter(point => Number.isFinite(point.value))
  const size = Math.max(1, Math.ceil(finite.length / limit))
  return Array.from({ length: Math.ceil(finite.length / size) }, (_, i) => {
    const stretch = finite.slice(i * size, (i + 1) * size)
    const mean = (pick: (point: LossPoint) => number): number =>
      stretch.reduce((sum, point) => sum + pick(point), 0) / stretch.length
    return { step: mean(point => point.step), value: mean(point => point.value) }
  })
}
