import { DataError } from '../../data/error.ts'
import { SIDE } from './raster.ts'

/** Pixels that an image may have: more would fill the memory of a phone. */
const MOST_PIXELS = 40_000_000

interface Size {
  readonly width: number
  readonly height: number
}

const starts = (bytes: Uint8Array, text: string, at = 0): boolean =>
  String.fromCharCode(...bytes.subarray(at, at + text.length)) === text

/** https://www.w3.org/TR/png/#11IHDR */
function pngSize(view: DataView): Size {
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** Frame headers of JPEG, but for tables that share their numbers: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1 */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

function jpegSize(view: DataView): Size {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) throw new RangeError('no marker')
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) at += 1
    else if (isFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    else at += 2 + view.getUint16(at + 2)
  }
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(view: DataView, bytes: Uint8Array): Size {
  if (starts(bytes, 'VP8X', 12)) {
    const number = (at: number) => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16)
    return { width: number(24), height: number(27) }
  }
  if (starts(bytes, 'VP8L', 12)) {
    const bits = view.getUint32(21, true)
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) }
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
}

/**
 * Width and height as the header of a PNG, JPEG or WebP file has them; nothing for another kind of file.
 *
 * @throws DataError when it is cut short, or too large to be opened
 */
export function imageSize(bytes: Uint8Array, file: string): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read = starts(bytes, '\x89PNG\r\n\x1a\n')
    ? pngSize
    : starts(bytes, '\xff\xd8\xff')
      ? jpegSize
      : starts(bytes, 'RIFF') && starts(bytes, 'WEBP', 8)
        ? webpSize
        : undefined
  if (!read) return undefined
  let size: Size
  try {
    size = read(view, bytes)
  } catch {
    throw new DataError(`${file}: the image is damaged or cut short`)
  }
  const { width, height } = size
  if (width === 0 || height === 0) throw new DataError(`${file}: the image is empty`)
  if (width * height > MOST_PIXELS) {
    throw new DataError(`${file}: expected at most 40 megapixels, found ${width} by ${height}`)
  }
  return size
}

/** Where an image stands in the square, whole and in the middle. */
export function placeOf({ width, height }: Size): { x: number; y: number; width: number; height: number } {
  const scale = SIDE / Math.max(width, height)
  const [w, h] = [width * scale, height * scale]
  return { x: (SIDE - w) / 2, y: (SIDE - h) / 2, width: w, height: h }
}

/**
 * Density of pixels: the darkest is the densest, the lightest is empty; the other way round where light is ink. What is
 * transparent is paper.
 *
 * @param rgba  `SIDE * SIDE` pixels of four bytes
 * @throws DataError when all are alike
 */
export function densityOf(
  rgba: Uint8ClampedArray | Uint8Array,
  lightIsInk: boolean,
  file: string,
): Uint8Array {
  const ink = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [red, green, blue, alpha] = rgba.subarray(4 * i, 4 * i + 4)
    // Rec. 709 luma; on paper of the other colour.
    const light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    return (alpha / 255) * (lightIsInk ? light : 1 - light)
  })
  const [low, high] = [Math.min(...ink), Math.max(...ink)]
  if (high - low < 1 / 255) throw new DataError(`${file}: the image has only one colour`)
  return Uint8Array.from(ink, value => Math.round((255 * (value - low)) / (high - low)))
}
