import type { PlanePoints } from '../../engine/protocol.ts'
import type { Cloud, Colour } from './cloud.ts'

/** How much larger a sample off the data is drawn. */
const LARGER = 1.5

type Marks = Uint8Array | null | undefined

function chosen(points: PlanePoints, marks: Uint8Array, mark: 0 | 1): PlanePoints {
  const kept: number[] = []
  for (let i = 0; i < marks.length; i++) if (marks[i] === mark) kept.push(points[2 * i], points[2 * i + 1])
  return Float32Array.from(kept)
}

const fits = (points: PlanePoints, marks: Marks): marks is Uint8Array =>
  2 * (marks?.length ?? 0) === points.length

/** Points on the data and those off it, which are marked with 1; all are on it where nothing is known of them. */
export const apart = (points: PlanePoints, marks: Marks): readonly [on: PlanePoints, off: PlanePoints] =>
  fits(points, marks) ? [chosen(points, marks, 0), chosen(points, marks, 1)] : [points, new Float32Array(0)]

/**
 * A cloud as two: its points on the data, and over them those off it, larger and in a colour of their own. Without marks, or
 * with those of other points, it stays as it is.
 */
export function splitCloud(cloud: Cloud, marks: Marks, colour: Colour): Cloud[] {
  if (!fits(cloud.points, marks) || !marks.includes(1)) return [cloud]
  const part = (mark: 0 | 1): Cloud => ({
    ...cloud,
    points: chosen(cloud.points, marks, mark),
    ...(cloud.through && { through: cloud.through.map(points => chosen(points, marks, mark)) }),
  })
  return [part(0), { ...part(1), colour, size: LARGER * cloud.size }]
}
