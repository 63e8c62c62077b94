import { beforeAll, expect, test, vi } from 'vitest'
import { recipeStages } from '../../../src/studio/engine/recipe-keys.ts'
import type { Plan } from '../../../src/studio/plan.ts'

vi.mock('../../../src/studio/page/connection/backend.ts', () => ({
  machine: null,
  backend: { value: 'page' },
  startClient: () => ({ send: () => {} }),
}))

let store: typeof import('../../../src/studio/page/state/store.ts')
let choose: typeof import('../../../src/studio/page/parts/choose.ts')
beforeAll(async () => {
  vi.stubGlobal('location', { hash: '' })
  store = await import('../../../src/studio/page/state/store.ts')
  choose = await import('../../../src/studio/page/parts/choose.ts')
})

const stage = { learningRate: 1e-3, steps: 0, keep: false }

const begun = (change: Partial<Plan>): string => {
  choose.begin(change)
  const { target, condition, stages } = store.selected.value
  const name = target.kind === 'built-in' ? target.name : target.kind
  return [name, condition ?? 'no class', ...stages.map(({ objective }) => objective)].join(', ')
}

test('classes go with a recipe, and go away with the data that have none', () => {
  expect(begun({ stages: recipeStages('one-step') })).toBe('ring, no class, flow-matching, cmt')
  expect(begun({ condition: 'class' })).toBe('ring, class, flow-matching, cmt')
  expect(choose.remark.value).toBeNull()
  expect(begun({ target: { kind: 'built-in', name: 'two-moons' } })).toBe(
    'two-moons, class, flow-matching, cmt',
  )
  expect(choose.remark.value).toBeNull()
  expect(begun({ target: { kind: 'built-in', name: 'swiss-roll' } })).toBe(
    'swiss-roll, no class, flow-matching, cmt',
  )
  expect(choose.remark.value).toContain('has no classes')
})

test('what cannot begin gives way, and is named', () => {
  expect(
    begun({ target: { kind: 'built-in', name: 'pinwheel' }, stages: [{ ...stage, objective: 'pfmm' }] }),
  ).toBe('pinwheel, no class, lsd')
  expect(choose.remark.value).toMatch(/^pfmm cannot be used here \(.*lsd is used/)
})

test('a recipe begins on data without a closed form too', () => {
  const target = { kind: 'built-in', name: 'pinwheel' } as const
  expect(begun({ target, condition: undefined, stages: recipeStages('one-step') })).toBe(
    'pinwheel, no class, flow-matching, cmt',
  )
  expect(choose.remark.value).toBeNull()
})
