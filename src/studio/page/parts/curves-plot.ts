import * as Plot from '@observablehq/plot'
import type { CurvePoint } from '../curve.ts'
import { logAxis } from '../draw/log-axis.ts'
import type { Live } from '../store.ts'
import { markOf } from './marks.tsx'

const HEIGHT = 170

const frame = (width: number): Plot.PlotOptions => ({
  width,
  height: HEIGHT,
  marginLeft: 52,
  marginRight: 12,
  marginTop: 10,
  marginBottom: 38,
  style: { background: 'none', color: 'inherit', fontSize: '12px', fontFamily: 'inherit' },
  x: {
    label: 'Step',
    labelArrow: 'none',
    ticks: width / 90,
    tickFormat: (n: number) => n.toLocaleString('en'),
  },
})

const log = (values: readonly number[]): Plot.ScaleOptions => ({
  type: 'log',
  label: null,
  grid: true,
  ...logAxis(values),
  tickFormat: (n: number) => String(n),
})

/** Where a stage began. */
const stages = (changes: readonly number[]): Plot.Markish =>
  Plot.ruleX(changes, { stroke: 'var(--soft)', strokeDasharray: '2 3' })

/** Losses that a logarithm takes: one that is not is left out. */
const above = (value: number | null | undefined): number => ((value ?? 0) > 0 ? value! : Number.NaN)

/** The loss of each term over the steps. */
export function drawLosses(
  curve: readonly CurvePoint[],
  terms: readonly string[],
  changes: readonly number[],
  width: number,
): Element {
  return Plot.plot({
    ...frame(width),
    y: log(curve.flatMap(point => terms.map(name => above(point.terms[name])))),
    marks: [
      stages(changes),
      terms.map((name, i) =>
        Plot.lineY(curve, {
          x: 'step',
          y: ({ terms }: CurvePoint) => above(terms[name]),
          stroke: markOf(i).colour,
          strokeDasharray: markOf(i).dash,
          strokeWidth: 1.75,
        }),
      ),
    ],
  })
}

/** The distance of the samples to the target over the steps, above what data itself scores. */
export function drawDistance(
  curve: readonly CurvePoint[],
  floor: Live['distance'],
  changes: readonly number[],
  width: number,
): Element {
  const [first, last] = [curve[0].step, curve.at(-1)!.step]
  const band = floor ? [{ x1: first, x2: last, y1: floor.low, y2: floor.high }] : []
  return Plot.plot({
    ...frame(width),
    y: log([...curve.map(({ distance }) => above(distance)), ...(floor ? [floor.low, floor.high] : [])]),
    marks: [
      Plot.rect(band, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'var(--target)', fillOpacity: 0.35 }),
      stages(changes),
      Plot.lineY(
        curve.filter(({ distance }) => (distance ?? 0) > 0),
        { x: 'step', y: 'distance', stroke: 'var(--own)', strokeWidth: 1.75 },
      ),
    ],
  })
}
