import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import type { DigitFlight } from './use-digit-flight.ts'

/** Pictures in a row and a column of a sheet. */
export const SIDE = 4
/** Room above the sheets, where it says what they are, and below, in pixels of the page. */
const ABOVE = 30
const BELOW = 10
/** Width of a picture in that of its place. */
const FILLED = 0.88

interface Drawn {
  readonly flight: DigitFlight
  readonly shape: PictureTraits['shape']
  readonly misread: readonly boolean[] | null
  readonly ink: string
  readonly stray: string
  readonly progress: number
}

/** One canvas of the size of a picture, on which each is made before it is drawn larger. */
let small: OffscreenCanvas | HTMLCanvasElement | null = null

function pictureContext(width: number, height: number): CanvasRenderingContext2D {
  small ??= document.createElement('canvas')
  if (small.width !== width || small.height !== height) Object.assign(small, { width, height })
  return (small as HTMLCanvasElement).getContext('2d', { willReadFrequently: true })!
}

/** Shades of all pictures between two times of the path. */
function shadesBetween({ path }: DigitFlight, progress: number): Float32Array {
  const far = progress * (path.length - 1)
  const before = Math.min(path.length - 2, Math.floor(far))
  const share = far - before
  const next = path[before + 1]
  return path[before].map((shade, i) => (1 - share) * shade + share * next[i])
}

/** Noise on the left, and on their way to the right the pictures that it becomes. */
export function drawDigits(
  canvas: HTMLCanvasElement,
  { flight, shape: [height, width, channels], misread, ink, stray, progress }: Drawn,
): void {
  const context = canvas.getContext('2d')!
  const [W, H] = [canvas.width, canvas.height]
  const size = height * width * channels
  const count = flight.path[0].length / size
  const [above, below] = [ABOVE, BELOW].map(each => each * devicePixelRatio)
  const place = (H - above - below) / SIDE
  const side = FILLED * place
  const own = pictureContext(width, height)
  const image = own.createImageData(width, height)
  const [red, green, blue] = ink.match(/\d+/g)!.map(Number)
  const ground = getComputedStyle(canvas).backgroundColor
  context.clearRect(0, 0, W, H)
  context.imageSmoothingQuality = 'high'

  /** Centre of the sheet at a share of the way. */
  const middle = (share: number): number => W * (0.25 + 0.5 * share)
  const draw = (shades: Float32Array, i: number, share: number, opacity: number): void => {
    for (let at = 0; at < height * width; at++) {
      const from = i * size + at * channels
      const isGrey = channels === 1
      image.data[4 * at] = isGrey ? red : shades[from]
      image.data[4 * at + 1] = isGrey ? green : shades[from + 1]
      image.data[4 * at + 2] = isGrey ? blue : shades[from + 2]
      image.data[4 * at + 3] = isGrey ? shades[from] : 255
    }
    own.putImageData(image, 0, 0)
    const left = middle(share) + ((i % SIDE) - SIDE / 2) * place + (place - side) / 2
    const top = above + Math.floor(i / SIDE) * place + (place - side) / 2
    context.globalAlpha = 1
    context.fillStyle = ground
    context.fillRect(left, top, side, side)
    context.globalAlpha = opacity
    context.drawImage(small!, left, top, side, side)
    context.globalAlpha = 1
    if (share > 0.999 && misread?.[i]) {
      context.strokeStyle = stray
      context.lineWidth = Math.max(2, 0.04 * side)
      context.strokeRect(left, top, side, side)
    }
  }
  for (let i = 0; i < count; i++) draw(flight.path[0], i, 0, 0.45)
  const shades = shadesBetween(flight, progress)
  for (let i = 0; i < count; i++) draw(shades, i, progress, 1)
}
