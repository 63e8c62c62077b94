import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { comparisonReport } from '../../src/report/html.ts'
import { pictureSheet } from '../../src/report/picture-sheet.ts'
import { sampleGrid } from '../../src/report/plots.ts'
import { example } from './example.ts'

const SIZE = 16

/** Pictures of one colour each. */
const plain = (colours: readonly (readonly number[])[]): Float32Array =>
  Float32Array.from(colours.flatMap(colour => Array.from({ length: SIZE * SIZE }, () => colour).flat()))

async function pixelsOf(address: string) {
  const bytes = Buffer.from(address.replace(/^data:image\/\w+;base64,/, ''), 'base64')
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) =>
    [...data.subarray(info.channels * (y * info.width + x))].slice(0, info.channels)
  return { at, width: info.width, height: info.height }
}

const near = (found: number[], expected: number[]) =>
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(4)
  })

describe('pictureSheet', () => {
  it('puts pictures beside each other, row after row', async () => {
    const colours = [
      [250, 10, 10],
      [10, 250, 10],
      [10, 10, 250],
      [300, 128, -40],
    ]
    const { at, width, height } = await pixelsOf(await pictureSheet(plain(colours), [SIZE, SIZE, 3]))
    // Eighteen times as large, each pixel as it is.
    expect([width, height]).toEqual([576, 576])
    near(at(287, 8), [250, 10, 10])
    near(at(288, 8), [10, 250, 10])
    near(at(287, 288), [10, 10, 250])
    // What lies outside of the range of colours is cut.
    near(at(288, 288), [255, 128, 0])
  })

  it('shows grey pictures, at most 25', async () => {
    const greys = Array.from({ length: 40 }, (_, i) => [6 * i])
    const { at, width, height } = await pixelsOf(await pictureSheet(plain(greys), [SIZE, SIZE, 1]))
    // Seven times as large, each pixel as it is.
    expect([width, height]).toEqual([560, 560])
    for (const edge of [0, 7 * SIZE - 1]) expect(at(4 * 7 * SIZE + edge, 4 * 7 * SIZE + edge)[0]).toBe(144)
  })

  it('has as many pictures along each side as are asked for', async () => {
    const greys = Array.from({ length: 9 }, (_, i) => [20 * i])
    const { at, width } = await pixelsOf(await pictureSheet(plain(greys), [SIZE, SIZE, 1], 3))
    expect(at(width - 1, 0)[0]).toBe(40)
    expect(at(0, width - 1)[0]).toBe(120)
  })

  it('makes large pictures smaller', async () => {
    const large = new Float32Array(2 * 400 * 300).fill(90)
    const { width, height } = await pixelsOf(await pictureSheet(large, [300, 400, 1]))
    expect([width, height]).toEqual([560, 210])
  })

  it('stands in the cells of the samples, in the page and in the plot', async () => {
    const picture = await pictureSheet(plain([[200, 100, 0]]), [SIZE, SIZE, 3])
    const plainData = example()
    const data = {
      ...plainData,
      referencePicture: picture,
      methods: plainData.methods.map(method => ({
        ...method,
        samples: method.samples.map(sample => ({ ...sample, picture })),
      })),
    }
    const page = comparisonReport(data)
    expect(page.split(`<image href="${picture}"`)).toHaveLength(14)
    expect(page.includes('The first pictures')).toBe(true)
    const svg = sampleGrid(data)
    expect(svg.split('<image ')).toHaveLength(14)
    const { data: pixels, info } = await sharp(Buffer.from(svg))
      .flatten({ background: '#fff' })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const orange = Array.from({ length: info.width * info.height }, (_, i) =>
      pixels.subarray(3 * i, 3 * i + 3),
    ).filter(([r, g, b]) => Math.abs(r - 200) < 6 && Math.abs(g - 100) < 6 && b < 6)
    expect(orange.length).toBeGreaterThan(13 * 100 * 100)
  })
})
