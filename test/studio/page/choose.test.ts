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

const begun = (change: Partial<Plan>): string => {
  choose.begin(change)
  const { target, condition, stages } = store.selected.value
  const name = target.kind === 'built-in' ? target.name : target.kind
  return [name, condition ?? 'no class', ...stages.map(({ objective }) => objective)].join(', ')
}

test('classes take the place of a recipe whose pairs have none, and go with the data that have none', () => {
  expect(begun({ stages: recipeStages('one-step') })).toBe('ring, no class, flow-matching, cmt')
  expect(begun({ condition: 'class' })).toBe('ring, class, lsd')
  expect(choose.remark.value).toMatch(/^cmt cannot begin here \(condition\.kind: .*lsd is chosen/)
  expect(begun({ target: { kind: 'built-in', name: 'two-moons' } })).toBe('two-moons, class, lsd')
  expect(choose.remark.value).toBeNull()
  expect(begun({ target: { kind: 'built-in', name: 'swiss-roll' } })).toBe('swiss-roll, no class, lsd')
  expect(choose.remark.value).toContain('has no classes')
})

test('a recipe begins on data without a closed form too', () => {
  expect(begun({ target: { kind: 'built-in', name: 'pinwheel' }, stages: recipeStages('one-step') })).toBe(
    'pinwheel, no class, flow-matching, cmt',
  )
  expect(choose.remark.value).toBeNull()
})
