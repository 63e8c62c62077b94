import { expect, test } from 'vitest'
import { behind } from '../../src/studio/page/views/compare/behind.ts'
import { examplePlan, freshPlan, type Plan } from '../../src/studio/plan.ts'

const trained = (steps: number, change: Partial<Plan> = {}): Plan => ({
  ...freshPlan,
  stages: [{ objective: 'lsd', learningRate: 1e-3, steps, keep: false }],
  ...change,
})

test('what runs lack to the one that took the most steps, of those that were trained from the start', () => {
  expect(behind([trained(300), examplePlan, trained(200), trained(900, { start: 'example' })])).toEqual({
    own: [
      { at: 0, steps: 300 },
      { at: 2, steps: 200 },
    ],
    most: 300,
    late: [{ at: 2, steps: 200, missing: 100 }],
  })
  expect(behind([examplePlan])).toEqual({ own: [], most: 0, late: [] })
})

test('a recipe, which ends by itself, is not asked for more', () => {
  const recipe = { name: 'one-step', steps: 400 } as const
  const plan = trained(0)
  const own = { ...plan, stages: [{ ...plan.stages[0], steps: 100, recipe }] }
  expect(behind([trained(300), own]).late).toEqual([])
})
