import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { mostOnSheet, pictureSize, sheetPng, sheetSvg } from '../../src/report/sample-sheet.ts'

async function pixelsOf(png: Uint8Array) {
  const { channels = 0 } = await sharp(png).metadata()
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [
    ...data.subarray(info.channels * (y * info.width + x), info.channels * (y * info.width + x + 1)),
  ]
  return { at, width: info.width, height: info.height, channels }
}

/** Pictures `[size, size, channels]`, each of one colour but for a first pixel that is 200. */
const marked = (colours: readonly (readonly number[])[], size: number): Float32Array =>
  Float32Array.from(
    colours.flatMap(colour =>
      Array.from({ length: size * size }, (_, i) => (i === 0 ? colour.map(() => 200) : colour)).flat(),
    ),
  )

/** As the PNG reader gives it. */
const grey = (value: number) => [value, value, value]

describe('a sheet of samples', () => {
  test('enlarges each pixel to a square and parts pictures by white', async () => {
    const greys = Array.from({ length: 5 }, (_, i) => [10 * i])
    const { at, width, height, channels } = await pixelsOf(await sheetPng(marked(greys, 8), [8, 8, 1]))
    // Three columns and two rows of 64 pixels, 2 between.
    expect([width, height, channels]).toEqual([196, 130, 1])
    expect([at(0, 0), at(7, 7), at(8, 0), at(0, 8)]).toEqual([200, 200, 0, 0].map(grey))
    expect([at(64, 3), at(65, 3), at(66 + 8, 0)]).toEqual([255, 255, 10].map(grey))
    expect([at(8, 66), at(66 + 63, 66 + 63), at(2 * 66 + 9, 66 + 9)]).toEqual([30, 40, 255].map(grey))
  })

  test.each([
    [20, 60],
    [28, 56],
    [64, 64],
    [100, 100],
  ])('of pictures of %d pixels has cells of %d', async (size, cell) => {
    const { width } = await pixelsOf(await sheetPng(marked([[1], [2]], size), [size, size, 1]))
    expect(width).toBe(2 * cell + 2)
  })

  test('has a row for each name, in colour, what is outside of the range cut', async () => {
    const colours = [
      [250, 10, 10],
      [10, 250, 10],
      [10, 10, 250],
      [300, 128, -40],
    ]
    const rows = ['cat', 'a "dog" & more']
    const sheet = await sheetPng(marked(colours, 16), [16, 16, 3], { rows })
    const { at, width, height, channels } = await pixelsOf(sheet)
    expect([height, channels]).toEqual([130, 3])
    const left = width - 130
    expect(left).toBeGreaterThan(60)
    expect([at(left + 30, 30), at(left + 96, 30), at(left + 30, 96), at(left + 96, 96)]).toEqual([
      [250, 10, 10],
      [10, 250, 10],
      [10, 10, 250],
      [255, 128, 0],
    ])
    // Something is written beside each row.
    const dark = (from: number) =>
      Array.from({ length: left * 64 }, (_, i) => at(i % left, from + Math.floor(i / left))).some(
        ([r]) => r < 100,
      )
    expect([dark(0), dark(66)]).toEqual([true, true])
  })

  test('as an SVG has names as text and the same pixels', async () => {
    const points = marked(
      [
        [250, 10, 10],
        [10, 250, 10],
      ],
      16,
    )
    const options = { rows: ['<a>', 'b'], title: 'x & y' }
    const svg = await sheetSvg(points, [16, 16, 3], options)
    expect(svg).toContain('>&#60;a&#62;</text>')
    expect(svg).toContain('aria-label="x &#38; y"')
    const drawn = await pixelsOf(
      await sharp(Buffer.from(svg)).flatten({ background: '#fff' }).png().toBuffer(),
    )
    const png = await pixelsOf(await sheetPng(points, [16, 16, 3], options))
    expect([drawn.width, drawn.height]).toEqual([png.width, png.height])
    expect(drawn.at(png.width - 30, 96)).toEqual([10, 250, 10])
  })

  test('is for pictures of one, three or four channels, and of a size that can be looked at', () => {
    expect([[2], [8, 8], [8, 8, 2]].map(pictureSize)).toEqual([undefined, undefined, undefined])
    expect(pictureSize([8, 9, 3])).toEqual([8, 9, 3])
    expect(mostOnSheet([28, 28, 1])).toBe(4096)
    expect(mostOnSheet([1024, 1024, 3])).toBe(31)
    expect(mostOnSheet([28, 28, 1], 10)).toBe(275)
    expect(mostOnSheet([28, 28, 1], 1000)).toBe(0)
  })
})
