import { dotsPath } from '../../../report/points.ts'
import type { PlanePoints } from '../../engine/protocol.ts'
import { apart } from '../draw/apart.ts'
import { SHOWN } from '../draw/cloud.ts'
import { escaped } from '../draw/escaped.ts'
import { palettes } from '../draw/palette.ts'

/** What a picture to take home shows. */
export interface SamplesPicture {
  readonly title: string
  /** A line under the title. */
  readonly caption: string
  readonly samples: PlanePoints
  /** 1 for a sample off the data; absent where it is not known. */
  readonly marks?: Uint8Array
  /** Of the run, which has a colour of its own. */
  readonly at: number
  /** Points of the target, drawn below the samples. */
  readonly target: PlanePoints | null
}

const SIDE = 640
const HEAD = 64
const MARGIN = 40
/** Grid nodes per unit, so that rounding to whole nodes does not show. */
const FINESSE = 4
const FONT = 'font-family="system-ui, \'Liberation Sans\', sans-serif"'

/** A cloud as one path, so that thousands of points stay a small file. */
function dots(points: PlanePoints, colour: string, opacity: number, size: number): string {
  const range = { x: [-SHOWN, SHOWN], y: [-SHOWN, SHOWN] } as const
  const { path } = dotsPath(points, range, SIDE * FINESSE, SIDE * FINESSE, 20_000)
  return `<path d="${path}" transform="scale(${1 / FINESSE})" fill="none" stroke="${colour}" stroke-opacity="${opacity}" stroke-width="${size * FINESSE}" stroke-linecap="round"/>`
}

/** What the colour of strays means, in the upper right corner. */
const legend = (count: number): string =>
  `<g ${FONT} font-size="13" fill="#1b2126"><circle cx="${SIDE - 12}" cy="16" r="4" fill="${palettes.light.stray}"/><text x="${SIDE - 22}" y="20" text-anchor="end">off the data: ${count.toLocaleString('en')}</text></g>`

const TICKS = [-4, -2, 0, 2, 4]

function axes(): string {
  const at = (value: number): number => ((value + SHOWN) / (2 * SHOWN)) * SIDE
  const label = (x: number, y: number, anchor: string, value: number): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${value < 0 ? '\u2212' : ''}${Math.abs(value)}</text>`
  const ticks = TICKS.flatMap(value => [
    label(at(value), SIDE + 20, 'middle', value),
    label(-8, SIDE - at(value) + 4, 'end', value),
  ])
  return `<g ${FONT} font-size="13" fill="#55606a">${ticks.join('')}</g>`
}

/** The picture as a file of its own, on white; the colours are the page's. */
export function pictureSvg({ title, caption, samples, marks, at, target }: SamplesPicture): string {
  const [on, off] = apart(samples, marks)
  const width = SIDE + 2 * MARGIN
  const height = HEAD + SIDE + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`${title}: ${caption}`)}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<g ${FONT} fill="#1b2126"><text x="${MARGIN}" y="28" font-size="18" font-weight="600">${escaped(title)}</text>`,
    `<text x="${MARGIN}" y="50" font-size="14" fill="#55606a">${escaped(caption)}</text></g>`,
    `<g transform="translate(${MARGIN},${HEAD})">`,
    `<rect width="${SIDE}" height="${SIDE}" fill="#f4f6f8" stroke="#d5dbe0"/>`,
    target ? dots(target, palettes.light.still, 0.45, 3) : '',
    dots(on, palettes.light.runs[at], 0.8, 3),
    off.length > 0 ? dots(off, palettes.light.stray, 0.95, 4.5) : '',
    off.length > 0 ? legend(off.length / 2) : '',
    axes(),
    '</g></svg>',
  ].join('\n')
}

/** Pixels for each unit of the picture. */
const SHARPNESS = 2

/** @throws Error when the browser cannot draw it */
export async function svgToPng(svg: string): Promise<Blob> {
  const image = new Image()
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth * SHARPNESS
    canvas.height = image.naturalHeight * SHARPNESS
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    const png = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/png'))
    if (!png) throw new Error('this browser could not create the image')
    return png
  } finally {
    URL.revokeObjectURL(url)
  }
}
