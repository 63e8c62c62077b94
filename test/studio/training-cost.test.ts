import { expect, test } from 'vitest'
import { examplePlan, freshPlan, HIGHEST_RATE, type Plan, withSteps } from '../../src/studio/plan.ts'
import { decodeState, encodeState, initialState, type StudioState } from '../../src/studio/state.ts'
import { isLong } from '../../src/studio/training-cost.ts'

const largest: Plan = { ...freshPlan, hidden: 512, layers: 6, batch: 8192 }

test('what takes some seconds is not asked about, what takes longer is', () => {
  expect(isLong([examplePlan, examplePlan, examplePlan, examplePlan])).toBe(false)
  expect(isLong([withSteps(freshPlan, 2000)])).toBe(false)
  expect(isLong([withSteps(examplePlan, 4000)])).toBe(true)
  expect(isLong(Array.from({ length: 4 }, () => withSteps(freshPlan, 1000)))).toBe(true)
  // A single step of the widest network on the largest batch takes as long as thousands of the first.
  expect(isLong([withSteps(largest, 2)])).toBe(true)
  expect(isLong([withSteps({ ...freshPlan, hidden: 24, batch: 64 }, 10_000)])).toBe(false)
})

test('a link cannot ask for more than the page offers', () => {
  const wrong: Partial<Plan>[] = [
    { hidden: 513 },
    { layers: 7 },
    { batch: 8193 },
    { batch: 1.5 },
    { stages: [{ ...freshPlan.stages[0], steps: 1_000_001 }] },
    { stages: [{ ...freshPlan.stages[0], learningRate: HIGHEST_RATE + 1 }] },
    { stages: Array.from({ length: 51 }, () => freshPlan.stages[0]) },
    { target: { kind: 'density', side: 4096, bytes: '' } },
    { target: { kind: 'points', name: 'many', bytes: 'A'.repeat(2 << 20) } },
  ]
  const read = (runs: Plan[]): StudioState => decodeState(encodeState({ ...initialState, runs }))
  expect(read([largest]).runs).toEqual([largest])
  for (const change of wrong) expect(() => read([{ ...freshPlan, ...change }])).toThrow('damaged')
  expect(() => read(Array.from({ length: 5 }, () => freshPlan))).toThrow('damaged')
})
