import { describe, expect, it } from 'vitest'
import { readingOf } from '../../src/report/reading.ts'
import type { TableData } from '../../src/report/types.ts'

/** A table from means (and one spread) per method at 1 and 8 steps. */
function table(methods: Record<string, [number, number]>, sd: number | null, high = 0.2): TableData {
  const estimate = (mean: number) => ({ mean, sd, values: [mean] })
  return {
    seeds: sd === null ? 1 : 3,
    count: 1000,
    metrics: [{ name: 'm', label: 'distance', floor: { value: 0.1, low: 0.05, high } }],
    methods: Object.entries(methods).map(([id, [one, eight]]) => ({
      id,
      label: id,
      cells: [
        { steps: 1, values: { m: estimate(one) } },
        { steps: 8, values: { m: estimate(eight) } },
      ],
    })),
  }
}

describe('readingOf', () => {
  it('calls a lead within the spread level', () => {
    expect(readingOf(table({ a: [0.3, 0.25], b: [0.31, 0.3] }, 0.02))).toContain('so the two are level')
    expect(readingOf(table({ a: [0.3, 0.25], b: [0.4, 0.3] }, 0.02))).toContain('the lead exceeds the spread')
    expect(readingOf(table({ a: [0.3, 0.25], b: [0.4, 0.3] }, null))).toContain('with one seed')
  })

  it('names those within the floor at the fewest steps and at the most', () => {
    const text = readingOf(table({ a: [0.19, 0.25], b: [0.31, 0.15], c: [0.2, 0.3] }, 0.01))
    expect(text).toContain('a and c are within the noise floor of 0.100 (0.050 to 0.200)')
    expect(text).toContain(
      'With 8 steps the best is b (0.150); within the floor there: b; worse than at 1 step: a and c.',
    )
  })

  it('says when every method is within the floor', () => {
    expect(readingOf(table({ a: [0.1, 0.1], b: [0.12, 0.1] }, 0.01))).toContain('Every method is within')
  })

  it('has nothing to say of nothing', () => {
    expect(readingOf({ metrics: [], methods: [], seeds: 1, count: 1 })).toBe('Nothing has been measured yet.')
    expect(readingOf(table({ a: [Number.NaN, Number.NaN] }, null))).toBe('Nothing has been measured yet.')
  })
})
