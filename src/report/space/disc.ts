import type { Points } from '../../model/index.ts'
import { drawnAxes } from '../points.ts'
import { AROUND_DISC, circle, mapRows, type SpaceView } from './panel.ts'

/** Distances from the origin that have a circle. */
const DISTANCES = [1, 2, 3]

/** The coordinates behind the first that are drawn: two, or of many those that vary most. */
function drawnDirections(reference: Points, dimension: number): readonly [number, number] {
  if (dimension <= 3) return [1, 2]
  const rest = mapRows(reference, dimension, dimension - 1, at =>
    Array.from({ length: dimension - 1 }, (_, k) => reference[at + 1 + k]),
  )
  const [a, b] = drawnAxes(rest, dimension - 1)
  return [a + 1, b + 1]
}

/** Points of the hyperboloid in Poincaré's disc: `(x_1, x_2) / (1 + x_0)`. */
export function poincareDisc(reference: Points, dimension: number): SpaceView {
  const [a, b] = drawnDirections(reference, dimension)
  const of = dimension > 3 ? ` (coordinates ${a + 1} and ${b + 1} of ${dimension}, which vary most)` : ''
  return {
    panels: [
      {
        name: 'disc',
        range: AROUND_DISC,
        outline: [circle()],
        grid: DISTANCES.map(distance => circle(Math.tanh(distance / 2))),
        marks: [],
        place: points =>
          mapRows(points, dimension, 2, at => {
            const across = points[at + a] / (1 + points[at])
            return [across, dimension === 2 ? 0 : points[at + b] / (1 + points[at])]
          }),
      },
    ],
    legend: [
      `Poincaré’s disc${of}: its edge is infinitely far away, circles are at the distances 1, 2 and 3 from the middle.`,
    ],
  }
}
