import { type Measures, summarise } from '../../metric/prepare.ts'
import { type StrayRule, strayRule } from '../../metric/strays.ts'
import type { Points, Strays } from './protocol.ts'
import type { Session } from './session.ts'

/** Share of the points that are marked. */
const shareOf = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0) / marks.length

/** Which samples of a training are off its data; nothing where its data are not known. */
export const strayRuleOf = ({ plan, dataset }: Session): StrayRule | undefined =>
  plan.target.kind === 'unknown' ? undefined : strayRule(dataset)

/** Draws of a floor. */
const DRAWS = 10
const floors = new WeakMap<Measures, ReturnType<typeof summarise>>()

/** What data itself scores, on the same draws as the floors of the other metrics. */
export function strayFloor(measures: Measures, rule: StrayRule) {
  const known = floors.get(measures)
  if (known) return known
  const shares: number[] = []
  for (let k = 0; k < DRAWS; k++) {
    const points = measures.draw(k)
    if (points) shares.push(shareOf(rule(points)))
  }
  const floor = summarise(shares, measures.count)
  floors.set(measures, floor)
  return floor
}

/** Marks of samples, and the share of the first of them, as many as the floor is of. */
export function straysOf(points: Points, rule: StrayRule, measures: Measures): Strays {
  const marks = rule(points)
  const { value: floor, low, high } = strayFloor(measures, rule)
  return { marks, value: shareOf(marks.subarray(0, measures.count)), floor, low, high }
}
