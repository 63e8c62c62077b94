import { describe, expect, it } from 'vitest'
import { landing } from '../../src/report/format.ts'
import { readingOf, runReading } from '../../src/report/reading.ts'
import { comparisonMarkdown, comparisonTable } from '../../src/report/table.ts'
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

describe('strays', () => {
  const floor = { value: 0.0003, low: 0, high: 0.001 }
  const one = (value: number, half: number) => ({
    mean: value,
    sd: null,
    values: [value],
    interval: [Math.max(0, value - half), value + half] as [number, number],
  })
  /** A run with this share of strays, and a distance within its floor. */
  const run = (strays: number, half: number): TableData => ({
    seeds: 1,
    count: 5000,
    metrics: [
      { name: 'strays', label: 'strays', unit: 'share', percent: true, floor },
      { name: 'm', label: 'distance', floor: { value: 0.3, low: 0.22, high: 0.36 } },
    ],
    methods: [
      {
        id: 'ema',
        label: 'averaged',
        cells: [{ steps: 1, values: { strays: one(strays, half), m: one(0.286, 0.05) } }],
      },
    ],
  })

  it('are told in words, in percent and beside those of the data', () => {
    const text = runReading(run(0.057, 0.004))
    expect(text).toContain('At 1 step, 94 of 100 samples land on the data (averaged weights).')
    expect(text).toContain('Strays 5.70 % (95% interval 5.30 to 6.10); of the data itself 0.03 %.')
    expect(text).toContain('Distance 0.286')
    expect(comparisonMarkdown(run(0.057, 0.004))).toContain('5.70')
  })

  it('a distance within its floor says nothing while many samples stray', () => {
    for (const text of [
      runReading(run(0.1, 0.005)),
      readingOf(run(0.1, 0.005)),
      comparisonTable(run(0.1, 0.005), { colour: false }),
    ]) {
      expect(text).not.toContain('cannot be told')
      expect(text).not.toMatch(/0\.286 \*?≈/)
    }
    expect(runReading(run(0.1, 0.005))).toContain('some metric tells them from the data')
    expect(runReading(run(0.0003, 0.0003))).toContain('cannot be told from the data by any metric')
    expect(comparisonTable(run(0.0003, 0.0003), { colour: false })).toMatch(/0\.286 ≈/)
  })

  it('too few samples are not called like the data', () => {
    expect(runReading(run(0, 0.03))).toContain('there are too few samples to tell')
    expect(comparisonTable(run(0, 0.03), { colour: false })).toMatch(/0\.286 \?/)
    expect(readingOf(run(0, 0.03))).toContain('with too few samples to tell: averaged')
  })

  it.each([
    [0.057, '94 of 100 samples land on the data'],
    [1, '0 of 100 samples land on the data'],
    [0.99, '1 of 100 samples lands on the data'],
    [0.01, '99 of 100 samples land on the data'],
    [0.003, '997 of 1,000 samples land on the data'],
    [0.0004, '9,996 of 10,000 samples land on the data'],
    [0, 'all samples land on the data'],
  ])('a share of %d: %s', (share, text) => {
    expect(landing(share)).toBe(text)
  })
})
