import type { Place } from './held.ts'

/** An SVG element with attributes. */
export function svgElement(
  tag: string,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  return made
}

/** Lines through points of the plane; a drawing's y grows downwards. */
export const lineThrough = (points: readonly Place[], look: string): SVGElement =>
  svgElement('polyline', { class: look, points: points.map(([x, y]) => `${x},${-y}`).join(' ') })

export const dot = ([x, y]: Place, look: string, radius = 0.12): SVGElement =>
  svgElement('circle', { class: look, cx: x, cy: -y, r: radius })
