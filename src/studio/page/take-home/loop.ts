import { applyPalette, GIFEncoder, quantize } from 'gifenc'
import type { PlanePoints } from '../../engine/protocol.ts'
import { type Flown, flightClouds, LOOP, progressAt } from '../draw/flight.ts'
import { flightColours } from '../draw/palette.ts'
import { paintPlainly } from '../draw/plain.ts'

const WIDTH = 480
/** Milliseconds of a frame; GIFs count hundredths of a second. */
const FRAME = 50
const COLOURS = 48

/** Times of the loop at which something moves, in frames of equal length, and how long each frame stays. */
function frames(): { readonly progress: number; readonly delay: number }[] {
  const all: { progress: number; delay: number }[] = []
  for (let time = 0; time < LOOP; time += FRAME) {
    const progress = progressAt(time)
    const last = all.at(-1)
    if (last && last.progress === progress) last.delay += FRAME
    else all.push({ progress, delay: FRAME })
  }
  return all
}

/** Lets the page be drawn between two frames. */
const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

/**
 * The flight as a GIF that goes round: six seconds, on white.
 *
 * @param target  points of the data; none where they are not known
 * @param at  the place of the run, which has a colour of its own
 * @throws Error when the browser cannot draw it
 */
export async function flightGif(target: PlanePoints, flown: Flown, at: number): Promise<Uint8Array> {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: WIDTH })
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this browser could not create the image')
  const clouds = flightClouds(target, flown, flightColours('light', at))
  const gif = GIFEncoder()
  let palette: number[][] | undefined
  for (const { progress, delay } of frames()) {
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, WIDTH, WIDTH)
    paintPlainly(context, clouds, progress)
    // The middle half of the square, as on the stage.
    const { data } = context.getImageData(0, WIDTH / 4, WIDTH, WIDTH / 2)
    const first = palette === undefined
    palette ??= quantize(data, COLOURS)
    gif.writeFrame(applyPalette(data, palette), WIDTH, WIDTH / 2, { ...(first && { palette }), delay })
    await turn()
  }
  gif.finish()
  return gif.bytes()
}
