import type { PlanePoints } from '../../engine/protocol.ts'

/** Length of a cut arrow, in cells. */
const LONGEST = 1.6
/** Part of the arrows that are not longer than a cell. */
const WITHIN = 0.9

/** Which points have one of a cloud's within a distance. */
export function near(points: PlanePoints, cloud: PlanePoints, distance: number): boolean[] {
  return Array.from({ length: points.length / 2 }, (_, i) => {
    const [x, y] = [points[2 * i], points[2 * i + 1]]
    for (let k = 0; k < cloud.length; k += 2) {
      if ((cloud[k] - x) ** 2 + (cloud[k + 1] - y) ** 2 <= distance * distance) return true
    }
    return false
  })
}

/** Vectors turned about. */
export const opposite = (vectors: PlanePoints): PlanePoints => vectors.map(value => -value)

/** Units of the data for one unit of velocity, so that most arrows fit their cells. */
export function arrowScale(vectors: PlanePoints, cell: number, counted: readonly boolean[]): number {
  const lengths = Array.from({ length: vectors.length / 2 }, (_, i) =>
    Math.hypot(vectors[2 * i], vectors[2 * i + 1]),
  )
    .filter((_, i) => counted[i])
    .sort((a, b) => a - b)
  const length = lengths[Math.floor(WITHIN * (lengths.length - 1))]
  return length > 0 ? cell / length : 0
}

/** The nearest of 1, 2, 5, 10, 20, ... to a factor; 1 for what is not larger. */
export function roundFactor(factor: number): number {
  if (!(factor > 1) || !Number.isFinite(factor)) return 1
  const power = 10 ** Math.floor(Math.log10(factor))
  const far = (part: number): number => Math.abs(Math.log(factor / (part * power)))
  return power * [1, 2, 5, 10].reduce((best, part) => (far(part) < far(best) ? part : best))
}

/** An arrow from every chosen point, as one path; long ones are cut. Upwards is down in a drawing. */
export function arrowPath(
  points: PlanePoints,
  vectors: PlanePoints,
  scale: number,
  cell: number,
  chosen: (i: number) => boolean,
): string {
  const parts: string[] = []
  for (let i = 0; i < points.length; i += 2) {
    const length = Math.hypot(vectors[i], vectors[i + 1])
    if (!(length > 0) || !chosen(i / 2)) continue
    const shown = Math.min(LONGEST * cell, scale * length)
    const [ux, uy] = [vectors[i] / length, -vectors[i + 1] / length]
    const [x, y] = [points[i], -points[i + 1]]
    const [ex, ey] = [x + shown * ux, y + shown * uy]
    const head = Math.min(0.14, 0.4 * shown)
    const wing = (side: number) =>
      `${(ex - head * (ux - side * 0.6 * uy)).toFixed(2)},${(ey - head * (uy + side * 0.6 * ux)).toFixed(2)}`
    parts.push(
      `M${x.toFixed(2)},${y.toFixed(2)}L${ex.toFixed(2)},${ey.toFixed(2)}M${wing(1)}L${ex.toFixed(2)},${ey.toFixed(2)}L${wing(-1)}`,
    )
  }
  return parts.join('')
}
