import type { Points } from '../../model/index.ts'
import { mapRows, type Turn } from './panel.ts'

/**
 * Points `[n, 3]` as they are seen from far away: to the right, up, and towards the viewer, `[n, 3]`. The third axis of the space is up.
 */
export function turned(points: Points, { yaw, pitch }: Turn): Points {
  const [c, s, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)]
  return mapRows(points, 3, 3, at => {
    const [x, y, z] = [points[at], points[at + 1], points[at + 2]]
    const ahead = c * x + s * y
    return [c * y - s * x, cp * z - sp * ahead, cp * ahead + sp * z]
  })
}

/** The other side of a globe. */
export const opposite = ({ yaw, pitch }: Turn): Turn => ({ yaw: yaw + Math.PI, pitch: -pitch })

/** A ball from above. */
export const above = ({ yaw, pitch }: Turn): Turn => ({ yaw, pitch: pitch + Math.PI / 2 })

/** The two numbers of places `[n, 3]` that are seen; not finite for those that are not wanted. */
export const seen = (places: Points, isWanted: (depth: number) => boolean = () => true): Points =>
  mapRows(places, 3, 2, at =>
    isWanted(places[at + 2]) ? [places[at], places[at + 1]] : [Number.NaN, Number.NaN],
  )
