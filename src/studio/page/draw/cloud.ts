import type { PlanePoints } from '../../engine/protocol.ts'
import { REACH } from '../../reach.ts'

/** Red, green, blue and opacity, 0 to 1. */
export type Colour = readonly [number, number, number, number]

/** A cloud of points, still or moving. */
export interface Cloud {
  /** `[n, 2]`; of a moving cloud where it begins. */
  readonly points: PlanePoints
  /** Where a moving cloud is next, equally far apart in progress; the last at progress 1. */
  readonly through?: readonly PlanePoints[]
  readonly colour: Colour
  /** Diameter in CSS pixels. */
  readonly size: number
}

/** Half the side of the square that is shown; a little more than what can be drawn on. */
export const SHOWN = REACH * 1.25

/** Where a place on a grid of so many cells a side is in the units of a scene. */
export const placeOn =
  (cells: number) =>
  (place: number): number =>
    (place / cells) * 2 * SHOWN - SHOWN

/** Two positions of a moving cloud and how far it is between them. */
export interface Leg {
  readonly from: PlanePoints
  readonly to: PlanePoints
  /** 0 at `from`, 1 at `to`. */
  readonly part: number
}

/** Where a cloud is at some progress from 0 to 1. */
export function legOf({ points, through = [] }: Cloud, progress: number): Leg {
  if (through.length === 0) return { from: points, to: points, part: 0 }
  const place = Math.min(Math.max(progress, 0), 1) * through.length
  const at = Math.min(Math.floor(place), through.length - 1)
  return { from: at === 0 ? points : through[at - 1], to: through[at], part: place - at }
}

/**
 * Index of the point nearest to a place, of several lists of the same points; `null` when none is within `reach`.
 *
 * @param marks  1 for the points that are looked at; all where absent
 */
export function nearestPoint(
  lists: readonly PlanePoints[],
  [x, y]: readonly [number, number],
  reach: number,
  marks?: Uint8Array,
): number | null {
  let [best, least] = [null as number | null, reach * reach]
  for (const points of lists) {
    for (let i = 0; i < points.length; i += 2) {
      if (marks && !marks[i / 2]) continue
      const distance = (points[i] - x) ** 2 + (points[i + 1] - y) ** 2
      if (distance <= least) [best, least] = [i / 2, distance]
    }
  }
  return best
}
