import { metrics } from '../../metric/catalogue.ts'
import type { Measures } from '../../metric/prepare.ts'
import { standing, together } from '../../metric/standing.ts'
import { strayRule } from '../../metric/strays.ts'
import type { PlanePoints } from './protocol.ts'
import type { Session } from './session.ts'

/** Which of some samples are off the data, `[n]`; nothing where the data are not known. */
export const marksOf = ({ plan, seen }: Session, samples: PlanePoints): Uint8Array | undefined =>
  plan.target.kind === 'unknown' ? undefined : strayRule(seen)(samples)

/** Metrics of samples, and whether all of them are within what real data scores, with no interval far beyond it. */
export function scoresOf(measures: Measures, samples: PlanePoints) {
  const { names, floors } = measures
  const estimates = measures.estimate(samples)
  const standings = names.map(name => {
    const { value, interval } = estimates[name]
    return standing(value, interval, floors[name], metrics[name].direction)
  })
  const values = Object.fromEntries(names.map(name => [name, estimates[name].value]))
  return { values, within: together(standings) === 'within' }
}
