import type { Points } from '../../model/index.ts'
import { blocksNamed } from '../../model/spaces/table.ts'
import { axesText, drawnAxes, levelRange, rangeOf, toPlane } from '../points.ts'
import { rotationBall } from './ball.ts'
import { torusChart } from './chart.ts'
import { poincareDisc } from './disc.ts'
import { globe } from './globe.ts'
import { AROUND_DISC, circle, mapRows, type Panel, type SpaceView } from './panel.ts'

/** A sphere that is no globe: a circle, or of many dimensions the two coordinates that vary most. */
function roundDisc(reference: Points, dimension: number): SpaceView {
  const axes = drawnAxes(reference, dimension)
  return {
    panels: [
      {
        name: 'sphere',
        range: AROUND_DISC,
        outline: [circle()],
        grid: [],
        marks: [],
        place: points => toPlane(points, dimension, axes),
      },
    ],
    legend: dimension > 2 ? [`${axesText(axes, dimension)}: the sphere lies in this disc.`] : [],
  }
}

/** A block of a product that is flat. */
function plane(reference: Points, dimension: number): SpaceView {
  const axes = drawnAxes(reference, dimension)
  const place = (points: Points): Points => toPlane(points, dimension, axes)
  const range = levelRange(rangeOf(place(reference)))
  const [[left, right], [low, high]] = [range.x, range.y]
  const box = Float64Array.of(left, low, right, low, right, high, left, high, left, low)
  const [first] = dimension > 2 ? [`${axesText(axes, dimension)}.`] : []
  return {
    panels: [{ name: 'plane', range, outline: [box], grid: [], marks: [], place }],
    legend: [...(first ? [first] : []), ...(dimension === 1 ? ['The height only keeps points apart.'] : [])],
  }
}

const views: Readonly<Record<string, (reference: Points, dimension: number) => SpaceView>> = {
  sphere: (reference, dimension) => (dimension === 3 ? globe(reference) : roundDisc(reference, dimension)),
  torus: torusChart,
  rotations: rotationBall,
  hyperbolic: poincareDisc,
  flat: plane,
}

/** The pictures of each block, of its own numbers alone. */
function product(space: string, reference: Points, dimension: number): SpaceView {
  let next = 0
  const parts = blocksNamed(space)!.map(({ name, size }) => {
    const from = next
    next += size
    const own = (points: Points): Points =>
      mapRows(points, dimension, size, at => Array.from({ length: size }, (_, k) => points[at + from + k]))
    return { name: `${name}(${size})`, own, view: views[name](own(reference), size) }
  })
  const panels = parts.flatMap(({ name, own, view }) =>
    view.panels.map(
      (panel): Panel => ({
        ...panel,
        name: view.panels.length > 1 ? `${name}, ${panel.name}` : name,
        place: points => panel.place(own(points)),
        ...(panel.placeBehind && { placeBehind: points => panel.placeBehind!(own(points)) }),
      }),
    ),
  )
  const legend = parts.map(({ name, view }) => [`${name}:`, ...view.legend].join(' '))
  return { panels, legend: ['A picture for each block.', ...legend] }
}

/**
 * How points of a curved space are drawn; nothing of flat space and of text.
 *
 * @param reference  points of the data, which decide where things are seen from
 */
export function spaceView(
  space: string | undefined,
  dimension: number,
  reference: Points,
): SpaceView | undefined {
  if (space === undefined || space === 'flat' || space === 'simplex') return undefined
  return Object.hasOwn(views, space)
    ? views[space](reference, dimension)
    : product(space, reference, dimension)
}
