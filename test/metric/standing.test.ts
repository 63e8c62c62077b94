import { expect, test } from 'vitest'
import { standing, together } from '../../src/metric/standing.ts'

const floor = { low: 0.1, high: 0.2 }

test.each([
  ['within the floor', 0.15, [0.1, 0.22], 'within'],
  ['better than the floor', 0.05, [0.01, 0.1], 'within'],
  ['clearly worse', 0.3, [0.25, 0.35], 'beyond'],
  ['a little worse, with an interval that reaches the floor', 0.23, [0.19, 0.27], 'unclear'],
  ['within by luck: its interval is wider than what would be claimed', 0.15, [0, 0.6], 'unclear'],
  ['not a number', Number.NaN, [Number.NaN, Number.NaN], 'beyond'],
  ['without an interval', 0.2, null, 'within'],
  ['worse without an interval', 0.21, null, 'beyond'],
] as const)('%s', (_, value, interval, expected) => {
  expect(standing(value, interval, floor)).toBe(expected)
  const turned = interval && ([-interval[1], -interval[0]] as const)
  expect(standing(-value, turned, { low: -0.2, high: -0.1 }, 'higher')).toBe(expected)
})

test('no stray among a hundred samples is too few to tell, and none among ten thousand is not', () => {
  expect(standing(0, [0, 0.037], { low: 0, high: 0 })).toBe('unclear')
  expect(standing(0, [0, 0.00038], { low: 0.0001, high: 0.0006 })).toBe('within')
})

test('all metrics together: one that tells is enough', () => {
  expect(together(['within', 'beyond', 'unclear'])).toBe('beyond')
  expect(together(['within', 'unclear'])).toBe('unclear')
  expect(together(['within', 'within'])).toBe('within')
  expect(together([])).toBeUndefined()
})
