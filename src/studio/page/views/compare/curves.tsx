import { useEffect, useRef, useState } from 'preact/hooks'
import { lazyChunk } from '../../connection/lazy-chunks.ts'
import { logAxis } from '../../draw/log-axis.ts'
import { reachable } from '../../parts/reachable.tsx'
import { type CurveStanding, type CurveValue, curvesOf } from '../../state/learning-curve.ts'
import { runs, selectedLive } from '../../state/store.ts'
import './curves.css'

const plotter = lazyChunk(() => import('@observablehq/plot'))
type Plotting = typeof import('@observablehq/plot')

/** Milliseconds between two drawings. */
const PACE = 500
/** Pixels below which a curve is lower too. */
const NARROW = 420
const SYMBOLS = ['circle', 'triangle', 'square', 'diamond'] as const
/** Marks on a curve. */
const MARKS = 8

/** The points of a curve that carry the run's mark: a few, and the last. */
const marked = <T,>(curve: readonly T[]): T[] => {
  const every = Math.max(1, Math.floor(curve.length / MARKS))
  return curve.filter((_, i) => (curve.length - 1 - i) % every === 0)
}

/** The interval of each point that has one. */
const rangesOf = (curve: readonly CurveStanding[]) =>
  curve.flatMap(({ step, interval }) => (interval ? [{ step, low: interval[0], high: interval[1] }] : []))

function draw(
  plotting: Plotting,
  curves: readonly (readonly CurveStanding[])[],
  value: CurveValue,
  width: number,
): Element {
  const floor = value === 'distance' ? selectedLive.value?.distance : undefined
  const ranges = value === 'distance' ? curves.map(rangesOf) : []
  const axis = logAxis([
    ...curves.flatMap(curve => curve.map(point => point[value])),
    ...ranges.flat().map(({ high }) => high),
    floor?.low,
    floor?.high,
  ])
  return plotting.plot({
    width,
    height: width < NARROW ? 180 : 240,
    marginTop: 10,
    marginLeft: 44,
    marginRight: 52,
    marginBottom: 38,
    style: { fontSize: '12px', fontFamily: 'inherit', background: 'transparent', overflow: 'visible' },
    x: {
      label: 'Step',
      labelArrow: 'none',
      ticks: Math.max(3, Math.floor(width / 110)),
      tickFormat: (n: number) => n.toLocaleString('en'),
    },
    y: { type: 'log', label: null, grid: true, ...axis, tickFormat: (n: number) => String(n) },
    marks: [
      floor
        ? [plotting.rectY([floor], { y1: 'low', y2: 'high', fill: 'var(--target)', fillOpacity: 0.35 })]
        : [],
      ranges.map((range, at) => {
        // One may begin at zero, which is nowhere on a logarithmic axis.
        const low = (point: { low: number }) => Math.max(axis.domain[0], point.low)
        const ends = { x: 'step', y1: low, y2: 'high' }
        return [
          plotting.areaY(range, { ...ends, fill: `var(--run-${at})`, fillOpacity: 0.2 }),
          plotting.ruleX(range.slice(-1), { ...ends, stroke: `var(--run-${at})`, strokeWidth: 2 }),
        ]
      }),
      curves.map((curve, at) => [
        plotting.lineY(curve, { x: 'step', y: value, stroke: `var(--run-${at})`, strokeWidth: 2 }),
        plotting.dot(marked(curve), {
          x: 'step',
          y: value,
          fill: `var(--run-${at})`,
          symbol: SYMBOLS[at],
          r: 4,
        }),
        plotting.text(curve.slice(-1), {
          x: 'step',
          y: value,
          text: () => String(at + 1),
          // Side by side where curves end together.
          dx: 10 + 10 * at,
          fontWeight: 700,
          fill: 'currentColor',
        }),
      ]),
    ],
  })
}

function Curve({ plotting, value }: { plotting: Plotting | null; value: CurveValue }) {
  const frame = useRef<HTMLDivElement>(null)
  const drawn = useRef(0)
  const shown = runs.value
  const curves = curvesOf(
    shown.map(({ live }) => live),
    value,
  )
  useEffect(() => {
    if (!curves) frame.current?.replaceChildren()
    if (!curves || !plotting) return
    const due = Math.max(0, PACE - (performance.now() - drawn.current))
    const timer = setTimeout(() => {
      drawn.current = performance.now()
      if (!frame.current) return
      const drawing = draw(plotting, curves, value, frame.current.clientWidth)
      // The frame says what it shows; the names of its parts would only be in the way.
      drawing.setAttribute('aria-hidden', 'true')
      frame.current.replaceChildren(drawing)
    }, due)
    return () => clearTimeout(timer)
  }, [plotting, shown, value])
  const last = shown.map(({ live }, at) => {
    const end = live?.curve.at(-1)?.[value]
    return `run ${at + 1} ${end === undefined || end === null ? 'none yet' : end.toPrecision(3)}`
  })
  const name = value === 'loss' ? 'Loss' : 'Distance in one jump'
  return (
    <div
      ref={frame}
      class={curves ? 'curve' : 'curve none'}
      role="img"
      aria-label={`${name} over steps; last: ${last.join(', ')}`}
    />
  )
}

/** The curves of all runs in one picture each. */
export function CompareCurves() {
  const [plotting, load] = useState<Plotting | null>(null)
  useEffect(() => {
    void plotter().then(loaded => load(loaded))
  }, [])
  const place = useRef<HTMLElement>(null)
  useEffect(() => reachable(place.current!, place.current!.children), [])
  return (
    <section ref={place} class="curves sideways" aria-label="Curves">
      <figure>
        <h3>Distance to the target in one jump</h3>
        <Curve plotting={plotting} value="distance" />
        <figcaption>
          Sliced Wasserstein distance; lower is better. Coloured bands are 95 % confidence intervals, the grey
          band is what real data scores. Only runs of the same target can be compared.
        </figcaption>
      </figure>
      <figure>
        <h3>Loss</h3>
        <Curve plotting={plotting} value="loss" />
        <figcaption>Each objective has its own loss. Compare shapes, not values.</figcaption>
      </figure>
    </section>
  )
}
