import type { MetricsLine } from '../../training/window.ts'

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

/** A curve with another point; a long one is thinned, so that it still goes back to the beginning. */
export function grown(
  curve: readonly CurvePoint[],
  step: number,
  { loss, terms }: Pick<MetricsLine, 'loss' | 'terms'>,
  distance: number | null,
): CurvePoint[] {
  const values = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, term.loss]))
  const kept = curve.length < KEPT ? curve : curve.filter((_, i) => i % 2 === 0)
  return [...kept, { step, loss, distance, terms: values }]
}
