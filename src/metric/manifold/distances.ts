import { blocksNamed } from '../../model/spaces/table.ts'

/** A squared distance of the points that begin at `a[i]` and `b[j]`. */
export type SquaredDistance = (a: Float64Array, i: number, b: Float64Array, j: number) => number

/** The same of a block, for points of so many numbers. */
type OfBlock = (size: number) => SquaredDistance

const TURN = 2 * Math.PI

/** `|x - y|^2` of the numbers as they stand. */
const chord: OfBlock = size => (a, i, b, j) => {
  let square = 0
  for (let k = 0; k < size; k++) {
    const apart = a[i + k] - b[j + k]
    square += apart * apart
  }
  return square
}

/** `2 atan(|x - y|/|x + y|)`, which keeps its digits where the cosine has none. */
const onSphere: OfBlock = size => (a, i, b, j) => {
  let apart = 0
  let together = 0
  for (let k = 0; k < size; k++) {
    const x = a[i + k]
    const y = b[j + k]
    apart += (x - y) * (x - y)
    together += (x + y) * (x + y)
  }
  return (2 * Math.atan2(Math.sqrt(apart), Math.sqrt(together))) ** 2
}

/** `2 asinh(|x - y|/2)`, and `acosh(-<x, y>)` far away, where the chord loses its digits. */
const onHyperboloid: OfBlock = size => (a, i, b, j) => {
  let cosh = a[i] * b[j]
  for (let k = 1; k < size; k++) cosh -= a[i + k] * b[j + k]
  if (cosh > 2) return Math.acosh(cosh) ** 2
  let square = -((a[i] - b[j]) ** 2)
  for (let k = 1; k < size; k++) square += (a[i + k] - b[j + k]) ** 2
  return (2 * Math.asinh(Math.sqrt(Math.max(0, square)) / 2)) ** 2
}

const ofAngles: OfBlock = size => (a, i, b, j) => {
  let square = 0
  for (let k = 0; k < size; k++) {
    const apart = a[i + k] - b[j + k]
    const wrapped = apart - TURN * Math.round(apart / TURN)
    square += wrapped * wrapped
  }
  return square
}

/** The angle of `R^T Q`, by `|R - Q|^2 = 8 sin^2(theta/2)`. */
const ofRotations: OfBlock = size => {
  const squared = chord(size)
  return (a, i, b, j) => {
    const sine = Math.min(1, squared(a, i, b, j) / 8)
    return (2 * Math.atan2(Math.sqrt(sine), Math.sqrt(1 - sine))) ** 2
  }
}

/** `|(cos x, sin x) - (cos y, sin y)|^2`. */
const chordOfAngles: OfBlock = size => (a, i, b, j) => {
  let square = 0
  for (let k = 0; k < size; k++) square += 4 * Math.sin((a[i + k] - b[j + k]) / 2) ** 2
  return square
}

const geodesics: Readonly<Record<string, OfBlock>> = {
  sphere: onSphere,
  hyperbolic: onHyperboloid,
  torus: ofAngles,
  rotations: ofRotations,
  flat: chord,
}

const chords: Readonly<Record<string, OfBlock>> = {
  sphere: chord,
  hyperbolic: chord,
  torus: chordOfAngles,
  rotations: chord,
  flat: chord,
}

/** Squares of blocks add. */
function inBlocks(
  table: Readonly<Record<string, OfBlock>>,
  space: string,
  dimension: number,
): SquaredDistance {
  if (Object.hasOwn(table, space)) return table[space](dimension)
  let next = 0
  const parts = blocksNamed(space)!.map(({ name, size }) => {
    next += size
    return { squared: table[name](size), from: next - size }
  })
  return (a, i, b, j) => {
    let square = 0
    for (const { squared, from } of parts) square += squared(a, i + from, b, j + from)
    return square
  }
}

/** The square of the length of the shortest way. */
export const geodesicSquare = (space: string, dimension: number): SquaredDistance =>
  inBlocks(geodesics, space, dimension)

/** The square of the chord in the flat space around: of angles between `(cos, sin)`, of rotations over their nine entries. */
export const chordSquare = (space: string, dimension: number): SquaredDistance =>
  inBlocks(chords, space, dimension)

/** Whether the geodesic distance is of negative type, so that its energy distance is 0 for equal laws alone. */
const OF_NEGATIVE_TYPE = ['sphere', 'hyperbolic']

/** The square of the distance that energy distances are measured by: the geodesic one where that is allowed, else the chord. */
export const energySquare = (space: string, dimension: number): SquaredDistance =>
  (OF_NEGATIVE_TYPE.includes(space) ? geodesicSquare : chordSquare)(space, dimension)
