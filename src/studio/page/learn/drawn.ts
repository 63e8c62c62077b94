import type { PlanePoints } from '../../engine/protocol.ts'
import type { Cloud } from '../draw/cloud.ts'
import { colourOf } from '../draw/colours.ts'
import { svgElement } from '../draw/svg.ts'
import type { Point } from './figure.ts'

export const outline = (path: string, look: string): SVGElement =>
  svgElement('path', { class: look, d: path })

/** Right of which words are written to the left. */
const EDGE = 2.4

/** A word at a place. */
export function label([x, y]: Point, text: string): SVGElement {
  const made = svgElement('text', {
    x: x > EDGE ? x - 0.15 : x + 0.15,
    y: -y - 0.25,
    'text-anchor': x > EDGE ? 'end' : 'start',
  })
  made.textContent = text
  return made
}

export const pointAt = (points: PlanePoints, i: number): Point => [points[2 * i], points[2 * i + 1]]

export const greyCloud = (points: PlanePoints): Cloud => ({
  points,
  colour: colourOf('--target', 0.5),
  size: 2.5,
})

export const ownCloud = (points: PlanePoints, through?: readonly PlanePoints[]): Cloud => ({
  points,
  ...(through && { through }),
  colour: colourOf('--run-0', 0.7),
  size: 3.5,
})

export const strayColour = () => colourOf('--stray', 0.95)
