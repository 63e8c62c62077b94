import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { annealed, isSchedule, type Schedule, valueAt } from '../../src/objective/index.ts'

const kinds = ['linear', 'cosine', 'exponential', 'sigmoid', 'halving', 'steps'] as const
const progress = Array.from({ length: 201 }, (_, i) => i / 200)
const curve = (schedule: Schedule) => progress.map(x => valueAt(schedule, x))

test('a number stays what it is', () => {
  expect(progress.map(x => valueAt(0.3, x))).toEqual(progress.map(() => 0.3))
})

describe.each(kinds)('%s', kind => {
  const schedule: Schedule = { kind, from: 1, to: 0.01 }

  test('begins and ends where it says', () => {
    expect(valueAt(schedule, 0)).toBe(1)
    expect(valueAt(schedule, 1)).toBe(0.01)
    expect([-0.5, 1.5].map(x => valueAt(schedule, x))).toEqual([1, 0.01])
  })

  test('falls, and stays between its ends', () => {
    const values = curve(schedule)
    values.slice(1).forEach((value, i) => {
      expect(value).toBeLessThanOrEqual(values[i])
    })
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0.01)
    expect(Math.max(...values)).toBe(1)
    expect(new Set(values).size).toBeGreaterThan(5)
  })

  test('waits for its start and is done at its end', () => {
    const part: Schedule = { ...schedule, start: 0.2, end: 0.6 }
    expect([0, 0.1, 0.2].map(x => valueAt(part, x))).toEqual([1, 1, 1])
    expect([0.6, 0.8, 1].map(x => valueAt(part, x))).toEqual([0.01, 0.01, 0.01])
    for (const x of [0.1, 0.33, 0.5, 0.9]) {
      expect(valueAt(part, 0.2 + 0.4 * x)).toBeCloseTo(valueAt(schedule, x), 12)
    }
  })

  test.skipIf(kind === 'halving')('rises too', () => {
    const values = curve({ kind, from: 0.01, to: 1 })
    expect([values[0], values.at(-1)]).toEqual([0.01, 1])
    values.slice(1).forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(values[i])
    })
  })
})

describe('halfway', () => {
  const at = (kind: Schedule['kind'], x: number, from = 1, to = 0.01) => valueAt({ kind, from, to }, x)

  test('linear is the mean, exponential the geometric mean', () => {
    expect(at('linear', 0.5)).toBeCloseTo(0.505, 12)
    expect(at('exponential', 0.5)).toBeCloseTo(0.1, 12)
    expect(at('linear', 0.25)).toBeCloseTo(0.7525, 12)
    expect(at('exponential', 0.25)).toBeCloseTo(0.01 ** 0.25, 12)
  })

  test('cosine is slow at both ends', () => {
    expect(at('cosine', 0.5)).toBeCloseTo(0.505, 12)
    expect(at('cosine', 0.25)).toBeCloseTo(0.01 + 0.99 * 0.5 * (1 + Math.SQRT1_2), 12)
  })

  test('sigmoid is symmetric, and steeper than cosine', () => {
    expect(at('sigmoid', 0.5)).toBeCloseTo(0.505, 12)
    expect(at('sigmoid', 0.4) + at('sigmoid', 0.6)).toBeCloseTo(1.01, 12)
    // A sigmoid of steepness 25: the stretch to both ends changes it by 4e-6.
    expect(at('sigmoid', 0.4, 1, 0)).toBeCloseTo(1 / (1 + Math.exp(-2.5)), 5)
  })

  test('steps: their number grows as the root of the time', () => {
    const counts = [0, 0.25, 0.5, 1].map(x => 1 / at('steps', x, 1 / 2, 1 / 150))
    const expected = [0, 0.25, 0.5, 1].map(x => Math.sqrt(4 + x * (150 ** 2 - 4)))
    counts.forEach((count, i) => {
      expect(count).toBeCloseTo(expected[i], 9)
    })
  })
})

describe('halving', () => {
  test('has stages of equal length, each half the one before', () => {
    const values = curve({ kind: 'halving', from: 1 / 10, to: 1 / 1280 })
    const stages = [...new Set(values)]
    expect(stages).toHaveLength(8)
    stages.forEach((stage, i) => {
      expect(stage).toBeCloseTo(0.1 / 2 ** i, 15)
      const length = values.filter(value => value === stage).length
      expect(Math.abs(length - 200 / 8)).toBeLessThanOrEqual(1)
    })
  })

  test('ends at its end where that is no power of two away', () => {
    const values = curve({ kind: 'halving', from: 1, to: 0.3 })
    expect([...new Set(values)]).toEqual([1, 0.5, 0.3])
  })

  test('stays where both ends are equal', () => {
    expect(new Set(curve({ kind: 'halving', from: 0.2, to: 0.2 }))).toEqual(new Set([0.2]))
  })
})

describe('an option that may change', () => {
  const positive = annealed(z.number().gt(0).max(1))
  const message = (value: unknown, schema = positive) => {
    const result = schema.safeParse(value)
    return result.success ? 'accepted' : z.prettifyError(result.error)
  }

  test.each<unknown>([
    0.5,
    { kind: 'linear', from: 1, to: 0.1 },
    { kind: 'halving', from: 0.5, to: 0.5, start: 0.1, end: 0.9 },
  ])('%j', value => {
    expect(message(value)).toBe('accepted')
  })

  test.each<[unknown, RegExp]>([
    [0, /expected number to be >0/],
    [2, /expected number to be <=1/],
    [
      'fast',
      /expected a number from 0 to 1 or \{kind, from, to, start, end\} with kind one of linear, cosine, exponential, sigmoid, halving, steps/,
    ],
    [{ kind: 'cubic', from: 1, to: 0.1 }, /kind one of linear/],
    [{ kind: 'linear', from: 1 }, /expected a number/],
    [{ kind: 'linear', from: 1, to: 0 }, /expected number to be >0\s+→ at to/],
    [{ kind: 'linear', from: 1, to: 0.1, speed: 2 }, /Unrecognized key: "speed"/],
    [{ kind: 'linear', from: 1, to: 0.1, start: -1 }, /expected number to be >=0\s+→ at start/],
  ])('not %j', (value, expected) => {
    expect(message(value)).toMatch(expected)
  })

  const any = annealed(z.number())
  test.each<[object, RegExp]>([
    [{ kind: 'linear', from: 1, to: 2, start: 0.5, end: 0.5 }, /expected start before end/],
    [{ kind: 'linear', from: 1, to: 2, start: 0.8, end: 0.2 }, /expected start before end/],
    [{ kind: 'exponential', from: 1, to: 0 }, /expected from and to above 0 for this kind/],
    [{ kind: 'steps', from: 0, to: 1 }, /expected from and to above 0 for this kind/],
    [{ kind: 'halving', from: -1, to: -2 }, /expected from and to above 0 for this kind/],
    [{ kind: 'halving', from: 0.1, to: 0.2 }, /expected to at most from/],
  ])('not %j, and says which', (value, expected) => {
    expect(message(value, any)).toMatch(expected)
  })

  test('names a lower bound alone', () => {
    expect(message('x', annealed(z.number().min(0)))).toMatch(/expected a number of at least 0 or/)
    expect(message('x', any)).toMatch(/expected a number or \{/)
  })

  test('a schedule is told from other values', () => {
    expect(isSchedule({ kind: 'linear', from: 1, to: 0 })).toBe(true)
    for (const value of [1, null, 'linear', { kind: 'gaussian', scale: 1 }])
      expect(isSchedule(value)).toBe(false)
  })
})
