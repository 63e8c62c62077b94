import type { PlanePoints } from '../../engine/protocol.ts'
import type { Cloud } from '../draw/cloud.ts'
import { colourOf } from '../draw/colours.ts'
import type { Point } from './figure.ts'

const SVG = 'http://www.w3.org/2000/svg'

function element(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  return made
}

/** Lines through points of the plane; a drawing's y grows downwards. */
export const lineThrough = (points: readonly Point[], look: string): SVGElement =>
  element('polyline', { class: look, points: points.map(([x, y]) => `${x},${-y}`).join(' ') })

export const dot = ([x, y]: Point, look: string, radius = 0.12): SVGElement =>
  element('circle', { class: look, cx: x, cy: -y, r: radius })

export const outline = (path: string, look: string): SVGElement => element('path', { class: look, d: path })

/** Right of which words are written to the left. */
const EDGE = 2.4

/** A word at a place. */
export function label([x, y]: Point, text: string): SVGElement {
  const made = element('text', {
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
