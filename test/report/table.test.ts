import { describe, expect, it } from 'vitest'
import { comparisonMarkdown, comparisonTable } from '../../src/report/table.ts'
import type { TableData } from '../../src/report/types.ts'
import { example } from './example.ts'

const data = example()
const rowOf = (text: string, name: string): string => text.split('\n').find(line => line.includes(name))!
const plain = (columns: number, of: TableData = data): string =>
  comparisonTable(of, { columns, colour: false })

describe('comparisonTable', () => {
  it('marks the best of each column and what is within the floor, without colour', () => {
    const text = plain(100)
    expect(rowOf(text, 'semigroup')).toMatch(
      /0\.280 ± 0\.010 \* +0\.240 ± 0\.010 \* +0\.200 ± 0\.010 \*≈ +0\.260 ± 0\.010 \*/,
    )
    expect(rowOf(text, 'euler')).not.toMatch(/[*≈]/)
    expect(rowOf(text, 'noise floor')).toMatch(/0\.150 \(0\.100 to 0\.210\)$/)
    expect(text).toContain('Sliced Wasserstein <i> (units)')
    expect(text).not.toContain('\u001b')
  })

  it('makes the best, and only it, bold in colour', () => {
    const text = comparisonTable(data, { columns: 100, colour: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour code
    const bold = [...text.matchAll(/\u001b\[1m(.*?)\u001b\[22m/g)].map(match => match[1])
    expect(bold.filter(part => part.includes('*'))).toHaveLength(4)
    expect(bold).toHaveLength(5)
  })

  it('obeys NO_COLOR unless told otherwise', () => {
    const before = process.env.NO_COLOR
    process.env.NO_COLOR = '1'
    try {
      expect(comparisonTable(data)).not.toContain('\u001b')
      expect(comparisonTable(data, { colour: true })).toContain('\u001b')
    } finally {
      if (before === undefined) delete process.env.NO_COLOR
      else process.env.NO_COLOR = before
    }
  })

  it.each([16, 20, 30, 40, 56, 64, 80, 120])('fits %i columns and keeps every mean', columns => {
    const text = plain(columns)
    for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(columns)
    expect(text.replace(/\s+/g, ' ')).toContain('Sliced Wasserstein <i> (units)')
    for (const mean of ['2.730', '0.280', '0.380', '0.150']) expect(text).toContain(mean)
  })

  it('gives up the spread before the columns', () => {
    expect(plain(78)).toContain('0.280±0.010')
    expect(plain(60)).not.toContain('±')
    expect(rowOf(plain(60), 'semigroup')).toMatch(/0\.280.*0\.240.*0\.200.*0\.260/)
    expect(plain(24).split('\n')).toContain('semigroup')
  })

  it('has no floor, spread or best where there is none', () => {
    const one = {
      ...data,
      seeds: 1,
      metrics: data.metrics.map(metric => ({ ...metric, floor: null })),
      methods: [
        {
          id: 'a',
          label: 'a',
          cells: [{ steps: 1, values: { sw: { mean: 0.5, sd: null, values: [0.5] } } }],
        },
      ],
    }
    const [, , , row, ...rest] = plain(80, one).split('\n')
    expect(row).toBe('a      0.500')
    expect(rest.join(' ')).not.toMatch(/floor|±/)
  })

  it('leaves unmeasured cells blank and never ranks what is not finite', () => {
    const nan = { mean: Number.NaN, sd: null, values: [] }
    const cell = (steps: number, sw: object) =>
      ({ steps, values: { sw } }) as TableData['methods'][0]['cells'][0]
    const methods = [
      { id: 'broken', label: 'broken', cells: [cell(1, nan)] },
      { id: 'huge', label: 'huge', cells: [cell(1, { ...nan, mean: 1e12 }), cell(2, { ...nan, mean: 3 })] },
      { id: 'good', label: 'good', cells: [cell(1, { ...nan, mean: 2 }), cell(2, { ...nan, mean: 4 })] },
    ]
    const text = plain(80, { ...data, methods })
    expect(rowOf(text, 'broken')).toMatch(/^broken +nan$/)
    expect(rowOf(text, 'huge')).toMatch(/1\.0e\+12 +3\.000 \*$/)
    expect(rowOf(text, 'good')).toMatch(/2\.000 \* +4\.000$/)
  })
})

describe('comparisonMarkdown', () => {
  const text = comparisonMarkdown(data)

  it('is a table of equal rows with the best in bold', () => {
    const rows = text.split('\n').filter(line => line.startsWith('|'))
    expect(rows).toHaveLength(6)
    expect(new Set(rows.map(row => row.replace(/\\\|/g, '').split('|').length))).toEqual(new Set([7]))
    expect(rowOf(text, 'semigroup')).toBe(
      '| semigroup | **0.280 ± 0.010** | **0.240 ± 0.010** | **0.200 ± 0.010** ≈ | **0.260 ± 0.010** |',
    )
  })

  it('escapes names', () => {
    expect(text).toContain('lsd \\<img src=x\\>')
    expect(text).not.toMatch(/[^\\]<i/)
  })
})
