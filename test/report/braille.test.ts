import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scatter, scatterRow } from '../../src/report/braille.ts'
import { ring } from './example.ts'

const unit = { x: [0, 15], y: [0, 3] } as const
const widths = (text: string): number[] => text.split('\n').map(line => [...line].length)

describe('scatter', () => {
  it('sets exactly the dots of the points', () => {
    const corners = Float32Array.of(0, 0, 0, 3, 15, 0, 15, 3, 2, 2)
    expect(scatter(corners, { width: 8, height: 1, range: unit, frame: false })).toBe(
      '⡁⠂     ⢈'.replace(/⠂/, '⠂'),
    )
  })

  it('draws upwards: a larger y is a higher line', () => {
    const range = { x: [0, 15], y: [0, 7] } as const
    const [upper, lower] = scatter(Float32Array.of(0, 7), { width: 8, height: 2, range, frame: false }).split(
      '\n',
    )
    expect([upper.trim(), lower.trim()]).toEqual(['⠁', ''])
  })

  it('keeps one unit the same length both ways', () => {
    const square = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1)
    const lines = scatter(square, {
      width: 40,
      height: 4,
      range: { x: [0, 1], y: [0, 1] },
      frame: false,
    }).split('\n')
    const lit = lines[0].trim()
    // 16 dots high, so 16 dots wide: 8 cells, not 40.
    expect([...lines[0].trimEnd()].length - (lines[0].length - lines[0].trimStart().length)).toBe(8)
    expect([...lit].length).toBe(8)
  })

  it('frames with the title, cut, and the range', () => {
    const lines = scatter(ring(500, 1), { width: 20, title: 'a title far too long for this' }).split('\n')
    expect(lines[0]).toBe('┌─ a title far to… ┐')
    expect(lines.at(-1)).toMatch(/^└ -\d\S* ─+ \d\S* ┘$/)
    expect(new Set(widths(lines.join('\n')))).toEqual(new Set([20]))
  })

  it('refuses in one line what it cannot draw', () => {
    expect(scatter(ring(10, 1), { width: 9 })).toBe('(no plot…')
    expect(scatter(ring(10, 1), { width: 40, height: 2 })).toBe('(no plot: 2 lines)')
    expect(scatter(Float32Array.of(Number.NaN, Number.NaN), { title: 'lost' })).toBe(
      'lost: (no finite points)',
    )
    expect(scatter(new Float32Array(0))).toBe('(no finite points)')
  })

  it('leaves stray dots dark in a dense cloud, and lit in a sparse one', () => {
    const range = { x: [0, 15], y: [0, 3] } as const
    const dense = new Float32Array(2002)
    dense.set([15, 3], 2000)
    const options = { width: 8, height: 1, range, frame: false }
    expect(scatter(dense, options)).toBe(`⡀${' '.repeat(7)}`)
    expect(scatter(dense.subarray(1998), options)).toBe(`⡀${' '.repeat(6)}⠈`)
  })

  it('fits any width and never throws', () => {
    const coordinate = fc.double({ noDefaultInfinity: false })
    fc.assert(
      fc.property(
        fc.array(coordinate, { maxLength: 40 }),
        fc.integer({ min: 0, max: 90 }),
        (values, width) => {
          const drawn = scatter(Float64Array.from(values), { width, title: 'points' })
          expect(Math.max(...widths(drawn))).toBeLessThanOrEqual(width)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('scatterRow', () => {
  const panels = ['one', 'two', 'three'].map((title, i) => ({ title, points: ring(200, i) }))

  it('stands side by side where there is room, and wraps where there is not', () => {
    const wide = scatterRow(panels, { columns: 80 })
    const narrow = scatterRow(panels, { columns: 24 })
    expect(wide.split('\n')[0]).toMatch(/one .* two .* three /)
    expect(narrow.split('\n').filter(line => line.startsWith('┌'))).toHaveLength(3)
    expect(Math.max(...widths(wide))).toBeLessThanOrEqual(80)
    expect(Math.max(...widths(narrow))).toBeLessThanOrEqual(24)
  })

  it('draws every panel on one range', () => {
    const row = scatterRow([
      { title: 'small', points: Float32Array.of(0, 0, 1, 1) },
      { title: 'large', points: Float32Array.of(0, 0, 100, 100) },
    ])
    const ends = row
      .split('\n')
      .at(-1)!
      .match(/└ (\S+) ─+ (\S+) ┘ └ (\S+) ─+ (\S+) ┘/)!
    expect(ends.slice(1, 3)).toEqual(ends.slice(3, 5))
  })

  it('is empty without panels', () => expect(scatterRow([])).toBe(''))
})
