import { expect, test } from 'vitest'
import { objectives } from '../../src/objective/index.ts'
import { measureCost } from '../../src/training/cost.ts'

/**
 * Backward is two forwards, a forward with its derivative two, backward through that four; the ring network's first and
 * last layers cost a little less than that. The last digit is what a change must not move unnoticed.
 */
test.each([
  ['flow-matching', 2.85],
  ['psd', 7.7],
  ['lsd', 9.55],
  ['lmd', 7.56],
  ['emd', 6.63],
  ['esd', 10.54],
  ['meanflow', 3.84],
])('a step of %s costs %d forward passes', (id, cost) => {
  expect(measureCost(objectives.get(id)!)).toBeCloseTo(cost, 1)
})
