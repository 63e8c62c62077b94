import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import type { WeighRecord } from '../../src/evaluation/weigh.ts'
import { importanceParts } from '../../src/report/html-importance.ts'
import { tailText } from '../../src/report/importance.ts'
import { weightPlot } from '../../src/report/weight-plot.ts'

const counts = [120, 0, 300, 480, 100, 0]
const example: WeighRecord = {
  energy: '<double-well>',
  grid: [1, 0.5, 0],
  method: 'jump',
  density: 'jump',
  count: 1000,
  seed: 0,
  weights: 'ema',
  logNormalizer: 10.287,
  error: 0.0091,
  known: 10.2935,
  effectiveShare: 0.389,
  effectiveShareFromTarget: 0.472,
  divergence: 1.2,
  paretoK: 0.31,
  clipped: { part: 0.002, logNormalizer: 10.285, effectiveShare: 0.4 },
  folded: 0.0125,
  lost: 0,
  means: { right: { value: 0.854, error: 0.0058, known: 0.8443 } },
  target: { count: 200, missed: 0.05, folded: 0, residual: 1e-6 },
  evaluations: 6,
  histogram: { low: -6, high: 6, counts },
  warnings: ['careful <now>'],
}

const documentOf = (markup: string) => parseHTML(`<html><body>${markup}</body></html>`).document
const textsOf = (markup: string, selector: string): string[] =>
  [...documentOf(markup).querySelectorAll(selector)].map(found => found.textContent as string)

describe('the histogram of weights', () => {
  test('has a bar for each cell, as high as the root of its count', () => {
    const bars = [...documentOf(weightPlot(example)).querySelectorAll('g[aria-label="rect"] rect')]
    expect(bars).toHaveLength(counts.length)
    const heights = bars.map(bar => Number(bar.getAttribute('height')) + 1)
    const [first, , third, fourth, fifth] = heights
    expect(third / first).toBeCloseTo(Math.sqrt(300 / 120), 1)
    expect(fourth / fifth).toBeCloseTo(Math.sqrt(480 / 100), 1)
  })

  test('names its axes and what the ends hold', () => {
    const texts = textsOf(weightPlot(example), 'text, tspan')
    for (const text of [
      'samples, on a scale of square roots',
      'log weight, less log Z by its estimate',
      '≤ -6',
      '0',
      '≥ 6',
    ]) {
      expect(texts).toContain(text)
    }
    expect(weightPlot({ histogram: { low: -6, high: 6, counts: [0, 0] } })).not.toMatch(/NaN|undefined/)
  })
})

describe('importance weights in a report', () => {
  const rowsOf = (record: WeighRecord) =>
    Object.fromEntries(
      [...documentOf(importanceParts(record).join('')).querySelectorAll('tbody tr')].map(row => {
        const [name, ...rest] = [...row.children].map(cell => cell.textContent as string)
        return [name, rest]
      }),
    )

  test('have their numbers, what each is blind to, and what could fool them', () => {
    const rows = rowsOf(example)
    expect(rows['log Z']).toEqual(['10.287 ± 0.009', 'known: 10.293'])
    expect(rows['effective share, own samples']).toEqual([
      '38.9 %',
      '389 of 1,000; blind to a mode without samples',
    ])
    expect(rows["effective share, target's samples"]).toEqual([
      '47.2 %',
      'sees missed modes; 200 samples of the target; noise not found for 5.0 %',
    ])
    expect(rows['Pareto k'][0]).toBe('0.31')
    expect(rows.folded[0]).toBe('1.3 %')
    expect(rows['mean of right']).toEqual(['0.8540 ± 0.0058', 'known: 0.8443'])
    const text = importanceParts(example).join('')
    expect(text).toContain('Only samples of the target, or a log Z that is known, show what it misses')
    expect(text).toContain('12.0 % of the samples are in the first cell (-6 and below).')
    expect(text).toContain('<li>careful &#60;now&#62;</li>')
    expect(text).toContain('through 2 jump steps, weighed to &#60;double-well&#62;')
  })

  test('say so where there are no samples of the target, and nothing where nothing was weighed', () => {
    const rows = rowsOf({ ...example, target: null, effectiveShareFromTarget: null, known: null })
    expect(rows["effective share, target's samples"]).toEqual([
      '–',
      'not known: there are no samples of the target to look for',
    ])
    expect(rows['log Z'][1]).toBe('not known otherwise')
    expect(importanceParts(undefined)).toEqual([])
  })

  test('do not call a tail light where one sample carries the weight', () => {
    expect(tailText(example)).toMatch(/^at most 0\.7/)
    expect(tailText({ ...example, paretoK: 0.9 })).toMatch(/^above 0\.7/)
    expect(tailText({ ...example, effectiveShare: 0.0011 })).toMatch(/^says nothing/)
  })
})
