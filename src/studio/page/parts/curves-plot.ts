import * as Plot from '@observablehq/plot'
import { logAxis } from '../draw/log-axis.ts'
import type { CurvePoint } from '../state/learning-curve.ts'
import type { Live } from '../state/run.ts'
import { markOf } from './marks.tsx'

const HEIGHT = 170
const LEFT = 52
const RIGHT = 24

/** Where a stage of a training began. */
export interface Change {
  readonly step: number
  /** The objective, where it is another. */
  readonly name: string | null
  /** Whether its loss is no longer the one before. */
  readonly breaks: boolean
}

const frame = (width: number): Plot.PlotOptions => ({
  width,
  height: HEIGHT,
  marginLeft: LEFT,
  marginRight: RIGHT,
  marginTop: 24,
  marginBottom: 38,
  style: { background: 'none', color: 'inherit', fontSize: '12px', fontFamily: 'inherit' },
  x: {
    label: 'Step',
    labelArrow: 'none',
    ticks: width / 90,
    tickFormat: (n: number) => n.toLocaleString('en'),
  },
})

const log = (label: string, values: readonly number[]): Plot.ScaleOptions => ({
  type: 'log',
  label,
  labelArrow: 'none',
  grid: true,
  ...logAxis(values),
  tickFormat: (n: number) => String(n),
})

/** Pixels of a letter of a label, and what the name of an axis takes beside it. */
const LETTER = 7.5
const AXIS_NAME = 16

/** Changes whose names have room above the plot; of those too near to each other the latest. */
function named(changes: readonly Change[], { first, last }: Span, width: number) {
  const scale = (width - LEFT - RIGHT) / Math.max(1, last - first)
  let end = width
  return changes
    .toReversed()
    .flatMap(change => {
      if (change.name === null) return []
      const room = change.name.length * LETTER
      const middle = LEFT + (change.step - first) * scale
      const from = Math.min(middle, width - room)
      if (from < LEFT + AXIS_NAME || from + room > end) return []
      end = from - LETTER
      return [{ ...change, name: change.name, dx: from - middle }]
    })
    .toReversed()
}

interface Span {
  readonly first: number
  readonly last: number
}
const spanOf = (curve: readonly CurvePoint[]): Span => ({ first: curve[0].step, last: curve.at(-1)!.step })

/** Where stages began, with the names of their objectives. */
const stages = (changes: readonly Change[], span: Span, width: number): Plot.Markish => [
  Plot.ruleX(changes, { x: 'step', stroke: 'var(--soft)', strokeDasharray: '2 3' }),
  named(changes, span, width).map(change =>
    Plot.text([change], {
      x: 'step',
      text: 'name',
      frameAnchor: 'top',
      textAnchor: 'start',
      dx: change.dx,
      dy: -14,
      fill: 'currentColor',
    }),
  ),
]

/** Which of the lines between the changes of the loss a point is of. */
const lineOf =
  (changes: readonly Change[]) =>
  ({ step }: CurvePoint): number =>
    changes.filter(change => change.breaks && change.step < step).length

/** Losses that a logarithm takes: one that is not is left out. */
const above = (value: number | null | undefined): number => ((value ?? 0) > 0 ? value! : Number.NaN)

/** The loss of each term over the steps. */
export function drawLosses(
  curve: readonly CurvePoint[],
  terms: readonly string[],
  changes: readonly Change[],
  width: number,
): Element {
  return Plot.plot({
    ...frame(width),
    y: log(
      'Loss',
      curve.flatMap(point => terms.map(name => above(point.terms[name]))),
    ),
    marks: [
      stages(changes, spanOf(curve), width),
      terms.map((name, i) =>
        Plot.lineY(curve, {
          x: 'step',
          y: ({ terms }: CurvePoint) => above(terms[name]),
          z: lineOf(changes),
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
  changes: readonly Change[],
  width: number,
): Element {
  const span = spanOf(curve)
  const { first, last } = span
  const band = floor ? [{ x1: first, x2: last, y1: floor.low, y2: floor.high }] : []
  return Plot.plot({
    ...frame(width),
    y: log('Distance', [
      ...curve.map(({ distance }) => above(distance)),
      ...(floor ? [floor.low, floor.high] : []),
    ]),
    marks: [
      Plot.rect(band, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'var(--target)', fillOpacity: 0.35 }),
      stages(changes, span, width),
      Plot.lineY(
        curve.filter(({ distance }) => (distance ?? 0) > 0),
        { x: 'step', y: 'distance', stroke: 'var(--own)', strokeWidth: 1.75 },
      ),
    ],
  })
}
