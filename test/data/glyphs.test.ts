import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkAny } from '../../src/cli/golden/kinds.ts'
import { generatedDataset, openDataset } from '../../src/data/catalogue.ts'
import { glyphPoints } from '../../src/data/glyph-strokes.ts'
import { glyphs, renderGlyph } from '../../src/data/glyphs.ts'
import { standardizationOf } from '../../src/data/standardized.ts'
import { random } from '../../src/random/random.ts'

const plain = (glyph: number, half = 0.05): number[] => [
  ...[0, 0, 1, 1, 0, 0, half],
  ...new Array<number>(2 * glyphPoints[glyph]).fill(0),
]

describe('a glyph', () => {
  const fixture = JSON.parse(
    readFileSync(new URL('../fixtures/golden-images/render-glyphs.json', import.meta.url), 'utf8'),
  )

  test('is that of the reference', () => {
    expect(checkAny(fixture).passed).toBe(true)
  })

  test('with one number changed is not', () => {
    const changed = structuredClone(fixture)
    changed.batch[1].parameters[4] += 1e-6
    expect(checkAny(changed).passed).toBe(false)
  })

  test('has ink where its strokes are, by the distance to them', () => {
    // The upright of a 1 at x = 0.54 is between columns 8 and 9 of 16, whose centres are 0.00875 and 0.05375 away.
    const [left, right] = [8, 9].map(j => renderGlyph(1, plain(1), 16)[8 * 16 + j])
    expect(left).toBe(1)
    expect(right).toBeCloseTo(2 * ((0.05 - (9.5 / 16 - 0.54)) * 16 + 0.5) - 1, 12)
    expect(renderGlyph(1, plain(1), 16)[0]).toBe(-1)
  })

  test('needs the parameters of its class', () => {
    expect(() => renderGlyph(7, plain(8), 16)).toThrow('glyph 7: expected 17 parameters, found 33')
  })
})

describe('the dataset', () => {
  const dataset = generatedDataset('glyphs')
  const draw = (count: number, seed = 1, from = dataset) => {
    const [points, classes] = [new Float32Array(count * from.dimension), new Float32Array(count)]
    from.sample(random(seed, 'test'), points, classes)
    return { points, classes }
  }

  test('is of pictures 16 x 16 in ten classes, without end', () => {
    expect(dataset.shape).toEqual([16, 16, 1])
    expect(dataset.labels?.names).toEqual([...'0123456789'])
    expect(dataset.split).toBeUndefined()
    expect(dataset.fingerprint).toMatchObject({ rows: null, minimum: [0], maximum: [255] })
  })

  test('repeats by its stream, with all classes equally often', () => {
    const { points, classes } = draw(2000)
    expect(draw(2000).points).toEqual(points)
    expect(draw(2000, 2).points).not.toEqual(points)
    for (let k = 0; k < 10; k++) {
      expect(Math.abs(classes.filter(found => found === k).length - 200)).toBeLessThan(4.5 * Math.sqrt(180))
    }
    expect(points.reduce((a, b) => Math.min(a, b))).toBe(0)
    expect(points.reduce((a, b) => Math.max(a, b))).toBe(255)
  })

  // Mean -0.65, overall deviation 0.66 of numbers from -1 to 1, measured on an independent program.
  test('has the moments of its law, and one scale for all pixels', () => {
    const { shift, scale } = standardizationOf('auto', dataset)!
    expect(new Set([...shift, ...scale]).size).toBe(2)
    expect(shift[0] / 127.5 - 1).toBeCloseTo(-0.65, 1.7)
    expect(scale[0] / 127.5).toBeCloseTo(0.66, 1.7)
  })

  test('some digits alone, under the names of all', () => {
    const some = glyphs({ digits: [4, 7] })
    const classes = new Int32Array(200)
    some.sample(random(3, 'digits'), new Float32Array(200 * 256), classes)
    expect([...new Set(classes)].sort()).toEqual([4, 7])
    expect(some.labels?.names).toHaveLength(10)
  })

  test('has any size', async () => {
    const larger = await openDataset({ glyphs: { size: 28 } })
    expect(larger.shape).toEqual([28, 28, 1])
    expect(larger.fingerprint.sha256).not.toBe(dataset.fingerprint.sha256)
    expect(draw(3, 1, larger).points).toHaveLength(3 * 784)
    expect(() => glyphs({ size: 7 })).toThrow('glyphs.size: expected')
    expect(() => glyphs({ digits: [3, 3] })).toThrow('glyphs.digits: expected each digit once')
    expect(() => glyphs({ digits: [10] })).toThrow('glyphs.digits[0]: expected')
    expect(() => glyphs({ sise: 28 } as never)).toThrow('did you mean size?')
  })
})
