import { useLayoutEffect, useRef } from 'preact/hooks'
import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import type { Colour } from '../../../draw/cloud.ts'
import { colourOf } from '../../../draw/colours.ts'
import './pictures.css'

/** Pictures `[n, D]`, 0 to 255, as they are painted: places row after row, of which those are filled that are there. */
interface Painted {
  readonly pixels: ArrayLike<number> | null
  readonly shape: PictureTraits['shape']
  readonly count: number
  readonly across: number
}

function paint(canvas: HTMLCanvasElement, { pixels, shape, count, across }: Painted, ink: Colour): void {
  const [height, width, channels] = shape
  const size = height * width * channels
  const gap = Math.ceil(width / 14)
  canvas.width = across * (width + gap) - gap
  canvas.height = Math.ceil(count / across) * (height + gap) - gap
  const context = canvas.getContext('2d')!
  const image = context.createImageData(canvas.width, canvas.height)
  const [red, green, blue] = ink.map(part => 255 * part)
  // What is written is cut to 0 and 255 by the array.
  const { data } = image
  const filled = pixels ? Math.min(count, pixels.length / size) : 0
  for (let i = 0; i < filled; i++) {
    const top = Math.floor(i / across) * (height + gap)
    const left = (i % across) * (width + gap)
    for (let at = 0; at < height * width; at++) {
      const to = 4 * ((top + Math.floor(at / width)) * canvas.width + left + (at % width))
      const from = i * size + at * channels
      // Grey is ink on the page, in either theme; colours are as they are.
      const isGrey = channels === 1
      data[to] = isGrey ? red : pixels![from]
      data[to + 1] = isGrey ? green : pixels![from + 1]
      data[to + 2] = isGrey ? blue : pixels![from + 2]
      data[to + 3] = isGrey ? pixels![from] : 255
    }
  }
  context.putImageData(image, 0, 0)
}

/** Pictures on one canvas, whose space is kept until they are there; `label` says what they show. */
export function Pictures({
  label,
  across,
  ...rest
}: Omit<Painted, 'across'> & { readonly across?: number; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const ink = colourOf('--ink')
  const { pixels, shape, count } = rest
  useLayoutEffect(() => {
    paint(canvas.current!, { ...rest, across: across ?? count }, ink)
  }, [pixels, count, across, String(shape), String(ink)])
  return <canvas ref={canvas} class="pictures" role="img" aria-label={label} />
}
