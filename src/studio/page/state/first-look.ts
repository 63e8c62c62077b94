import { fromText } from '../../engine/bytes.ts'
import { distance, samples, strays } from '../../example/first-look.ts'
import { fromHalves } from '../../example/half.ts'
import { examplePlan, type Plan } from '../../plan.ts'
import type { StudioState } from '../../state.ts'
import { type Live, NOTHING } from './run.ts'

const same = (a: Plan['target'], b: Plan['target']): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What is known of a run before anything trains: the example's samples come with the page. */
export function firstLook(plan: Plan, weights: StudioState['weights']): Live | null {
  const { start, seed, target } = plan
  const isKnown = start === 'example' && seed === examplePlan.seed && same(target, examplePlan.target)
  if (!isKnown || weights !== 'ema') return null
  const points = fromHalves(fromText(samples))
  const marks = new Uint8Array(points.length / 2)
  for (const i of strays.at) marks[i] = 1
  const { value, floor, low, high } = strays
  return { ...NOTHING, samples: points, distance, strays: { marks, value, floor, low, high } }
}
