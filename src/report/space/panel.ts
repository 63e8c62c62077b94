import type { Points } from '../../model/index.ts'
import type { Range } from '../points.ts'

/** A word in a panel, such as a tick, at a place of it. */
export interface Mark {
  readonly text: string
  readonly at: readonly [number, number]
  readonly anchor: 'start' | 'middle' | 'end'
  /** From there, in sizes of the text, to the right and down. */
  readonly shift: readonly [number, number]
}

/** One picture of a space: where its points are in the plane, and what is drawn behind them. */
export interface Panel {
  /** Beside other panels of the same space. */
  readonly name: string
  readonly range: Range
  /** Polylines `[n, 2]` that bound the space. */
  readonly outline: readonly Points[]
  /** Thinner ones inside of it. */
  readonly grid: readonly Points[]
  /** Where the outline is glued to itself, and is drawn broken: a step of a line that is longer than this goes over it. */
  readonly glued?: number
  readonly marks: readonly Mark[]
  /** Places `[n, 2]` of points `[n, D]`; not finite where a point is out of sight. */
  place(points: Points): Points
  /** Where points are out of sight, the places of those. */
  placeBehind?(points: Points): Points
}

/** All pictures of a space, and what a reader must know of them. */
export interface SpaceView {
  readonly panels: readonly Panel[]
  /** Sentences. */
  readonly legend: readonly string[]
  /** What turns when a page is dragged; absent where nothing does. */
  readonly turning?: Turning
}

/** Points of a ball or a globe that can be turned. */
export interface Turning {
  readonly kind: 'globe' | 'ball'
  readonly turn: Turn
  /** Places `[n, 3]` in the unit ball. */
  inBall(points: Points): Points
}

/** Where a globe is seen from: longitude and latitude of what is in its middle, in radians. */
export interface Turn {
  readonly yaw: number
  readonly pitch: number
}

/** The circle of a radius around the middle. */
export const circle = (radius = 1, steps = 96): Points =>
  Float64Array.from({ length: 2 * (steps + 1) }, (_, k) => {
    const angle = (2 * Math.PI * (k >> 1)) / steps
    return radius * (k % 2 === 0 ? Math.cos(angle) : Math.sin(angle))
  })

/** Places `[n, size]` of points `[n, D]`, one after another. */
export function mapRows(
  points: Points,
  dimension: number,
  size: number,
  place: (at: number) => readonly number[],
): Points {
  const n = Math.floor(points.length / dimension)
  const places = new Float64Array(size * n)
  for (let i = 0; i < n; i++) places.set(place(i * dimension), size * i)
  return places
}

/** A little more than the unit disc. */
export const AROUND_DISC: Range = { x: [-1.05, 1.05], y: [-1.05, 1.05] }
