import { contours } from 'd3-contour'
import type { PlanePoints } from '../../engine/protocol.ts'
import { type Colour, placeOn } from './cloud.ts'

/** Cells a side of a map of numbers over the square that is shown. */
export const CELLS = 48

const unit = placeOn(CELLS)

/** The middles of the cells, row by row from the top. */
export const MIDDLES: PlanePoints = Float32Array.from({ length: 2 * CELLS * CELLS }, (_, k) => {
  const i = k >> 1
  return k % 2 === 0 ? unit((i % CELLS) + 0.5) : -unit(Math.floor(i / CELLS) + 0.5)
})

/** Part of the numbers that are within the ends of the colours. */
const WITHIN = 0.9
/** Opacity of the colours at their ends. */
const STRONGEST = 0.6

/** The size at which colours end, on both sides of zero. */
export function limitOf(values: Float32Array): number {
  const sizes = values.map(Math.abs).sort()
  return Math.max(sizes[Math.floor(WITHIN * (sizes.length - 1))], Number.MIN_VALUE)
}

/** The bytes of a map's pixels: nothing is seen at zero, the colour of a side at its end. */
export function signedPixels(
  values: Float32Array,
  limit: number,
  above: Colour,
  below: Colour,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * values.length)
  values.forEach((value, i) => {
    const [red, green, blue] = value > 0 ? above : below
    const part = Math.min(1, Math.abs(value) / limit)
    pixels.set(
      [red, green, blue, STRONGEST * part].map(each => 255 * each),
      4 * i,
    )
  })
  return pixels
}

/** Whether a place is at the edge of the map, along which a line only closes what is within. */
const isEdge = (place: readonly number[]): boolean =>
  place.some(along => along <= 0.5 || along >= CELLS - 0.5)

/** Where the numbers of a map are zero, as a path in the units of a scene, whose upward axis points down. */
export function zeroPath(values: Float32Array): string {
  const [{ coordinates }] = contours().size([CELLS, CELLS]).thresholds([0])([...values])
  const to = (letter: string, [x, y]: readonly number[]) =>
    `${letter}${unit(x).toFixed(2)} ${unit(y).toFixed(2)}`
  return coordinates
    .flat()
    .map(ring =>
      ring
        .slice(1)
        .map((place, i) => (isEdge(ring[i]) && isEdge(place) ? '' : `${to('M', ring[i])}${to('L', place)}`))
        .join(''),
    )
    .join('')
}
