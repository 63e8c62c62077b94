import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linearTicks, logTicks, spreadApart, valueAxis } from '../../src/report/axes.ts'
import {
  decimalsFor,
  escapeHtml,
  formatCount,
  formatDuration,
  formatNumber,
  formatTick,
  truncate,
} from '../../src/report/format.ts'
import { smoothed } from '../../src/report/line-plots.ts'
import { palette, seriesStyle } from '../../src/report/palette.ts'
import { dotsPath, rangeOf, squareRange, toPlane } from '../../src/report/points.ts'

describe('axes', () => {
  it('ticks at round values', () => {
    expect(logTicks(0.09, 11)).toEqual([0.1, 0.3, 1, 3, 10])
    expect(logTicks(0.2, 0.4)).toEqual([0.2, 0.25, 0.3, 0.4])
    expect(linearTicks(-5.02, 5.02)).toEqual([-4, -2, 0, 2, 4])
    expect(valueAxis([0.1, 1]).type).toBe('log')
    expect(valueAxis([0, 1]).type).toBe('linear')
    expect(valueAxis([Number.NaN]).domain).toEqual([0, 1])
  })

  it.each([
    [0.61, 0.69],
    [2.1, 2.4],
    [31, 34],
    [1.05, 1.15],
  ])('ticks between %d and %d, however narrow', (low, high) => {
    expect(valueAxis([low, high]).ticks.length).toBeGreaterThanOrEqual(3)
  })

  it('has at least two ticks, apart when written, inside any range', () => {
    const size = fc.double({ min: -250, max: 250, noNaN: true }).map(power => 10 ** power)
    const ratio = fc.double({ min: -17, max: 3, noNaN: true }).map(power => 1 + 10 ** power)
    const value = fc.oneof(
      size,
      fc.tuple(size, ratio).map(([low, factor]) => low * factor),
    )
    const around = fc.tuple(size, ratio, fc.constantFrom(1, -1))
    const values = fc.oneof(
      fc.array(value, { minLength: 1, maxLength: 4 }),
      around.map(([low, factor, sign]) => [sign * low, sign * low * factor]),
    )
    fc.assert(
      fc.property(values, given => {
        const { domain, ticks } = valueAxis(given)
        const labels = new Set(ticks.map(formatTick))
        expect([ticks.length >= 2, labels.size]).toEqual([true, ticks.length])
        for (const tick of ticks) expect(tick >= domain[0] && tick <= domain[1]).toBe(true)
        for (const v of given) expect(v >= domain[0] && v <= domain[1]).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('spreads labels apart, in order, inside their room, and leaves those alone that fit', () => {
    expect(spreadApart([10, 50, 90], 16, 0, 100)).toEqual([10, 50, 90])
    expect(spreadApart([50, 50], 16, 0, 100)).toEqual([42, 58])
    const place = fc.double({ min: 0, max: 100, noNaN: true })
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 12 }), wanted => {
        const placed = spreadApart(wanted, 16, 0, 100)
        const gap = Math.min(16, wanted.length > 1 ? 100 / (wanted.length - 1) : 16)
        const order = wanted.map((_, i) => i).sort((a, b) => placed[a] - placed[b])
        for (let i = 1; i < order.length; i++) {
          expect(placed[order[i]] - placed[order[i - 1]]).toBeGreaterThan(gap - 1e-9)
          expect(wanted[order[i]]).toBeGreaterThanOrEqual(wanted[order[i - 1]])
        }
        expect(Math.min(...placed)).toBeGreaterThan(-1e-9)
        expect(Math.max(...placed)).toBeLessThan(100 + 1e-9)
      }),
    )
  })
})

describe('format', () => {
  it('chooses decimals and writes numbers', () => {
    expect([[250], [25], [2.5], [0.25], [0.011], [0.0004], []].map(decimalsFor)).toEqual([
      0, 1, 2, 3, 3, 5, 3,
    ])
    expect([1.5, Number.NaN, -Infinity, 3e7].map(v => formatNumber(v, 2))).toEqual([
      '1.50',
      'nan',
      '-inf',
      '3.0e+7',
    ])
    expect([999, 1000, 1234567].map(formatCount)).toEqual(['999', '1,000', '1,234,567'])
    expect([0, 1e-5, 0.001, 0.1, 20, 1500, 2e6].map(formatTick)).toEqual([
      '0',
      '1e-5',
      '0.001',
      '0.1',
      '20',
      '1.5k',
      '2M',
    ])
    expect([3.14, 59.7, 71, 3590, 7300].map(formatDuration)).toEqual([
      '3.1 s',
      '1 min 0 s',
      '1 min 11 s',
      '1 h 0 min',
      '2 h 2 min',
    ])
    expect(truncate('abcdef', 4)).toBe('abc…')
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;')
  })
})

describe('points', () => {
  it('draws each dot where it belongs, once', () => {
    const range = { x: [0, 1], y: [0, 1] } as const
    const points = Float64Array.of(0, 1, 1, 0, 1, 0, 5, 5, Number.NaN, 0)
    const nothing = { strays: '', astray: 0 }
    expect(dotsPath(points, range, 10, 20)).toEqual({
      path: 'm0 0h0m10 20h0',
      drawn: 5,
      outside: 2,
      ...nothing,
    })
  })

  it('draws strays apart, on the edge where they are outside the range', () => {
    const range = { x: [0, 1], y: [0, 1] } as const
    const points = Float64Array.of(0, 1, 1, 0, 5, 0.5, 1, -1e30, Number.NaN, 0)
    expect(dotsPath(points, range, 10, 20, 2000, Uint8Array.of(0, 1, 1, 1, 1))).toEqual({
      path: 'm0 0h0',
      strays: 'm10 10h0m0 10h0',
      drawn: 5,
      outside: 3,
      astray: 4,
    })
  })

  it('draws the points of each class apart, and strays above them', () => {
    const range = { x: [0, 1], y: [0, 1] } as const
    const points = Float64Array.of(0, 1, 1, 0, 0.5, 0.5)
    expect(dotsPath(points, range, 10, 20, 2000, Uint8Array.of(0, 0, 1), [2, 0, 2])).toMatchObject({
      path: '',
      strays: 'm5 10h0',
      byClass: ['m10 20h0', '', 'm0 0h0'],
    })
  })

  it('visits every grid node of a random cloud', () => {
    const coordinate = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 60 }), pairs => {
        const range = { x: [0, 100], y: [0, 100] } as const
        const { path } = dotsPath(Float64Array.from(pairs.flat()), range, 100, 100)
        let [x, y] = [0, 0]
        const seen = [...path.matchAll(/m(-?\d+) ?(-?\d+)h0/g)].map(move => {
          x += Number(move[1])
          y += Number(move[2])
          return `${x},${100 - y}`
        })
        expect(seen.sort()).toEqual([...new Set(pairs.map(pair => pair.join(',')))].sort())
      }),
    )
  })

  it('thins evenly to its limit', () => {
    const line = Float64Array.from({ length: 2000 }, (_, i) => Math.floor(i / 2))
    const { drawn, path } = dotsPath(line, { x: [0, 999], y: [0, 999] }, 999, 999, 10)
    expect(drawn).toBe(10)
    expect(path.match(/h0/g)).toHaveLength(10)
  })

  it('ranges over most points, not over outliers', () => {
    const cloud = Float64Array.from({ length: 2000 }, (_, i) => (i % 100) / 100)
    cloud.set([1e9, -1e9])
    const { x, y } = rangeOf(cloud)
    expect(Math.max(x[1], -y[0])).toBeLessThan(1.2)
    expect(rangeOf(new Float32Array(0))).toEqual({ x: [-1, 1], y: [-1, 1] })
    expect(squareRange({ x: [0, 4], y: [0, 2] })).toEqual({ x: [0, 4], y: [-1, 3] })
  })

  it('brings any dimension into the plane', () => {
    expect([...toPlane(Float32Array.of(1, 2, 3, 4, 5, 6), 3)]).toEqual([1, 2, 4, 5])
    const line = toPlane(Float32Array.of(7, 8), 1)
    expect([line[0], line[2]]).toEqual([7, 8])
  })
})

describe('smoothed', () => {
  it('takes means of equal stretches', () => {
    const loss = [1, 3, 5, Number.NaN, 7].map((value, step) => ({ step, value }))
    expect(smoothed(loss, 2)).toEqual([
      { step: 0.5, value: 2 },
      { step: 3, value: 6 },
    ])
  })
})

describe('palette', () => {
  const linear = (hex: string): number[] =>
    [1, 3, 5].map(i => (Number.parseInt(hex.slice(i, i + 2), 16) / 255) ** 2.2)
  const luminance = ([r, g, b]: number[]): number => 0.2126 * r + 0.7152 * g + 0.0722 * b
  const contrast = (a: string, b: string): number => {
    const [dark, light] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y)
    return (light + 0.05) / (dark + 0.05)
  }

  it.each(palette)('$colour and $dark stand out on their pages', ({ colour, dark }) => {
    expect(contrast(colour, '#ffffff')).toBeGreaterThan(3)
    expect(contrast(dark, '#14181c')).toBeGreaterThan(3)
  })

  it('gives 56 methods different looks', () => {
    const looks = Array.from({ length: 56 }, (_, i) => JSON.stringify(seriesStyle(i)))
    expect(new Set(looks).size).toBe(56)
  })

  // Machado et al. 2009, severity 1, rows act on linear RGB.
  const visions = {
    protan: [0.152, 1.053, -0.205, 0.115, 0.786, 0.099, -0.004, -0.048, 1.052],
    deutan: [0.367, 0.861, -0.228, 0.28, 0.673, 0.047, -0.012, 0.043, 0.969],
  }
  it.each(Object.entries(visions))('keeps colours apart for %s eyes', (_name, m) => {
    const lab = (hex: string): number[] => {
      const c = linear(hex)
      const [r, g, b] = [0, 1, 2].map(i =>
        Math.max(0, m[3 * i] * c[0] + m[3 * i + 1] * c[1] + m[3 * i + 2] * c[2]),
      )
      const [l, n, s] = [
        0.4122 * r + 0.5363 * g + 0.0514 * b,
        0.2119 * r + 0.6807 * g + 0.1074 * b,
        0.0883 * r + 0.2817 * g + 0.63 * b,
      ].map(Math.cbrt)
      return [
        0.2105 * l + 0.7936 * n - 0.0041 * s,
        1.978 * l - 2.4286 * n + 0.4506 * s,
        0.0259 * l + 0.7828 * n - 0.8087 * s,
      ]
    }
    for (const key of ['colour', 'dark'] as const) {
      const colours = palette.map(pair => lab(pair[key]))
      const distances = colours.flatMap((a, i) =>
        colours.slice(0, i).map(b => Math.hypot(...a.map((v, k) => v - b[k]))),
      )
      expect(Math.min(...distances)).toBeGreaterThan(0.09)
    }
  })
})
