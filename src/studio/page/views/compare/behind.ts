import { type Plan, stepsOf } from '../../../plan.ts'

interface Standing {
  /** Place of the run. */
  readonly at: number
  readonly steps: number
}

/** Runs that were trained here from the start, and how many steps each lacks to the one that took the most. */
export interface Behind {
  readonly own: readonly Standing[]
  /** Steps of the run that took the most; 0 of none. */
  readonly most: number
  readonly late: readonly (Standing & { readonly missing: number })[]
}

/** Runs that begin with a trained map, and those of a recipe, which ends by itself, are left out: their steps mean something else. */
export function behind(plans: readonly Plan[]): Behind {
  const own = plans.flatMap((plan, at) =>
    plan.start || plan.stages.at(-1)!.recipe ? [] : [{ at, steps: stepsOf(plan) }],
  )
  const most = Math.max(0, ...own.map(({ steps }) => steps))
  const late = own.flatMap(({ at, steps }) => (steps < most ? [{ at, steps, missing: most - steps }] : []))
  return { own, most, late }
}
