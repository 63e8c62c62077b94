import type { Points } from '../../model/index.ts'
import { AROUND_DISC, circle, mapRows, type Panel, type SpaceView, type Turn } from './panel.ts'
import { above, seen, turned } from './turn.ts'

/** The axis of a rotation matrix times its angle, `[3]`, from numbers at a place, row after row. */
export function axisAngle(R: ArrayLike<number>, at = 0): [number, number, number] {
  const entry = (i: number, j: number): number => R[at + 3 * i + j]
  const twist = [entry(2, 1) - entry(1, 2), entry(0, 2) - entry(2, 0), entry(1, 0) - entry(0, 1)]
  const sine = Math.hypot(...twist) / 2
  const cosine = (entry(0, 0) + entry(1, 1) + entry(2, 2) - 1) / 2
  const angle = Math.atan2(sine, cosine)
  if (sine > 1e-4) return twist.map(x => (x * angle) / (2 * sine)) as [number, number, number]
  if (cosine > 0) return twist.map(x => x / 2) as [number, number, number]
  // Half a turn: (R + I)/2 is the square of the axis, read from its longest column.
  const k = [0, 1, 2].reduce((a, b) => (entry(b, b) > entry(a, a) ? b : a))
  const column = [0, 1, 2].map(i => entry(i, k) + Number(i === k))
  const size = Math.hypot(...column)
  return column.map(x => (x * angle) / size) as [number, number, number]
}

/** Rotations `[n, 9]` in the unit ball, half a turn at its edge. */
const inBall = (points: Points): Points =>
  mapRows(points, 9, 3, at => axisAngle(points, at).map(x => x / Math.PI))

const side = (name: string, turn: Turn): Panel => ({
  name,
  range: AROUND_DISC,
  outline: [circle()],
  grid: [circle(0.5)],
  glued: 0.35,
  marks: [],
  place: points => seen(turned(inBall(points), turn)),
})

/** Rotations as their axis times their angle, a ball that is seen through from the side and from above. */
export function rotationBall(): SpaceView {
  const turn: Turn = { yaw: 0, pitch: 0 }
  return {
    panels: [side('from the side', turn), side('from above', above(turn))],
    legend: [
      'A rotation is drawn at its axis times its angle: no rotation in the middle, 90 degrees at the inner circle, half a turn at the edge, where opposite points are the same.',
      'The ball is seen through, from the side and from above.',
    ],
    turning: { kind: 'ball', turn, inBall },
  }
}
