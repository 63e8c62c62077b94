import { metrics } from '../../metric/catalogue.ts'
import type { Estimate } from '../../metric/estimate.ts'
import type { Measures } from '../../metric/prepare.ts'
import { standing, together } from '../../metric/standing.ts'
import { strayRule } from '../../metric/strays.ts'
import type { PlanePoints } from './protocol.ts'
import type { Session } from './session.ts'

/** Which of some samples are off the data, `[n]`; nothing where the data are not known. */
export const marksOf = ({ plan, seen }: Session, samples: PlanePoints): Uint8Array | undefined =>
  plan.target.kind === 'unknown' ? undefined : strayRule(seen)(samples)

/** Values by their names, and the interval of 95 % of each. */
export function valuesOf(estimates: Readonly<Record<string, Estimate>>) {
  const all = Object.entries(estimates)
  return {
    values: Object.fromEntries(all.map(([name, { value }]) => [name, value])),
    intervals: Object.fromEntries(all.map(([name, { interval }]) => [name, interval])),
  }
}

/** Metrics of samples, and whether all of them are within what real data scores, with no interval far beyond it. */
export function scoresOf(measures: Measures, samples: PlanePoints) {
  const { names, floors } = measures
  const estimates = measures.estimate(samples)
  const standings = names.map(name => {
    const { value, interval } = estimates[name]
    const { direction } = metrics[name]
    return standing(value, interval, floors[name], direction === 'nearest' ? undefined : direction)
  })
  return { ...valuesOf(estimates), within: together(standings) === 'within' }
}
