import { fromText } from '../engine/bytes.ts'
import { distance, samples } from '../example/first-look.ts'
import { fromHalves } from '../example/half.ts'
import { examplePlan, type Plan } from '../plan.ts'
import type { StudioState } from '../state.ts'
import { type Live, NOTHING } from './known.ts'

const same = (a: Plan['target'], b: Plan['target']): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What is known of a run before anything trains: the example's samples come with the page. */
export function firstLook(plan: Plan, weights: StudioState['weights']): Live | null {
  const { start, seed, target } = plan
  const isKnown = start === 'example' && seed === examplePlan.seed && same(target, examplePlan.target)
  if (!isKnown || weights !== 'ema') return null
  return { ...NOTHING, samples: fromHalves(fromText(samples)), distance }
}
