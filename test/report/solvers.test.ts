import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import type { SolverComparison } from '../../src/evaluation/solver-comparison.ts'
import { solverParts } from '../../src/report/html-solvers.ts'
import { solverPlot } from '../../src/report/solver-plot.ts'
import { solverLines } from '../../src/report/solver-table.ts'

const power = (order: number, from: number) =>
  [1, 2, 4, 8, 16, 32, 64, 128].filter(n => n >= from).map(n => ({ evaluations: n, error: n ** -order }))

const example: SolverComparison = {
  weights: 'ema',
  count: 512,
  spread: 4.014,
  reference: { tolerance: 1e-6, error: 5e-7 },
  curves: [
    { method: 'jump', declared: null, errors: [{ evaluations: 1, error: 0.25 }], fit: null },
    { method: 'heun', declared: 2, errors: power(2, 2), fit: { order: 1.96, points: 4 } },
    {
      method: 'edm',
      declared: 2,
      errors: [
        { evaluations: 3, error: null },
        { evaluations: 7, error: 0.5 },
      ],
      fit: null,
    },
  ],
  notes: ['left out ancestral: noise is <added>'],
}

const textsOf = (markup: string, selector: string): string[] =>
  [...parseHTML(`<html><body>${markup}</body></html>`).document.querySelectorAll(selector)].map(
    found => found.textContent as string,
  )

describe('the plot of solvers', () => {
  const texts = textsOf(solverPlot(example), 'text, tspan')

  test('names its axes, its lines and the reference', () => {
    for (const text of [
      'evaluations of the network',
      "error, in parts of the data's spread",
      'jumps',
      'heun',
      'edm',
    ]) {
      expect(texts).toContain(text)
    }
    expect(texts).not.toContain('reference')
    const near = { ...example, reference: { tolerance: 1e-6, error: 1e-5 } }
    expect(textsOf(solverPlot(near), 'text, tspan')).toContain('reference')
  })

  test('is logarithmic both ways, and leaves out what is not finite', () => {
    const { document } = parseHTML(`<html><body>${solverPlot(example)}</body></html>`)
    const markers = [...document.querySelectorAll('g[fill^="#"]')].map(group =>
      group.querySelectorAll('path'),
    )
    expect(markers.map(({ length }) => length)).toEqual([1, 7, 1])
    const at = [...markers[1]].map(path =>
      /translate\(([\d.]+),([\d.]+)\)/.exec(path.getAttribute('transform'))!.slice(1).map(Number),
    )
    const steps = at.slice(1).map(([x, y], i) => [x - at[i][0], y - at[i][1]])
    for (const [dx, dy] of steps) {
      expect(dx).toBeCloseTo(steps[0][0], 0)
      expect(dy).toBeCloseTo(steps[0][1], 0)
    }
  })

  test('has fewer ticks where it is narrow', () => {
    const ticks = (width: number) =>
      textsOf(solverPlot(example, { width }), 'text').filter(text => /^\d+$/.test(text) && text !== '0')
    expect(ticks(328)).toEqual(expect.arrayContaining(['2', '8', '32', '128']))
    expect(ticks(328)).not.toContain('64')
    expect(ticks(528)).toContain('64')
  })
})

describe('the comparison of solvers in a report', () => {
  test('has a row for each with its orders and errors', () => {
    const markup = solverParts(example, 'data units').join('')
    expect(textsOf(markup, 'th[scope=col]')).toEqual([
      ...['solver', 'order fitted', 'declared'],
      ...['1', '2', '4', '8', '16', '32', '64', '128'],
    ])
    const rows = [...parseHTML(`<html><body>${markup}</body></html>`).document.querySelectorAll('tbody tr')]
    const cells = rows.map(row => [...row.children].map(cell => cell.textContent))
    expect(cells[0].slice(0, 4)).toEqual(['jumps', '–', '–', '0.25'])
    expect(cells[1]).toEqual([
      'heun',
      '2.0 (4)',
      '2',
      '–',
      '0.25',
      '0.063',
      '0.016',
      '0.0039',
      '9.8e-4',
      '2.4e-4',
      '6.1e-5',
    ])
    expect(cells[2].slice(3, 7)).toEqual(['–', '–', 'not finite', '0.50'])
    expect(markup).toContain('moves its ends by 5.0e-7')
    expect(markup).toContain('spread of 4.01 data units')
    expect(markup).toContain('<p class="soft">Left out ancestral: noise is &#60;added&#62;.</p>')
  })

  test('is nothing where none was made, and a reason where none could be', () => {
    expect(solverParts(undefined, 'data units')).toEqual([])
    expect(solverParts({ ...example, curves: [] }, 'data units').join('')).toMatch(
      /^<p class="soft">Left out/,
    )
    expect(solverLines({ ...example, curves: [] }, 'data units', 80).join('')).toMatch(/^left out/)
  })

  test('is a table in a terminal, and a list in a narrow one', () => {
    const wide = solverLines(example, 'data units', 80)
    expect(wide.join('\n')).toMatch(/^heun +– +0\.25 .* 6\.1e-5 2\.0 \(4\) +2$/m)
    for (const columns of [80, 50]) {
      for (const line of solverLines(example, 'data units', columns)) {
        expect([...line].length).toBeLessThanOrEqual(columns)
      }
    }
    expect(solverLines(example, 'data units', 50).join(' ')).toContain(
      'heun: 0.25 at 2, 0.063 at 4, 0.016 at 8, 0.0039 at 16, 9.8e-4 at 32, 2.4e-4 at 64, 6.1e-5 at 128; order fitted 2.0 (4), declared 2',
    )
  })
})
