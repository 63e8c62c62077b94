import type { MetricsLine } from '../../../serialization/metrics-log.ts'
import type { Interval } from '../../engine/protocol.ts'

/** What is known of a training at a step. */
export interface CurvePoint {
  readonly step: number
  readonly loss: number
  readonly distance: number | null
  /** Of 95 % around the distance, where it is known. */
  readonly interval?: Interval
  /** Loss of each term. */
  readonly terms: Readonly<Record<string, number>>
}

/** Points of a curve that are kept. */
const KEPT = 400

/** One of every two points: that whose distance is known, as not every one's is. */
const thinned = (curve: readonly CurvePoint[]): CurvePoint[] =>
  curve.flatMap((point, i) => {
    if (i % 2 === 1) return []
    const next = curve[i + 1]
    return point.distance === null && next && next.distance !== null ? next : point
  })

/** A curve with another point; a long one is thinned, so that it still goes back to the beginning. */
export function grown(
  curve: readonly CurvePoint[],
  step: number,
  { loss, terms }: Pick<MetricsLine, 'loss' | 'terms'>,
  distance: number | null,
  interval?: Interval,
): CurvePoint[] {
  const values = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, term.loss]))
  const kept = curve.length < KEPT ? curve : thinned(curve)
  return [...kept, { step, loss, distance, ...(interval && { interval }), terms: values }]
}

export type CurveValue = 'loss' | 'distance'
export type CurveStanding = Pick<CurvePoint, 'step' | CurveValue | 'interval'>

/** What is drawn of a run. */
interface Drawn {
  readonly curve: readonly CurveStanding[]
  readonly distance: { readonly value: number; readonly interval?: Interval } | null
}

/** A run's curve; of one that has not trained here the place where it stands. */
function pointsOf(run: Drawn | null): readonly CurveStanding[] {
  if (!run || run.curve.length > 0) return run?.curve ?? []
  const { value = null, interval } = run.distance ?? {}
  return [{ step: 0, loss: 0, distance: value, ...(interval && { interval }) }]
}

/** Runs' curves of a value on a logarithmic scale; null while none has trained. */
export function curvesOf(runs: readonly (Drawn | null)[], value: CurveValue): CurveStanding[][] | null {
  const has = (point: CurveStanding): boolean => (point[value] ?? 0) > 0
  if (!runs.some(run => run?.curve.some(has))) return null
  return runs.map(run => pointsOf(run).filter(has))
}
