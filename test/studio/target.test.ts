import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { encodeNpy } from '../../src/data/npy.ts'
import { random } from '../../src/random/random.ts'
import { fromText, pack, toText, unpack } from '../../src/studio/engine/bytes.ts'
import { targetDataset } from '../../src/studio/engine/target.ts'
import { freshPlan, type Plan, type Target } from '../../src/studio/plan.ts'
import { REACH } from '../../src/studio/reach.ts'
import { decodeState, encodeState, initialState } from '../../src/studio/state.ts'
import { readColumns } from '../../src/studio/target/columns.ts'
import { densityOf, imageSize, placeOf } from '../../src/studio/target/image.ts'
import { FILLED, MOST_POINTS, pointsTarget } from '../../src/studio/target/points.ts'
import {
  type Brush,
  beginStroke,
  cellsOf,
  densityCanvas,
  drawingOf,
  emptyCells,
  SIDE,
} from '../../src/studio/target/raster.ts'

const sampleOf = (target: Target, count: number): Float32Array => {
  const points = new Float32Array(2 * count)
  targetDataset(target).sample(random(1, 'test'), points)
  return points
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The middle of the cell at a row and a column, in the target's units. */
const middle = (row: number, column: number): [number, number] => {
  const width = (2 * REACH) / SIDE
  return [-REACH + width * (column + 0.5), REACH - width * (row + 0.5)]
}

describe('painting', () => {
  const brush = { radius: 4, strength: 0.5, does: 'add' } satisfies Brush

  test('mass is where it was painted, in the share that it was painted', () => {
    let cells = beginStroke(densityCanvas, emptyCells(), brush)([16, 16])
    cells = beginStroke(densityCanvas, cells, { ...brush, strength: 1 })([48, 40])
    const points = sampleOf(drawingOf(cells), 20_000)
    const [left, right] = [middle(16, 16), middle(40, 48)]
    let nearLeft = 0
    for (let i = 0; i < points.length; i += 2) {
      const far = ([x, y]: [number, number]) => Math.hypot(points[i] - x, points[i + 1] - y)
      const distance = Math.min(far(left), far(right))
      expect(distance).toBeLessThan(((brush.radius + 1.5) * 2 * REACH) / SIDE)
      if (far(left) < far(right)) nearLeft++
    }
    // One stroke of half the strength, one of all: a third and two thirds; sd of the share is 0.0033.
    expect(nearLeft / 20_000).toBeCloseTo(1 / 3, 1)
    expect(Math.abs(nearLeft / 20_000 - 1 / 3)).toBeLessThan(0.015)
  })

  test('a stroke does not depend on the places that the hand was seen at', () => {
    const once = beginStroke(densityCanvas, emptyCells(), brush)
    once([10, 10])
    const twice = beginStroke(densityCanvas, emptyCells(), brush)
    twice([10, 10])
    twice([20, 15])
    twice([20, 15])
    expect(twice([30, 20])).toEqual(once([30, 20]))
  })

  test('a second stroke adds to the first, and the eraser takes away', () => {
    const first = beginStroke(densityCanvas, emptyCells(), brush)([32, 32])
    const second = beginStroke(densityCanvas, first, brush)([32, 32])
    const at = 32 * SIDE + 32
    expect([first[at], second[at]]).toEqual([128, 255])
    expect(beginStroke(densityCanvas, second, { radius: 9, strength: 1, does: 'erase' })([32, 32])).toEqual(
      emptyCells(),
    )
  })

  test('strokes beyond the edge stay on the square', () => {
    const stroke = beginStroke(densityCanvas, emptyCells(), { ...brush, strength: 1 })
    stroke([-20, -1])
    const cells = stroke([SIDE + 20, -1])
    expect(cells.subarray(0, SIDE).every(value => value > 0)).toBe(true)
    expect(cells.subarray(6 * SIDE).every(value => value === 0)).toBe(true)
  })

  test('a drawing is read back from its target', () => {
    const cells = beginStroke(densityCanvas, emptyCells(), brush)([5, 60])
    expect(cellsOf(drawingOf(cells))).toEqual(cells)
    expect(cellsOf({ kind: 'density', side: SIDE, bytes: '!!' })).toBeUndefined()
    expect(cellsOf({ kind: 'built-in', name: 'ring' })).toBeUndefined()
  })

  test('an empty drawing cannot be trained on', () => {
    expect(() => targetDataset(drawingOf(emptyCells()))).toThrow('drawing: it is empty')
  })
})

describe('tables', () => {
  test.each([
    ['commas and a header', 'x,y\n0,1\n2,3\n', ['x', 'y']],
    ['tabs', '0\t1\r\n2\t3\r\n', ['column 1', 'column 2']],
    ['semicolons and blank lines', '\n a ; b \n0;1\n\n2;3', ['a', 'b']],
    ['a line for Excel', 'sep=;\na;b\n0;1\n2;3\n', ['a', 'b']],
    ['the index of a data frame', ',x,y\n0,0,1\n1,2,3\n', ['x', 'y']],
    ['quotes and a mark of byte order', '\ufeff"x, first","y"\n0,1\n"2",3', ['x, first', 'y']],
  ])('%s', (_, text, names) => {
    const found = readColumns(bytes(text), 'f.csv')
    expect(found.names).toEqual(names)
    expect(found.columns.map(column => [...column])).toEqual([
      [0, 2],
      [1, 3],
    ])
  })

  test('columns of words are not offered, and cells without a number are holes', () => {
    const { names, columns } = readColumns(bytes('name,x,y\na,1,2\nb,,nan\nc,1e999,4\n'), 'f.csv')
    expect(names).toEqual(['x', 'y'])
    expect(columns.map(column => [...column])).toEqual([
      [1, Number.NaN, Number.NaN],
      [2, Number.NaN, 4],
    ])
  })

  test('an array of NumPy', () => {
    const data = Float64Array.of(0, 1, 9, 2, 3, Number.POSITIVE_INFINITY)
    const { names, columns } = readColumns(encodeNpy({ shape: [2, 3], data }), 'f.npy')
    expect(names).toEqual(['column 1', 'column 2', 'column 3'])
    expect([...columns[2]]).toEqual([9, Number.NaN])
  })

  const npy = encodeNpy({ shape: [2, 2], data: new Float32Array(4) })
  test.each<[string, Uint8Array, string]>([
    ['nothing', bytes(''), 'f: it is empty'],
    ['blank lines', bytes('\n \n'), 'f: it is empty'],
    ['one column', bytes('1\n2\n'), 'f: expected two columns of numbers, found 1'],
    ['words', bytes('a,b\nc,d\n'), 'f: expected two columns of numbers, found 0'],
    ['a program', Uint8Array.of(0x7f, 69, 76, 70, 0, 0), 'f: expected a table of text'],
    ['broken UTF-8', Uint8Array.of(49, 44, 0xff), 'f: row 1, byte 2 (0xff): not UTF-8'],
    [
      'decimal commas',
      bytes('a;b\n1,5;2\n3,5;4\n'),
      'f: row 2, column 1: expected a number, found "1,5" (a decimal comma)',
    ],
    ['an array cut short', npy.subarray(0, npy.length - 1), 'f: expected 16 bytes'],
    ['a header cut short', npy.subarray(0, 30), 'f: cut short'],
    [
      'an array of one axis',
      encodeNpy({ shape: [4], data: new Float32Array(4) }),
      'f: expected an array [n, D]',
    ],
  ])('%s is refused in one line', (_, content, message) => {
    expect(() => readColumns(content, 'f')).toThrow(message)
  })

  test('any bytes are read or refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', '\x93NUMPY\x01\x00'),
        (tail, head) => {
          const content = Uint8Array.from([...[...head].map(char => char.charCodeAt(0)), ...tail])
          try {
            readColumns(content, 'f')
          } catch (error) {
            expect((error as Error).message).toMatch(/^f: /)
            expect((error as Error).message).not.toContain('\n')
          }
        },
      ),
      { seed: 3, numRuns: 500 },
    )
  })
})

describe('points of a file', () => {
  const table = (...columns: number[][]) => ({
    names: columns.map((_, i) => `column ${i + 1}`),
    rows: columns[0].length,
    columns: columns.map(column => Float64Array.from(column)),
  })

  test('are moved and scaled by one factor, or each axis by its own', () => {
    const columns = table([0, 100, 50], [7, 7, 57])
    const together = [...sampleOf(pointsTarget(columns, [0, 1], false, 'f').target, 200)]
    expect(Math.max(...together.filter((_, i) => i % 2 === 0))).toBeCloseTo(FILLED, 3)
    expect(Math.max(...together.filter((_, i) => i % 2 === 1))).toBeCloseTo(FILLED / 2, 3)
    const apart = [...sampleOf(pointsTarget(columns, [0, 1], true, 'f').target, 200)]
    expect(Math.max(...apart.filter((_, i) => i % 2 === 1))).toBeCloseTo(FILLED, 3)
  })

  test('say which rows were kept', () => {
    const many = Array.from({ length: 3 * MOST_POINTS }, (_, i) => i)
    const found = pointsTarget(table([...many, Number.NaN], [...many, 1]), [0, 1], false, 'f')
    expect(found).toMatchObject({ usable: 3 * MOST_POINTS, kept: MOST_POINTS, skipped: 1 })
    // A sample of all rows, not the first of them: its median is near that of all.
    const values = [...sampleOf(found.target, 5000)].filter((_, i) => i % 2 === 0).sort((a, b) => a - b)
    expect(Math.abs(values[2500])).toBeLessThan(0.3)
  })

  test('the largest numbers do not leave the square', () => {
    const largest = Number.MAX_VALUE
    const points = sampleOf(pointsTarget(table([-largest, largest], [0, 1]), [0, 1], false, 'f').target, 50)
    expect([...points].every(value => Math.abs(value) <= FILLED + 1e-3)).toBe(true)
  })

  test.each([
    ['one row', [[1], [2]], 'f: expected at least 2 rows of two numbers, found 1'],
    [
      'one point',
      [
        [1, 1],
        [2, 2],
      ],
      'f: all its points are the same',
    ],
    [
      'holes',
      [
        [1, Number.NaN],
        [Number.NaN, 2],
      ],
      'f: expected at least 2 rows of two numbers, found 0',
    ],
  ])('%s is refused', (_, columns, message) => {
    expect(() => pointsTarget(table(...columns), [0, 1], false, 'f')).toThrow(message)
  })
})

describe('images', () => {
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#808080' } })

  test.each(['png', 'jpeg', 'webp'] as const)('the size of a %s file is in its header', async format => {
    const content = await picture(70, 30).toFormat(format).toBuffer()
    expect(imageSize(content, 'f')).toEqual({ width: 70, height: 30 })
  })

  test('of WebP without loss, and with transparency', async () => {
    const lossless = await picture(70, 30).webp({ lossless: true }).toBuffer()
    expect(imageSize(lossless, 'f')).toEqual({ width: 70, height: 30 })
    const clear = sharp({ create: { width: 70, height: 30, channels: 4, background: '#80808080' } })
    expect(imageSize(await clear.webp().toBuffer(), 'f')).toEqual({ width: 70, height: 30 })
  })

  test('one that would fill the memory is refused before it is opened', async () => {
    const content = await picture(10, 10).png().toBuffer()
    content.writeUInt32BE(10_000_000, 16)
    expect(() => imageSize(content, 'f')).toThrow('f: expected at most 40 megapixels, found 10000000 by 10')
  })

  test.each(['\x89PNG\r\n\x1a\n', '\xff\xd8\xff\xe0', 'RIFFxxxxWEBPVP8L'])('%j alone is refused', head => {
    const content = Uint8Array.from([...head].map(char => char.charCodeAt(0)))
    expect(() => imageSize(content, 'f')).toThrow('f: the image is damaged or cut short')
  })

  test('other files are none', () => {
    expect(imageSize(bytes('x,y\n1,2'), 'f')).toBeUndefined()
    expect(imageSize(bytes('GIF89a'), 'f')).toBeUndefined()
  })

  test('dark is dense, the other way round where light is ink, and what is transparent is paper', () => {
    const rgba = new Uint8Array(4 * SIDE * SIDE).fill(255)
    rgba.set([0, 0, 0, 255], 0)
    rgba.set([0, 0, 0, 0], 4)
    rgba.set([128, 128, 128, 255], 8)
    const dark = densityOf(rgba, false, 'f')
    expect([...dark.subarray(0, 4)]).toEqual([255, 0, 127, 0])
    const light = densityOf(rgba, true, 'f')
    expect([...light.subarray(0, 4)]).toEqual([0, 0, 128, 255])
    expect(() => densityOf(new Uint8Array(4 * SIDE * SIDE).fill(9), false, 'f')).toThrow(
      'f: the image has only one colour',
    )
  })

  test('an image stands whole in the middle', () => {
    expect(placeOf({ width: 200, height: 100 })).toEqual({ x: 0, y: SIDE / 4, width: SIDE, height: SIDE / 2 })
  })
})

describe('links', () => {
  test('bytes are text and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), content => {
        expect(fromText(toText(content))).toEqual(content)
        expect(unpack(pack(content), 3000)).toEqual(content)
      }),
      { seed: 5 },
    )
  })

  const targets: fc.Arbitrary<Target> = fc.oneof(
    fc.record({ kind: fc.constant('built-in' as const), name: fc.constantFrom('ring', 'spirals') }),
    fc
      .uint8Array({ minLength: SIDE, maxLength: SIDE })
      .filter(row => row.some(Boolean))
      .map(row => drawingOf(Uint8Array.from({ length: SIDE * SIDE }, (_, i) => row[(i + (i >> 6)) % SIDE]))),
    fc.record({
      kind: fc.constant('points' as const),
      name: fc.string({ maxLength: 20 }),
      bytes: fc
        .uint8Array({ minLength: 1, maxLength: 100 })
        .map(some => toText(Uint8Array.from({ length: 4 * some.length }, (_, i) => some[i >> 2]))),
    }),
  )
  const stages = fc.record({
    objective: fc.constantFrom('lsd', 'psd', 'flow-matching'),
    learningRate: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    steps: fc.nat(1_000_000),
    keep: fc.boolean(),
  })
  const plans: fc.Arbitrary<Plan> = fc.record(
    {
      target: targets,
      hidden: fc.integer({ min: 8, max: 512 }),
      layers: fc.integer({ min: 1, max: 6 }),
      batch: fc.integer({ min: 16, max: 8192 }),
      interpolant: fc.constantFrom('linear' as const, 'trig' as const),
      seed: fc.nat(),
      start: fc.constant('example' as const),
      stages: fc.array(stages, { minLength: 1, maxLength: 8 }),
    },
    { requiredKeys: ['target', 'hidden', 'layers', 'batch', 'interpolant', 'seed', 'stages'] },
  )

  test('hold plans whole, with their drawings and points', () => {
    fc.assert(
      fc.property(fc.array(plans, { minLength: 1, maxLength: 4 }), runs => {
        const state = { ...initialState, runs }
        expect(decodeState(encodeState(state))).toEqual(state)
      }),
      { seed: 6, numRuns: 50 },
    )
  })

  test('a link of a drawing gives the same points', () => {
    const cells = beginStroke(densityCanvas, emptyCells(), { radius: 6, strength: 0.7, does: 'add' })([
      20, 30,
    ])
    const plan = { ...freshPlan, target: drawingOf(cells) }
    const [read] = decodeState(encodeState({ ...initialState, runs: [plan] })).runs
    expect(sampleOf(read.target, 100)).toEqual(sampleOf(plan.target, 100))
  })

  const PLAIN = 'This link is damaged, or was made by another version of the page.'

  test('a damaged link is refused in one plain sentence', () => {
    const text = encodeState(initialState)
    const cut = [text.slice(0, -6), `${text.slice(0, 9)}A${text.slice(10)}`, 'nonsense', '%%%', 'eA']
    for (const each of cut) expect(() => decodeState(each), each).toThrow(PLAIN)
  })

  const aimedAt = (target: object) => ({ runs: [{ ...freshPlan, target }] })
  const density = (bytes: string) => aimedAt({ kind: 'density', side: 8, bytes })
  const points = (bytes: string) => aimedAt({ kind: 'points', name: 'p', bytes })
  const [stage] = freshPlan.stages

  test.each<[string, object]>([
    ['a run that is not there', { selected: 3 }],
    ['an unknown objective', { runs: [{ ...freshPlan, stages: [stage, { ...stage, objective: 'lsdd' }] }] }],
    ['an unknown target', aimedAt({ kind: 'built-in', name: 'toString' })],
    ['a long name', aimedAt({ kind: 'unknown', name: 'n'.repeat(81) })],
    ['a drawing that does not unpack', density('AAAA')],
    ['a drawing of another size', density(pack(new Uint8Array(63).fill(1)))],
    ['an empty drawing', density(pack(new Uint8Array(64)))],
    ['no points', points('')],
    ['half a point', points(toText(new Uint8Array(6)))],
    ['points of other letters', points('?')],
  ])('a link to what is not there is refused: %s', (_, change) => {
    expect(() => decodeState(encodeState({ ...initialState, ...change }))).toThrow(PLAIN)
  })

  test('the same links are read where all is there', () => {
    for (const change of [
      { runs: [freshPlan, freshPlan], selected: 1 },
      aimedAt({ kind: 'unknown', name: 'n'.repeat(80) }),
      density(pack(new Uint8Array(64).fill(1))),
      points(toText(new Uint8Array(8))),
    ])
      expect(() => decodeState(encodeState({ ...initialState, ...(change as object) }))).not.toThrow()
  })
})
