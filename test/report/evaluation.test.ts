import { describe, expect, test } from 'vitest'
import type { EvaluationRow, MetricValue } from '../../src/evaluation/evaluate.ts'
import { classLines, mapLines, savedLines, stepWarnings } from '../../src/report/evaluation.ts'

const metric = (value: number | null, reach = 0.1, rest: Partial<MetricValue> = {}): MetricValue => ({
  value,
  interval: value === null ? null : [value - reach, value + reach],
  floor: 0.5,
  low: 0.4,
  high: 0.6,
  count: 100,
  unit: 'data units',
  range: [0, null],
  direction: 'lower',
  ...rest,
})

const row = (steps: number, metrics: Record<string, MetricValue>, weights: 'ema' | 'raw' = 'ema') =>
  ({ steps, weights, metrics, method: 'jump' }) satisfies EvaluationRow

const sliced = (steps: number, value: number | null, reach?: number) =>
  row(steps, { slicedWasserstein: metric(value, reach) })

describe('a warning of more steps', () => {
  test('is given where they are worse and neither value is in the interval of the other', () => {
    expect(stepWarnings({ rows: [sliced(1, 2), sliced(4, 1), sliced(8, 1.5)] })).toEqual([
      'ema weights: 8 steps are worse than 4 (sliced Wasserstein 1.50 (1.40 to 1.60) against 1.00 (0.900 to 1.10))',
    ])
  })

  test('is not given where they are better, or not clearly worse', () => {
    expect(stepWarnings({ rows: [sliced(1, 2), sliced(4, 1.5), sliced(8, 1)] })).toEqual([])
    expect(stepWarnings({ rows: [sliced(1, 1), sliced(8, 1.05)] })).toEqual([])
    expect(stepWarnings({ rows: [sliced(1, 1, 0.01), sliced(8, 1.2, 0.3)] })).toEqual([])
  })

  test('is about each kind of weights, in any order of rows, and passes over what is not finite', () => {
    const raw = [8, 1].map(steps => row(steps, { slicedWasserstein: metric(steps) }, 'raw'))
    const warnings = stepWarnings({ rows: [sliced(1, 1), sliced(8, null), ...raw] })
    expect(warnings).toEqual([expect.stringMatching(/^raw weights: 8 steps are worse than 1 /)])
  })

  test('goes by the first metric where the sliced distance was not measured, and by its direction', () => {
    const rows = [1, 0.5].map((value, i) =>
      row(i + 1, { recall: metric(value, 0.1, { direction: 'higher' }) }),
    )
    expect(stepWarnings({ rows })).toEqual([
      expect.stringMatching(/^ema weights: 2 steps are worse than 1 \(recall/),
    ])
    expect(stepWarnings({ rows: rows.toReversed().map((row, i) => ({ ...row, steps: i + 1 })) })).toEqual([])
  })

  test('needs rows with metrics', () => {
    expect(stepWarnings({ rows: [] })).toEqual([])
    expect(stepWarnings({ rows: [row(1, {})] })).toEqual([])
  })
})

describe('metrics in lines', () => {
  test('of maps: the interval, the floor where there is one, what there is to note', () => {
    const exact = { floor: 0, low: 0, high: 0 }
    const likelihood = { unit: 'nats', floor: 1.25, low: 1.25, high: 1.25, note: 'a few were lost' }
    const maps = [
      {
        weights: 'ema',
        metrics: { flowNLL: metric(1.5, 0.1, likelihood), semigroupError: metric(0.2, 0.1, exact) },
      },
      { weights: 'raw', metrics: { flowNLL: metric(null) } },
    ] as const
    expect(mapLines(maps).split('\n')).toEqual([
      'negative log-likelihood of the flow, ema weights: 1.50 (1.40 to 1.60) nats; floor 1.25; a few were lost',
      'semigroup error, ema weights: 0.200 (0.100 to 0.300) data units',
      'negative log-likelihood of the flow, raw weights: not measured; floor 0.500 (0.400 to 0.600)',
    ])
  })

  test('of saved samples: a test with its probability', () => {
    const metrics = { classifierAccuracy: metric(0.75, 0.05, { unit: 'share', pValue: 0.0123 }) }
    expect(savedLines({ file: 'x', metrics, notes: [], data: {} as never })).toBe(
      'accuracy of a classifier: 0.750 (0.700 to 0.800) share; floor 0.500 (0.400 to 0.600); p = 0.012',
    )
  })
})

test('classes of which no sample was drawn are counted, and none of them is the worst', () => {
  const class_ = (name: string, count: number, agreement: number) => ({ name, count, agreement, strays: 0 })
  const classes = [class_('a', 10, 0.9), class_('b', 0, 0), class_('c', 20, 0.8)]
  const lines = classLines({ rows: [{ ...sliced(1, 1), classes }] })
  expect(lines[0]).toContain('the worst is class c (80.0 %)')
  expect(lines.slice(1)).toEqual([
    '  class a: 90.0 % of 10 samples belong to it, 0.0 % stray',
    '  class c: 80.0 % of 20 samples belong to it, 0.0 % stray',
    '  of 1 more no sample was drawn',
  ])
})
