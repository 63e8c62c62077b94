import type { MetricsLine } from '../../../serialization/metrics-log.ts'

/** What is known of a training at a step. */
export interface CurvePoint {
  readonly step: number
  readonly loss: number
  readonly distance: number | null
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
): CurvePoint[] {
  const values = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, term.loss]))
  const kept = curve.length < KEPT ? curve : thinned(curve)
  return [...kept, { step, loss, distance, terms: values }]
}

export type CurveValue = 'loss' | 'distance'
export type CurveStanding = Pick<CurvePoint, 'step' | CurveValue>

/** What is drawn of a run. */
interface Drawn {
  readonly curve: readonly CurveStanding[]
  readonly distance: { readonly value: number } | null
}

/** A run's curve; of one that has not trained here the place where it stands. */
const pointsOf = (run: Drawn | null): readonly CurveStanding[] =>
  run && run.curve.length === 0
    ? [{ step: 0, loss: 0, distance: run.distance?.value ?? null }]
    : (run?.curve ?? [])

/** Runs' curves of a value on a logarithmic scale; null while none has trained. */
export function curvesOf(runs: readonly (Drawn | null)[], value: CurveValue): CurveStanding[][] | null {
  const has = (point: CurveStanding): boolean => (point[value] ?? 0) > 0
  if (!runs.some(run => run?.curve.some(has))) return null
  return runs.map(run => pointsOf(run).filter(has))
}
