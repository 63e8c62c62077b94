import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import { describe, expect, it, test } from 'vitest'
import { colourScale, inkOn } from '../../src/report/colour-scale.ts'
import { compactNumber, type HeatMap, heatMap } from '../../src/report/heat-map.ts'
import { numbersOf, residualGroups } from '../../src/report/time-maps.ts'
import type { Method } from '../../src/report/types.ts'

const known: HeatMap = {
  title: 'a < b',
  edges: { s: [0, 0.5, 1], t: [0, 0.5, 1] },
  values: [
    [0.01, null],
    [1, 0.1],
  ],
  describe: (i, j) => `cell ${i} ${j} <i>`,
}
const scale = colourScale([0.01, 1, 0.1])

const dom = (svg: string) => parseHTML(`<html><body>${svg}</body></html>`).document.querySelector('svg')!

/** What each cell shows, from left to right and upwards. */
function cellsOf(svg: string) {
  return [...dom(svg).querySelectorAll('g > title')].map(title => {
    const rect = title.parentElement!.querySelector('rect')!
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map(name => Number(rect.getAttribute(name)))
    const text = title.parentElement!.querySelector('text')
    return {
      title: title.textContent,
      x,
      y,
      width,
      height,
      fill: rect.getAttribute('fill')!,
      text: text?.textContent,
      ink: text?.getAttribute('fill'),
    }
  })
}

/** Red, green and blue, 0 to 1. */
const channels = (colour: string): number[] =>
  colour.startsWith('#')
    ? [1, 3, 5].map(i => Number.parseInt(colour.slice(i, i + 2), 16) / 255)
    : colour.match(/\d+/g)!.map(part => Number(part) / 255)

const luminance = (colour: string): number => {
  const [r, g, b] = channels(colour).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)

describe('heatMap', () => {
  const cells = cellsOf(heatMap(known, { scale }))

  it('draws a cell for each value, sources across and targets upwards', () => {
    expect(cells.map(({ title }) => title)).toEqual(['cell 0 0 <i>', 'cell 1 0 <i>', 'cell 1 1 <i>'])
    const [corner, right, above] = cells
    expect(right.x).toBeCloseTo(corner.x + corner.width, 0)
    expect(right.y).toBe(corner.y)
    expect(above.x).toBe(right.x)
    expect(above.y).toBeCloseTo(right.y - right.height, 0)
    expect(cells.map(({ text }) => text)).toEqual(['.010', '1.0', '.10'])
  })

  it('has equal steps of colour for equal ratios', () => {
    expect([0.01, 0.1, 1].map(scale.place)).toEqual([0, expect.closeTo(0.5, 9), 1])
    expect(cells.map(({ fill }) => fill)).toEqual([0.01, 1, 0.1].map(scale.colour))
  })

  it('is well-formed, named and asks for nothing', () => {
    const svg = heatMap(known, { scale, standalone: false })
    expect(dom(svg).getAttribute('aria-label')).toBe('a < b')
    expect(svg).not.toMatch(/NaN|Infinity|undefined|href|url\(|<i>/)
    const sizes = [...svg.matchAll(/font-size="([\d.]+)/g)].map(match => Number(match[1]))
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12)
  })

  it('leaves the number out where it does not fit, and keeps its title', () => {
    const edges = Array.from({ length: 31 }, (_, i) => i / 30)
    const fine = { ...known, edges: { s: edges, t: edges }, values: edges.slice(1).map(() => edges.slice(1)) }
    const small = cellsOf(heatMap(fine, { scale }))
    expect(small).toHaveLength(900)
    expect(small.every(({ text, title }) => text === undefined && title)).toBe(true)
  })
})

describe('colourScale', () => {
  it('rises in lightness throughout, so that it reads in grey', () => {
    const steps = Array.from({ length: 101 }, (_, i) => luminance(scale.colour(0.01 * 100 ** (i / 100))))
    for (let i = 1; i < steps.length; i++) expect(steps[i]).toBeGreaterThanOrEqual(steps[i - 1])
    expect(contrast(steps[0], steps[100])).toBeGreaterThan(10)
  })

  it('has ink of at least 4.5:1 on every colour', () => {
    for (let i = 0; i <= 200; i++) {
      const colour = scale.colour(0.01 * 100 ** (i / 200))
      const ink = inkOn(colour) === '#000' ? 0 : 1
      expect(contrast(luminance(colour), ink)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('holds the smallest numbers that there are', () => {
    for (const values of [[Number.MIN_VALUE], [Number.MIN_VALUE, 1], [2 * Number.MIN_VALUE]]) {
      const { domain, ticks, place } = colourScale(values)
      expect(domain[0]).toBeGreaterThan(0)
      expect(ticks.length).toBeLessThan(10)
      for (const value of values) expect(Number.isFinite(place(value))).toBe(true)
    }
  })

  it('holds every value, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 8 }), values => {
        const { domain, place, colour, ticks } = colourScale(values)
        expect(domain[0]).toBeLessThan(domain[1])
        for (const value of values) {
          expect(place(value)).toBeGreaterThanOrEqual(0)
          expect(place(value)).toBeLessThanOrEqual(1)
          expect(colour(value)).toMatch(/^(rgb|#)/)
        }
        expect(ticks.every(tick => tick >= domain[0] && tick <= domain[1])).toBe(true)
      }),
    )
  })
})

test('the smallest numbers that there are have a scale too', () => {
  const { domain, ticks } = colourScale([-Number.MIN_VALUE, Number.MIN_VALUE])
  expect(ticks).toEqual([...domain])
})

describe('compactNumber', () => {
  it('is within six hundredths of the value, in at most six characters', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-30, max: 1e9, noNaN: true }), value => {
        const text = compactNumber(value)
        expect(text.length).toBeLessThanOrEqual(6)
        const coarse = value >= 1000 || value < 0.0095 ? 0.34 : 0.06
        expect(Math.abs(Number(text) - value) / value).toBeLessThanOrEqual(coarse)
        expect(compactNumber(-value)).toBe(`-${text}`)
      }),
    )
    expect([0, 0.25, 0.0123, 3.12, 47.2, 912, 0.0004].map(compactNumber)).toEqual([
      '0',
      '.25',
      '.012',
      '3.1',
      '47',
      '912',
      '4e-4',
    ])
  })
})

describe('residualGroups', () => {
  const residual = (factor: number) => ({
    name: 'semigroup',
    s: [0.5, 1],
    t: [0, 0.5],
    values: [
      [factor, null],
      [2 * factor, 3 * factor],
    ],
  })
  const method = (label: string, factor: number): Method => ({
    id: label,
    label,
    cells: [],
    samples: [],
    loss: [],
    diagnostics: { paths: null, residuals: [residual(factor)], losses: [], notes: [] },
  })

  it('puts the maps of several methods on one scale', () => {
    const [group, ...others] = residualGroups([method('one', 1), method('two', 100)])
    expect(others).toEqual([])
    expect(group.maps.map(({ map }) => map.title)).toEqual(['one', 'two'])
    expect(group.maps[0].scale).toBe(group.maps[1].scale)
    expect(group.maps[0].scale.domain).toEqual([1, 300])
  })

  it('centres a cell on its times', () => {
    const [{ maps }] = residualGroups([method('one', 1)])
    expect(maps[0].map.edges).toEqual({ s: [0.25, 0.75, 1.25], t: [-0.25, 0.25, 0.75] })
    expect(maps[0].map.describe(1, 0)).toBe('s = 1, t = 0: 2.00')
  })

  it('gives the numbers as a table, the largest target first', () => {
    const [{ maps }] = residualGroups([method('one', 1)])
    expect(numbersOf(maps[0].map)).toEqual({
      head: ['t \\ s', '0.5', '1'],
      rows: [
        ['0.5', '', '3.0'],
        ['0', '1.0', '2.0'],
      ],
    })
  })
})
