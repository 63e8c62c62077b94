import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { metricTable } from '../../src/report/html-table.ts'
import { curvesPlot } from '../../src/report/line-plots.ts'
import { readingOf, runReading } from '../../src/report/reading.ts'
import { ranking, resultsTable, standingAt } from '../../src/report/results-table.ts'
import { comparisonTable, legend } from '../../src/report/table.ts'
import type { Metric, SeedAverage, TableData } from '../../src/report/types.ts'

const coverage: Metric = {
  name: 'coverage',
  label: 'coverage',
  direction: 'higher',
  floor: { value: 0.95, low: 0.93, high: 0.97 },
}

const estimate = (mean: number, half = 0.02): SeedAverage => ({
  mean,
  sd: null,
  interval: [mean - half, mean + half],
  values: [mean],
})

const row = (id: string, values: number[]) => ({
  id,
  label: id,
  cells: values.map((value, i) => ({ steps: i + 1, values: { coverage: estimate(value) } })),
})

const data: TableData = {
  metrics: [coverage],
  methods: [row('wide', [0.6, 0.94]), row('narrow', [0.4, 0.3])],
  seeds: 1,
  count: 100,
}

describe('a metric of which more is better', () => {
  it('ranks the highest first', () => {
    expect(ranking(data.methods, coverage, 1).map(({ method }) => method.id)).toEqual(['wide', 'narrow'])
    const { rows } = resultsTable(data, coverage)
    expect(rows.map(({ entries }) => entries.map(entry => entry!.best))).toEqual([
      [true, true],
      [false, false],
    ])
  })

  it('is at its floor from the low end on', () => {
    const at = (means: number[], metric: Metric) =>
      means.map((mean, i) => standingAt({ metrics: [metric] }, row('one', means), i + 1) ?? mean)
    expect(at([0.9, 0.92, 0.93, 0.99], coverage)).toEqual(['beyond', 'unclear', 'within', 'within'])
    const lower = { ...coverage, direction: 'lower' as const }
    expect(at([0.92, 0.97, 0.98, 1], lower)).toEqual(['within', 'within', 'unclear', 'beyond'])
  })

  it('says so in tables and in words', () => {
    expect(comparisonTable(data, { columns: 100, colour: false })).toContain('coverage (higher is better)')
    expect(legend(data)).toContain('lower is better where nothing else is said')
    expect(readingOf(data)).toContain('At 1 step, wide is best (coverage 0.600)')
    expect(readingOf(data)).toContain('worse than at 1 step: narrow')
  })
})

describe('a metric that is best nearest to its floor', () => {
  const mass: Metric = {
    name: 'coverage',
    label: 'mass',
    direction: 'nearest',
    floor: { value: 1, low: 1, high: 1 },
  }
  const masses = { ...data, metrics: [mass], methods: [row('low', [0.4, 0.99]), row('near', [1.1, 1.4])] }
  const unknown = { ...mass, floor: null }

  it('has its star there, from either side', () => {
    expect(ranking(masses.methods, mass, 1).map(({ method }) => method.id)).toEqual(['near', 'low'])
    const { rows } = resultsTable(masses, mass)
    expect(rows.map(({ entries }) => entries.map(entry => entry!.best))).toEqual([
      [false, true],
      [true, false],
    ])
    expect(comparisonTable(masses, { columns: 100, colour: false })).toContain(
      'mass (nearest to the floor is better)',
    )
    expect(legend(masses)).toContain('lower is better where nothing else is said')
    expect(runReading(masses)).toContain('The best is 0.990 at 2 steps.')
  })

  it('has none where no floor is known, and no way that is better', () => {
    const { rows } = resultsTable(masses, unknown)
    expect(rows.flatMap(({ entries }) => entries.map(entry => entry!.best))).toEqual(Array(4).fill(false))
    expect(comparisonTable({ ...masses, metrics: [unknown] }, { columns: 100, colour: false })).toContain(
      'mass (neither way is better)',
    )
    expect(runReading({ ...masses, metrics: [unknown] })).not.toMatch(/bring nothing|The best/)
  })

  it('says nothing of samples, which pass for data by the others', () => {
    expect(standingAt(masses, masses.methods[0], 1)).toBeUndefined()
    expect(standingAt({ metrics: [mass, coverage] }, row('low', [0.94]), 1)).toBe('within')
  })
})

describe('the axis of a metric', () => {
  const ticks = (metric: Metric) => {
    const { document } = parseHTML(curvesPlot([row('one', [1, 1])], { ...metric, floor: null }))
    const labels = document.querySelectorAll('[aria-label="y-axis tick label"] text')
    return [...labels].map(label => Number(label.textContent))
  }

  it('ends at the greatest possible value', () => {
    expect(Math.max(...ticks({ ...coverage, range: [0, 1] }))).toBe(1)
    expect(Math.max(...ticks(coverage))).toBeGreaterThan(1)
  })

  it('has a heading that fits, or one that is cut', () => {
    const headings = (label: string, width: number) =>
      [
        ...curvesPlot(data.methods, { ...coverage, label }, { width }).matchAll(/>([^<>]*coverage[^<>]*)</g),
      ].map(m => m[1])
    expect(headings('coverage', 528)).toContain('coverage (higher is better)')
    expect(headings(`coverage ${'x'.repeat(35)}`, 328)).toContain(`coverage ${'x'.repeat(35)}`)
    expect(headings(`coverage ${'x'.repeat(80)}`, 328).some(text => text.endsWith('…'))).toBe(true)
  })
})

describe('a confidence interval', () => {
  it('stands beside its value in the table', () => {
    const { document } = parseHTML(metricTable({ ...data, methods: data.methods } as never, coverage))
    expect(document.querySelector('td.value .sd')!.textContent).toBe('0.580 to 0.620')
  })

  it('is the band of the curve where there is one seed', () => {
    const areas = (svg: string) => [...svg.matchAll(/aria-label="area"/g)].length
    expect(areas(curvesPlot(data.methods, coverage))).toBe(2)
    const bare = data.methods.map(method => ({
      ...method,
      cells: method.cells.map(({ steps, values }) => ({
        steps,
        values: { coverage: { ...values.coverage, interval: undefined } },
      })),
    }))
    expect(areas(curvesPlot(bare, coverage))).toBe(0)
  })

  it('is read out for pictures, with what a classifier makes of them', () => {
    const accuracy = { ...coverage, name: 'classAccuracy', label: 'recognised as the class asked for' }
    const [method] = data.methods
    const cells = method.cells.map(cell => ({
      ...cell,
      values: { coverage: estimate(0.6), classAccuracy: estimate(0.75) },
    }))
    const text = runReading({
      ...data,
      metrics: [{ ...coverage, percent: true }, accuracy],
      methods: [{ ...method, cells }],
    })
    // A percentage of something else than strays.
    expect(text).toContain('At 1 step, the wide weights score coverage 60.00 %')
    expect(text).not.toMatch(/strays|land/i)
    expect(text.match(/Recognised as the class asked for 0\.750/g)).toHaveLength(1)
    expect(text).toContain('More steps bring nothing by coverage.')
  })

  it('is read out for a run, with what more steps bring', () => {
    const text = runReading(data)
    expect(text).toContain('At 1 step, the wide weights score coverage 0.600 (95% interval 0.580 to 0.620).')
    expect(text).toContain('At 2 steps the samples cannot be told from the data by any metric at this count.')
    expect(text).toContain('The best is 0.940 at 2 steps.')
    expect(runReading({ ...data, methods: [data.methods[1]] })).toContain('More steps bring nothing.')
    expect(runReading({ ...data, methods: [] })).toBe('Nothing has been measured yet.')
  })
})
