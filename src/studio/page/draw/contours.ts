import { contours } from 'd3-contour'
import { paintedField } from '../../reward.ts'
import { placeOn } from './cloud.ts'

/** Heights that lines are drawn at, and their negatives. */
const LEVELS = [0.25, 0.5, 0.75] as const

/** Places a side that the reward is computed at. */
const COUNT = 100
/** What a place is of the height of its hill, where the hill's sign may stand. */
const HIGH = 0.8

/** The lines of a painted reward, in the units of a scene, whose upward axis points down. */
export interface Contours {
  /** Where it is above each level, as a path; of the levels that are reached. */
  readonly good: readonly string[]
  readonly bad: readonly string[]
  /** A place on each hill and in each hollow. */
  readonly signs: readonly { readonly x: number; readonly y: number; readonly good: boolean }[]
}

const unit = placeOn(COUNT)

type Ring = readonly (readonly number[])[]
const pathOf = (ring: Ring): string =>
  `M${ring.map(([x, y]) => `${unit(x).toFixed(2)} ${unit(y).toFixed(2)}`).join('L')}Z`

function levelsOf(field: number[]): string[] {
  return contours()
    .size([COUNT, COUNT])
    .thresholds([...LEVELS])(field)
    .map(({ coordinates }) => coordinates.flat().map(pathOf).join(''))
    .filter(path => path !== '')
}

/** Places of the connected parts of where a field is above the lowest level. */
function* hills(field: readonly number[]): Generator<number[]> {
  const seen = field.map(value => value < LEVELS[0])
  for (let start = 0; start < field.length; start++) {
    if (seen[start]) continue
    seen[start] = true
    const hill = [start]
    // Grows while it is gone through.
    for (const i of hill) {
      const column = i % COUNT
      const beside = [i - COUNT, i + COUNT, column > 0 ? i - 1 : -1, column < COUNT - 1 ? i + 1 : -1]
      for (const next of beside) {
        if (next < 0 || next >= field.length || seen[next]) continue
        seen[next] = true
        hill.push(next)
      }
    }
    yield hill
  }
}

const placeOf = (i: number): readonly [number, number] => [
  unit((i % COUNT) + 0.5),
  unit(Math.floor(i / COUNT) + 0.5),
]

/** The place high on a hill that is nearest to its middle. */
function topOf(hill: readonly number[], field: readonly number[]): readonly [number, number] {
  const height = hill.reduce((most, i) => Math.max(most, field[i]), 0)
  const high = hill.filter(i => field[i] >= HIGH * height).map(placeOf)
  const middle = [0, 1].map(axis => high.reduce((sum, place) => sum + place[axis], 0) / high.length)
  const far = ([x, y]: readonly [number, number]) => Math.hypot(x - middle[0], y - middle[1])
  return high.reduce((best, place) => (far(place) < far(best) ? place : best))
}

const signsOf = (field: readonly number[], good: boolean): Contours['signs'] =>
  [...hills(field)].map(hill => {
    const [x, y] = topOf(hill, field)
    return { x, y, good }
  })

export function contoursOf(cells: Int8Array): Contours {
  const field = [...paintedField(cells, COUNT)]
  const negative = field.map(value => -value)
  return {
    good: levelsOf(field),
    bad: levelsOf(negative),
    signs: [...signsOf(field, true), ...signsOf(negative, false)],
  }
}
