import type { Points } from '../model/index.ts'

/** Pictures along each side of a sheet. */
const ACROSS = 5
/** Largest side of a sheet in pixels: what is larger is made smaller. */
const LARGEST = 320
const QUALITY = 90

/**
 * The first pictures of a set as one sheet, row after row.
 *
 * @param points  `[n, height * width * channels]`, numbers 0 to 255, what is outside is cut
 * @param image  `[height, width, channels]` of each; one channel is grey, three are red, green and blue
 * @returns a JPEG as a `data:` address
 */
export async function pictureSheet(
  points: Points,
  [height, width, channels]: readonly [number, number, number],
): Promise<string> {
  const size = height * width * channels
  const count = Math.min(ACROSS * ACROSS, Math.floor(points.length / size))
  const across = Math.max(1, Math.ceil(Math.sqrt(count)))
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
    .resize({ width: LARGEST, height: LARGEST, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
  return `data:image/jpeg;base64,${(await sheet.toBuffer()).toString('base64')}`
}
