import type { Points } from '../model/index.ts'
import { escapeHtml, truncate } from './format.ts'
import { svgDocument, textSize, textWidth } from './svg.ts'

/** A small picture is enlarged to about this many pixels, each of its own as a square. */
const CELL = 64
/** Between pictures, in pixels. */
const GAP = 2
/** Most pictures, pixels, and pixels along a side of a sheet, so that it can be made and looked at. */
const MOST_PICTURES = 4096
const MOST_PIXELS = 2 ** 25
const MOST_ALONG = 16_000
/** Characters of a row's name. */
const LONGEST_NAME = 24

/** `[height, width, channels]` of a picture: one channel is grey, three are red, green and blue, a fourth says how opaque. */
export type PictureSize = readonly [number, number, number]

/** The size of pictures in points of this shape; nothing where they are no pictures that can be shown. */
export const pictureSize = (shape: readonly number[]): PictureSize | undefined =>
  shape.length === 3 && [1, 3, 4].includes(shape[2]) ? [shape[0], shape[1], shape[2]] : undefined

/** How many times a picture is enlarged. */
const enlargement = ([height, width]: PictureSize): number =>
  Math.max(1, Math.floor(CELL / Math.max(height, width)))

/** Height and width that a picture takes, its gap included. */
const cellOf = (size: PictureSize): readonly [number, number] => {
  const times = enlargement(size)
  return [times * size[0] + GAP, times * size[1] + GAP]
}

/**
 * How many pictures fit on a sheet.
 *
 * @param rows  number of rows, where it is fixed; the answer is then for each row, and 0 where so many rows do not fit
 */
export function mostOnSheet(size: PictureSize, rows?: number): number {
  const [height, width] = cellOf(size)
  const most = Math.max(1, Math.min(MOST_PICTURES, Math.floor(MOST_PIXELS / (height * width))))
  if (rows === undefined) return most
  if (rows * height > MOST_ALONG) return 0
  return Math.min(Math.floor(most / rows), Math.floor(MOST_ALONG / width))
}

/** Pictures on one sheet. */
export interface SampleSheet {
  /** Names of the rows, drawn on their left; without them a sheet is about as wide as high. */
  readonly rows?: readonly string[]
  /** What the sheet is, for those who cannot see it. */
  readonly title?: string
}

interface Sheet {
  readonly png: Uint8Array
  readonly width: number
  readonly height: number
}

/** Pictures row after row, enlarged, on white. */
async function arranged(points: Points, size: PictureSize, rows: number | undefined): Promise<Sheet> {
  const [height, width, channels] = size
  const count = points.length / (height * width * channels)
  const across = rows ? count / rows : Math.ceil(Math.sqrt(count))
  const [times, [cellHeight, cellWidth]] = [enlargement(size), cellOf(size)]
  const raw = {
    width: across * cellWidth - GAP,
    height: Math.ceil(count / across) * cellHeight - GAP,
    channels: channels as 1 | 3 | 4,
  }
  const pixels = new Uint8ClampedArray(raw.width * raw.height * channels).fill(255)
  for (let k = 0; k < count; k++) {
    const [top, left] = [Math.floor(k / across) * cellHeight, (k % across) * cellWidth]
    for (let y = 0; y < times * height; y++) {
      for (let x = 0; x < times * width; x++) {
        const from = ((k * height + Math.floor(y / times)) * width + Math.floor(x / times)) * channels
        const to = ((top + y) * raw.width + left + x) * channels
        for (let c = 0; c < channels; c++) pixels[to + c] = points[from + c]
      }
    }
  }
  const { default: sharp } = await import('sharp')
  const sheet = sharp(pixels, { raw }).flatten({ background: '#ffffff' })
  const png = (channels === 1 ? sheet.toColourspace('b-w') : sheet).png()
  return { png: await png.toBuffer(), width: raw.width, height: raw.height }
}

/** Names of rows at the left of a sheet, and how wide they are. */
function margin(
  names: readonly string[],
  size: PictureSize,
): { readonly width: number; readonly body: string } {
  const shown = names.map(name => truncate(name, LONGEST_NAME))
  const width = Math.ceil(Math.max(...shown.map(textWidth))) + 14
  const [height] = cellOf(size)
  const text = shown.map((name, row) => {
    const base = row * height + (height - GAP) / 2 + textSize / 3
    return `<text x="${width - 8}" y="${base}" text-anchor="end">${escapeHtml(name)}</text>`
  })
  return { width, body: text.join('') }
}

/**
 * Samples of pictures on one sheet, as a PNG file.
 *
 * @param points  `[n, height * width * channels]`, numbers 0 to 255, what is outside is cut; with `rows`, row after row, of one length
 */
export async function sheetPng(
  points: Points,
  size: PictureSize,
  { rows }: SampleSheet = {},
): Promise<Uint8Array> {
  const { png, width, height } = await arranged(points, size, rows?.length)
  if (!rows) return png
  const names = margin(rows, size)
  const { default: sharp } = await import('sharp')
  const create = { width: names.width + width, height, channels: 3, background: '#ffffff' } as const
  const layers = [
    { input: Buffer.from(svgDocument(names.body, names.width, height, {})), top: 0, left: 0 },
    { input: Buffer.from(png), top: 0, left: names.width },
  ]
  return sharp({ create }).composite(layers).removeAlpha().png().toBuffer()
}

/** The same as an SVG file: names of rows are text, the pictures are one image. */
export async function sheetSvg(
  points: Points,
  size: PictureSize,
  { rows, title }: SampleSheet = {},
): Promise<string> {
  const { png, width, height } = await arranged(points, size, rows?.length)
  const names = rows ? margin(rows, size) : { width: 0, body: '' }
  const address = `data:image/png;base64,${Buffer.from(png).toString('base64')}`
  const image = `<image href="${address}" x="${names.width}" width="${width}" height="${height}" style="image-rendering:pixelated"/>`
  return svgDocument(names.body + image, names.width + width, height, { title })
}
