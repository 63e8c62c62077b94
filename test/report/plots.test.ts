import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { colourScale } from '../../src/report/colour-scale.ts'
import { heatMap } from '../../src/report/heat-map.ts'
import { pathFrame, pathPanel } from '../../src/report/path-plot.ts'
import { curvesPlot, lossPlot, sampleGrid, scatterPlot, svgToPng } from '../../src/report/plots.ts'
import type { Metric, PathData } from '../../src/report/types.ts'
import { example, ring } from './example.ts'

const data = example()
const plots: Record<string, (standalone?: boolean) => string> = {
  scatterPlot: standalone => scatterPlot(ring(5000, 1), { title: 'a < b & "c"', standalone }),
  curvesPlot: standalone => curvesPlot(data.methods, data.metrics[0], { standalone }),
  lossPlot: standalone => lossPlot(data.methods, { standalone }),
  sampleGrid: standalone => sampleGrid(data, { title: data.title, standalone }),
}

const dom = (svg: string) => parseHTML(`<html><body>${svg}</body></html>`).document.querySelector('svg')!

describe.each(Object.entries(plots))('%s', (_name, draw) => {
  it('is well-formed, finite and asks for nothing', async () => {
    const svg = draw()
    expect((await sharp(Buffer.from(svg)).metadata()).format).toBe('svg')
    expect(svg.match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d+ \d+"/)).not.toBeNull()
    expect(svg).not.toMatch(/NaN|Infinity|undefined|href|url\(/)
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toContain('http')
  })

  it('has a name, a ground when alone, and none on a page', () => {
    expect(dom(draw()).getAttribute('role')).toBe('img')
    expect(dom(draw()).getAttribute('aria-label')).toBeTruthy()
    expect(draw(true)).toContain('fill="#fff"')
    expect(draw(false)).not.toContain('fill="#fff"')
    expect(draw(false)).toContain('currentColor')
  })

  it('sets no text smaller than 12 pixels', () => {
    const sizes = [...draw().matchAll(/font-size="([\d.]+)/g)].map(match => Number(match[1]))
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12)
  })
})

it('a scatter of points with classes has a colour and a name for each', () => {
  const points = ring(600, 1)
  const of = Array.from({ length: points.length / 2 }, (_, i) => i % 3)
  const svg = dom(scatterPlot(points, { title: 'three', classes: { of, names: ['a', 'b', 'c'] } }))
  const strokes = [...svg.querySelectorAll('path[stroke-linecap]')].map(path => path.getAttribute('stroke'))
  const dots = [...svg.querySelectorAll('circle')].map(circle => circle.getAttribute('fill'))
  expect(new Set(strokes).size).toBe(3)
  expect(dots).toEqual(strokes)
  for (const name of ['class a', 'class b', 'class c']) expect(svg.textContent).toContain(name)
})

describe('every plot', () => {
  const size = fc.double({ min: -9, max: 9, noNaN: true }).map(power => 10 ** power)
  const narrow = fc
    .tuple(size, fc.double({ min: -17, max: 1, noNaN: true }))
    .map(([low, power]) => [low, low * (1 + 10 ** power)] as const)

  it.each([
    [0.61, 0.69],
    [31, 34],
  ])('has ticks and room for its lines between %d and %d', (low, high) => {
    const svg = lossPlot([{ label: 'loss', loss: [low, high].map((value, step) => ({ step, value })) }])
    expect(dom(svg).querySelectorAll('g[aria-label="y-axis tick label"] text').length).toBeGreaterThan(2)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg).toMatch(/<path[^>]* d="M\d[\d.]*,\d/)
  })

  it('has finite numbers alone, whatever narrow range it shows', () => {
    const path = (points: Float64Array[]): PathData => ({
      ...{ field: 'own', times: [1, 0], curve: points },
      jumps: [{ steps: 1, times: [1, 0], points, gap: 0.25 }],
    })
    const limits = fc.constantFrom([null, null], [0, null], [0, 1], [0, 100] as const)
    fc.assert(
      fc.property(narrow, limits, ([low, high], range) => {
        const metric = { ...data.metrics[0], floor: null, range } as Metric
        const cells = [low, high].map((mean, i) => ({
          steps: 2 ** i,
          values: { sw: { mean, sd: null, values: [mean] } },
        }))
        const points = Float64Array.of(low, high, high, low)
        const heat = { title: 'heat', edges: { s: [0, 0.5, 1], t: [0, 1] }, values: [[low], [high]] }
        const paths = path([points, points])
        const drawn = {
          curves: curvesPlot([{ id: 'a', label: 'a', cells }], metric),
          loss: lossPlot([{ label: 'a', loss: [low, high].map((value, step) => ({ step, value })) }]),
          one: lossPlot([{ label: 'a', loss: [{ step: 0, value: low }] }]),
          scatter: scatterPlot(points),
          heat: heatMap({ ...heat, describe: String }, { scale: colourScale([low, high]) }),
          paths: pathPanel(pathFrame([paths], { dimension: 2 }, points), paths, paths.jumps[0]),
        }
        for (const [name, svg] of Object.entries(drawn)) {
          expect([name, svg.match(/[^ ]*(NaN|Infinity|undefined)/)?.[0]]).toEqual([name, undefined])
        }
        for (const svg of [drawn.curves, drawn.loss, drawn.one]) {
          expect(svg.match(/aria-label="y-axis tick".*?<\/g>/s)![0].split('<path').length).toBeGreaterThan(2)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('scatterPlot', () => {
  it('is one path of dots for thousands of points', () => {
    const svg = dom(scatterPlot(ring(5000, 1)))
    const dots = svg.querySelectorAll('path[stroke-linecap=round]')
    expect(dots).toHaveLength(1)
    const count = dots[0].getAttribute('d')!.match(/h0/g)!.length
    expect(count).toBeGreaterThan(3000)
    expect(count).toBeLessThanOrEqual(5000)
  })

  it('puts a dot where its point is', () => {
    const range = { x: [0, 10], y: [0, 10] } as const
    const svg = dom(scatterPlot(Float32Array.of(2, 7), { width: 480, range }))
    const path = svg.querySelector('path[stroke-linecap=round]')!
    const [, x, y] = path
      .getAttribute('d')!
      .match(/^m(\d+) (\d+)h0$/)!
      .map(Number)
    const side = (480 - 46 - 14) * 4
    expect([x / side, y / side]).toEqual([0.2, 0.3])
  })
})

describe('curvesPlot', () => {
  const texts = (svg: string) => [...dom(svg).querySelectorAll('text')]

  it('labels every line and the floor, apart from each other', () => {
    const level = data.methods.map(method => ({ ...method, cells: data.methods[0].cells }))
    const svg = curvesPlot(level, data.metrics[0])
    const labels = [...dom(svg).querySelectorAll('g[text-anchor=start] > text')].filter(
      t => t.getAttribute('dy') === '.35em',
    )
    expect(labels.map(label => label.textContent)).toEqual([
      'euler',
      'semigroup',
      'lsd <img src=x>',
      'noise floor',
    ])
    const ys = labels.map(label => Number(label.getAttribute('y'))).sort((a, b) => a - b)
    for (let i = 1; i < ys.length; i++) expect(ys[i] - ys[i - 1]).toBeGreaterThanOrEqual(15.9)
    expect(svg).toContain('stroke-dasharray="5 4"')
  })

  it('ticks at the measured steps, spaced as powers of two', () => {
    const labels = texts(curvesPlot(data.methods, data.metrics[0])).map(text => text.textContent)
    for (const n of ['1', '2', '4', '8', 'steps (function evaluations)']) expect(labels).toContain(n)
  })

  it('draws one marker per measured value, and leaves out what is not finite', () => {
    const broken = data.methods.map((method, i) =>
      i > 0
        ? method
        : {
            ...method,
            cells: method.cells.map(c => ({
              ...c,
              values: { sw: { mean: Infinity, sd: null, values: [] } },
            })),
          },
    )
    const markers = (methods: typeof data.methods) =>
      [...curvesPlot(methods, data.metrics[0]).matchAll(/transform="translate\([\d.,]+\)"/g)].length
    expect(markers(data.methods) - markers(broken)).toBe(4)
  })

  it('draws a metric that touches zero on a linear scale, and an empty one not at all', () => {
    const zero = data.methods.map(method => ({
      ...method,
      cells: method.cells.map(c => ({ ...c, values: { sw: { mean: -0.1 * c.steps, sd: 0.1, values: [] } } })),
    }))
    expect(curvesPlot(zero, { ...data.metrics[0], floor: null })).not.toContain('NaN')
    expect(curvesPlot([], { ...data.metrics[0], floor: null })).not.toContain('NaN')
  })
})

describe('the floor of curvesPlot', () => {
  it.each([
    [0, 0.2],
    [-0.1, 0.2],
    [1e-12, 0.2],
    [-0.2, -0.1],
  ])('is drawn from %f to %f', (low, high) => {
    const svg = curvesPlot(data.methods, { ...data.metrics[0], floor: { value: high, low, high } })
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg).toContain('noise floor')
    expect(svg.match(/<text[^>]*>1e-/)).toBeNull()
  })
})

describe('sampleGrid', () => {
  it('has a cell for the data and one per method and steps, with its value', () => {
    const svg = sampleGrid(data)
    expect(dom(svg).querySelectorAll('path[stroke-linecap=round]')).toHaveLength(13)
    const texts = [...dom(svg).querySelectorAll('text')].map(text => text.textContent)
    expect(texts).toEqual(
      expect.arrayContaining(['data', '1 step', '8 steps', 'floor 0.150', '0.200 *≈', '2.730']),
    )
  })
})

describe('svgToPng', () => {
  it('gives a PNG of the scaled size on white', async () => {
    const svg = scatterPlot(ring(100, 1), { width: 300, standalone: false })
    const png = await svgToPng(svg, { scale: 2 })
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const { data: pixels, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.channels]).toEqual([600, 3])
    expect([...pixels.subarray(0, 3)]).toEqual([255, 255, 255])
    expect(pixels.some(value => value < 120)).toBe(true)
  })

  it('refuses what is not SVG', async () => {
    await expect(svgToPng('<svg xmlns="http://www.w3.org/2000/svg"><g></svg>')).rejects.toThrow()
  })
})
