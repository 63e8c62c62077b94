import type { Points } from '../../model/index.ts'
import { AROUND_DISC, circle, type Panel, type SpaceView, type Turn } from './panel.ts'
import { opposite, seen, turned } from './turn.ts'

const DEGREE = Math.PI / 180
/** Between meridians and between parallels, and between points of a line. */
const [APART, STEP] = [30, 5]
/** A globe is tilted no further than this, so that north stays up. */
const MOST_TILT = 35 * DEGREE

const place = (longitude: number, latitude: number): number[] => {
  const [a, b] = [longitude * DEGREE, latitude * DEGREE]
  return [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)]
}

const span = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step)

/** Meridians and parallels, `[n, 3]` each. */
const graticule = (): Points[] => [
  ...span(0, 180 - APART, APART).flatMap(longitude =>
    [0, 180].map(turn => Float64Array.from(span(-90, 90, STEP).flatMap(b => place(longitude + turn, b)))),
  ),
  ...span(APART - 90, 90 - APART, APART).map(latitude =>
    Float64Array.from(span(-180, 180, STEP).flatMap(a => place(a, latitude))),
  ),
]

/** Where a globe is seen from so that most of the data is in front: towards its mean, and where it has none a little from the north. */
function turnTo(points: Points): Turn {
  const mean = [0, 0, 0]
  for (let i = 0; i + 2 < points.length; i += 3) for (let k = 0; k < 3; k++) mean[k] += points[i + k]
  const size = Math.hypot(...mean) / Math.max(1, points.length / 3)
  if (!(size > 0.1)) return { yaw: 20 * DEGREE, pitch: 20 * DEGREE }
  const latitude = Math.atan2(mean[2], Math.hypot(mean[0], mean[1]))
  const pitch = Math.max(-MOST_TILT, Math.min(MOST_TILT, latitude))
  return { yaw: Math.atan2(mean[1], mean[0]), pitch }
}

const side = (name: string, turn: Turn): Panel => ({
  name,
  range: AROUND_DISC,
  outline: [circle()],
  grid: graticule().map(line => seen(turned(line, turn), depth => depth >= 0)),
  marks: [],
  place: points => seen(turned(points, turn), depth => depth >= 0),
  placeBehind: points => seen(turned(points, turn), depth => depth < 0),
})

/** The sphere in space as a globe seen from far away, from in front and from behind. */
export function globe(reference: Points): SpaceView {
  const turn = turnTo(reference)
  return {
    panels: [side('front', turn), side('back', opposite(turn))],
    legend: ['A globe from far away: its front and its back, with a line every 30 degrees.'],
    turning: { kind: 'globe', turn, inBall: points => points },
  }
}
