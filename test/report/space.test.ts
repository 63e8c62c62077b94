import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { rotationBy } from '../../src/data/manifold/rotations.ts'
import { geodesicSquare } from '../../src/metric/manifold/distances.ts'
import { spaceOf } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { gridFigure } from '../../src/report/html-figures.ts'
import { axisAngle } from '../../src/report/space/ball.ts'
import { linePath } from '../../src/report/space/drawing.ts'
import { partWay } from '../../src/report/space/geodesic.ts'
import { spacePlot } from '../../src/report/space/plot.ts'
import { turnScript } from '../../src/report/space/turn-script.ts'
import { spaceView } from '../../src/report/space/view.ts'
import { terminalScatter } from '../../src/report/terminal-scatter.ts'
import { example } from './example.ts'

const SIZES = { sphere: 3, torus: 2, hyperbolic: 3, rotations: 9, 'sphere(3) x torus(2) x flat(1)': 6 }
type Name = keyof typeof SIZES
const names = Object.keys(SIZES) as Name[]

function noise(space: Name, count: number, seed = 0): Float64Array {
  const points = new Float32Array(count * SIZES[space])
  spaceOf({ space }).noise.draw(random(seed, 'points'), points, SIZES[space])
  const exact = Float64Array.from(points)
  spaceOf({ space }).project?.(exact, SIZES[space])
  return exact
}

const at = (...numbers: number[]): Float64Array => Float64Array.from(numbers)

const viewOf = (space: Name, points = noise(space, 100)) => spaceView(space, SIZES[space], points)!

describe('views', () => {
  test('flat points and text have none', () => {
    expect(spaceView(undefined, 2, at(0, 0))).toBeUndefined()
    expect(spaceView('simplex', 4, at(0, 0, 0, 1))).toBeUndefined()
  })

  test('every point of a globe is on one side, a point and its antipode on both, mirrored', () => {
    const points = noise('sphere', 200)
    const { panels } = viewOf('sphere', points)
    const [front, back] = panels.map(({ place }) => place(points))
    const [, opposite] = panels.map(({ place }) => place(points.map(x => -x)))
    for (let i = 0; i < 200; i++) {
      expect(Number.isFinite(front[2 * i])).not.toBe(Number.isFinite(back[2 * i]))
      if (!Number.isFinite(front[2 * i])) continue
      expect(Math.hypot(front[2 * i], front[2 * i + 1])).toBeLessThan(1 + 1e-9)
      expect(opposite[2 * i]).toBeCloseTo(front[2 * i], 9)
      expect(opposite[2 * i + 1]).toBeCloseTo(-front[2 * i + 1], 9)
    }
  })

  test('a globe looks at the mean of the data, with north up', () => {
    const { panels } = viewOf('sphere', Float64Array.of(0, 1, 0, 0, 1, 0))
    const [x, y] = panels[0].place(at(0, 1, 0))
    expect(Math.hypot(x, y)).toBeCloseTo(0, 9)
    expect(panels[0].place(at(0, 0, 1 - 1e-9))[1]).toBeCloseTo(1, 6)
    // East is to the right: a little further than longitude 90 degrees.
    expect(panels[0].place(at(-0.1, 0.99, 0))[0]).toBeGreaterThan(0)
  })

  test('a point of the disc is as far from its middle as half its distance says', () => {
    const d = 1.7
    const [x, y] = viewOf('hyperbolic').panels[0].place(at(Math.cosh(d), 0, Math.sinh(d)))
    expect([x, y]).toEqual([0, expect.closeTo(Math.tanh(d / 2), 12)])
  })

  test('axis and angle give back the vector of a rotation, also at half a turn', () => {
    for (const w of [
      [0.3, -1, 0.5],
      [0, 0, 0],
      [1e-6, 0, 0],
      [0, 2, 2.3],
      [Math.PI / 3, (2 * Math.PI) / 3, (2 * Math.PI) / 3],
    ]) {
      const found = axisAngle(rotationBy(w))
      const sign = found[1] * w[1] < -1 ? -1 : 1
      for (let k = 0; k < 3; k++) expect(sign * found[k]).toBeCloseTo(w[k], 5)
    }
  })

  test('a product has the pictures of its blocks', () => {
    const { panels } = viewOf('sphere(3) x torus(2) x flat(1)')
    expect(panels.map(({ name }) => name)).toEqual([
      'sphere(3), front',
      'sphere(3), back',
      'torus(2)',
      'flat(1)',
    ])
    const place = panels[2].place(at(1, 0, 0, 4, -1, 7))
    expect([...place]).toEqual([expect.closeTo(4 - 2 * Math.PI, 9), -1])
  })
})

test.each(names)('the shortest way of %s is divided evenly', space => {
  const size = SIZES[space]
  const [a, b] = [noise(space, 20, 1), noise(space, 20, 2)]
  const squared = geodesicSquare(space, size)
  const quarter = Float64Array.from(partWay(space, a, b, size, 0.25))
  for (let i = 0; i < 20 * size; i += size) {
    const whole = Math.sqrt(squared(a, i, b, i))
    expect(Math.sqrt(squared(a, i, quarter, i))).toBeCloseTo(whole / 4, 4)
    expect(Math.sqrt(squared(quarter, i, b, i))).toBeCloseTo((3 * whole) / 4, 4)
  }
})

test('a line over a glued edge is broken there, and nowhere else', () => {
  const box = { x: (x: number) => x, y: (y: number) => y }
  expect(linePath(at(3, 0, -3, 0.1, -2.9, 0.1), box, Math.PI)).toBe('M3,0M-3,0.1L-2.9,0.1')
  expect(linePath(at(3, 0, -3, 0.1), box)).toBe('M3,0L-3,0.1')
})

function report(space: Name) {
  const points = noise(space, 50)
  const data = example()
  return {
    ...data,
    dataset: { ...data.dataset, space, dimension: SIZES[space] },
    reference: points,
    methods: data.methods.slice(0, 1).map(method => ({ ...method, samples: [{ steps: 1, points }] })),
  }
}

const positions = (path: string, isRelative: boolean): number[][] => {
  let [x, y] = [0, 0]
  return [...path.matchAll(/[mM](-?\d+)[ ,]?(-?\d+)/g)].map(([, a, b]) => {
    ;[x, y] = isRelative ? [x + Number(a), y + Number(b)] : [Number(a), Number(b)]
    return [x, y]
  })
}

describe('the figure of samples', () => {
  test.each(['sphere', 'rotations'] as const)(
    'of %s turns, and shows the same before it is turned',
    space => {
      const { document } = parseHTML(`<!doctype html><body>${gridFigure(report(space))}</body>`)
      const still = [...document.querySelectorAll('.dots')].map(dots => dots.getAttribute('d')!)
      const run = new Function('document', 'requestAnimationFrame', turnScript)
      run(document, (draw: () => void) => draw())
      const sliders = [...document.querySelectorAll('.turn-bar input')]
      expect(sliders).toHaveLength(2)
      const redraw = (degrees?: number): string[] => {
        if (degrees !== undefined) Object.assign(sliders[0], { value: String(degrees) })
        sliders[0].dispatchEvent(new document.defaultView!.Event('input'))
        return [...document.querySelectorAll('.dots')].map(dots => dots.getAttribute('d')!)
      }
      const moved = redraw()
      still.forEach((path, k) => {
        const before = positions(path, true)
        const after = positions(moved[k], false)
        // Sliders are of whole degrees, so places move by a few units of 400.
        const near = after.filter(([x, y]) => before.some(([u, v]) => Math.hypot(x - u, y - v) < 6))
        expect(near.length).toBeGreaterThanOrEqual(after.length - 2)
      })
      expect(redraw(120)).not.toEqual(moved)
    },
  )

  test('says how a torus is glued, and has its ticks', () => {
    const markup = gridFigure(report('torus'))
    expect(markup).toContain('The left edge is glued to the right one')
    expect(markup).toContain('>−π</text>')
    expect(markup).not.toContain('data-turning')
  })
})

test('a picture of samples has all panels, and a terminal a row of them', () => {
  const points = noise('sphere', 300)
  const svg = spacePlot(points, { dimension: 3, space: 'sphere' }, { title: 'a' })!
  expect(svg).toContain('>front</text>')
  expect(svg).toContain('>back</text>')
  expect(spacePlot(points, { dimension: 3 })).toBeUndefined()
  const text = terminalScatter(points, { dimension: 3, space: 'sphere' }, { columns: 80, title: 'run' })
  expect(text).toContain('─ front ─')
  expect(text).toContain('─ back ─')
  for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(80)
})
