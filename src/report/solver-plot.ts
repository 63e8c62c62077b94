import type { SolverComparison } from '../evaluation/solver-comparison.ts'
import { linePlot } from './line-plot.ts'
import { seriesStyle } from './palette.ts'
import { solverLabel, solverRows } from './solver-table.ts'
import type { PlotOptions } from './svg.ts'

/** The reference's error is drawn where it is at most so many times below the least of the others. */
const NEAR = 100

/** Narrower plots have room for every second tick, in CSS pixels. */
const WIDE = 480

/**
 * Error against evaluations of the network, both logarithmic, a line for each method, and the error of the reference as the
 * floor. Errors that are 0 or not finite are left out.
 */
export function solverPlot(comparison: SolverComparison, options: PlotOptions = {}): string {
  const { curves, reference } = comparison
  const series = curves.map((curve, i) => ({
    label: solverLabel(curve),
    style: seriesStyle(i),
    points: curve.errors.flatMap(({ evaluations, error }) =>
      error !== null && error > 0 ? [{ x: evaluations, y: error }] : [],
    ),
  }))
  const { evaluations } = solverRows(comparison)
  const ticks = (options.width ?? WIDE) < WIDE ? evaluations.filter((_, i) => i % 2 === 1) : evaluations
  const least = Math.min(...series.flatMap(({ points }) => points.map(({ y }) => y)))
  const isNear = reference.error > 0 && reference.error * NEAR >= least
  return linePlot(series, {
    ...options,
    title: options.title ?? 'Solvers: error against evaluations of the network',
    x: {
      type: 'log',
      base: 2,
      ticks: [...ticks],
      label: 'evaluations of the network',
    },
    yLabels: ["error, in parts of the data's spread", 'error'],
    floor: isNear ? { low: reference.error, high: reference.error, label: 'reference' } : null,
    markers: true,
  })
}
