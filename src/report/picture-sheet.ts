import type { Points } from '../model/index.ts'

/** Pictures along each side of a sheet. */
const ACROSS = 5
/** A sheet is about so wide: what is larger is made smaller, and of what is smaller each pixel becomes a square, so that a screen does not blur it. */
const SHARP = 560
const QUALITY = 90

/**
 * The first pictures of a set as one sheet, row after row: of grey ones without loss, of others as photographs are kept.
 *
 * @param points  `[n, height * width * channels]`, numbers 0 to 255, what is outside is cut
 * @param image  `[height, width, channels]` of each; one channel is grey, three are red, green and blue
 * @param side  pictures along each side; by default as few as hold them, at most 5
 * @returns a PNG or JPEG as a `data:` address
 */
export async function pictureSheet(
  points: Points,
  [height, width, channels]: readonly [number, number, number],
  side?: number,
): Promise<string> {
  const size = height * width * channels
  const most = side ?? ACROSS
  const count = Math.min(most * most, Math.floor(points.length / size))
  const across = side ?? Math.max(1, Math.ceil(Math.sqrt(count)))
  const down = Math.max(1, Math.ceil(count / across))
  const row = across * width * channels
  const pixels = new Uint8ClampedArray(down * height * row)
  for (let k = 0; k < count; k++) {
    const corner = Math.floor(k / across) * height * row + (k % across) * width * channels
    for (let y = 0; y < height; y++) {
      const from = k * size + y * width * channels
      pixels.set(points.subarray(from, from + width * channels), corner + y * row)
    }
  }
  const { default: sharp } = await import('sharp')
  const raw = { width: across * width, height: down * height, channels: channels as 1 | 3 | 4 }
  const sheet = sharp(Buffer.from(pixels.buffer), { raw })
  const isLarge = Math.max(raw.width, raw.height) > SHARP
  const sized = isLarge
    ? sheet.resize({ width: SHARP, height: SHARP, fit: 'inside' })
    : sheet.resize({ width: Math.ceil(SHARP / raw.width) * raw.width, kernel: 'nearest' })
  if (channels === 1) {
    const png = await sized.toColourspace('b-w').png().toBuffer()
    return `data:image/png;base64,${png.toString('base64')}`
  }
  const jpeg = sized.flatten({ background: '#ffffff' }).jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
  return `data:image/jpeg;base64,${(await jpeg.toBuffer()).toString('base64')}`
}
