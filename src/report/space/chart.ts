import type { Points } from '../../model/index.ts'
import { AROUND_DISC, circle, type Mark, mapRows, type Panel, type SpaceView } from './panel.ts'

const TICKS = [
  { text: '−π', value: -Math.PI },
  { text: '0', value: 0 },
  { text: 'π', value: Math.PI },
]

const TURN = 2 * Math.PI

/** An angle in `[-pi, pi)`. */
export const wrapped = (angle: number): number => angle - TURN * Math.floor((angle + Math.PI) / TURN)

/** The two angles of many that are spread widest: whose mean direction is shortest, in their order. */
function drawnAngles(reference: Points, dimension: number): [number, number] {
  const together = (k: number): number => {
    let [x, y] = [0, 0]
    for (let i = k; i < reference.length; i += dimension) {
      x += Math.cos(reference[i])
      y += Math.sin(reference[i])
    }
    return Math.hypot(x, y)
  }
  const sorted = Array.from({ length: dimension }, (_, k) => ({ k, size: together(k) })).sort(
    (a, b) => a.size - b.size || a.k - b.k,
  )
  const [a, b] = [sorted[0].k, sorted[1].k]
  return a < b ? [a, b] : [b, a]
}

/** A single angle as a place on a circle. */
const ring: Panel = {
  name: 'angle',
  range: AROUND_DISC,
  outline: [circle()],
  grid: [],
  marks: [
    { text: '0', at: [1, 0], anchor: 'end', shift: [-0.4, 0.35] },
    { text: '±π', at: [-1, 0], anchor: 'start', shift: [0.4, 0.35] },
  ],
  place: points => mapRows(points, 1, 2, at => [Math.cos(points[at]), Math.sin(points[at])]),
}

const square = (half: number): Points =>
  Float64Array.of(-half, -half, half, -half, half, half, -half, half, -half, -half)

const marks: readonly Mark[] = TICKS.flatMap(({ text, value }): Mark[] => [
  { text, at: [value, -Math.PI], anchor: 'middle', shift: [0, 1.15] },
  { text, at: [-Math.PI, value], anchor: 'end', shift: [-0.3, 0.35 + (0.35 * value) / Math.PI] },
])

const line = (...ends: number[]): Points => Float64Array.from(ends)

/** Angles as a square chart, whose edges are glued; a single one on a circle, of many the two that are spread widest. */
export function torusChart(reference: Points, dimension: number): SpaceView {
  if (dimension === 1) return { panels: [ring], legend: ['The angle is drawn on a circle.'] }
  const [a, b] = dimension === 2 ? [0, 1] : drawnAngles(reference, dimension)
  const panel: Panel = {
    name: 'angles',
    range: { x: [-4.6, 3.6], y: [-4.4, 3.8] },
    outline: [square(Math.PI)],
    grid: [line(-Math.PI, 0, Math.PI, 0), line(0, -Math.PI, 0, Math.PI)],
    glued: Math.PI,
    marks,
    place: points => mapRows(points, dimension, 2, at => [wrapped(points[at + a]), wrapped(points[at + b])]),
  }
  const which = dimension === 2 ? '' : ` ${a + 1} and ${b + 1} of ${dimension}, which are spread widest`
  return {
    panels: [panel],
    legend: [
      `The two angles${which}: across and up. The left edge is glued to the right one, the lower to the upper.`,
    ],
  }
}
