import type { Points } from '../model/index.ts'

/** The part of the plane that a plot shows. */
export interface Range {
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
}

/** The two coordinates that are drawn of points of many. */
export type Axes = readonly [number, number]

/** The first two coordinates; of many, the two that vary most over the data, in their order. */
export function drawnAxes(reference: Points, dimension: number): Axes {
  if (dimension <= 2) return [0, 1]
  const count = Math.floor(reference.length / dimension)
  const variance = (axis: number): number => {
    let [sum, squares] = [0, 0]
    for (let i = axis; i < count * dimension; i += dimension) {
      sum += reference[i]
      squares += reference[i] ** 2
    }
    return squares / count - (sum / count) ** 2
  }
  const variances = Array.from({ length: dimension }, (_, axis) => ({ axis, variance: variance(axis) }))
  const [first, second] = variances.sort((a, b) => b.variance - a.variance || a.axis - b.axis)
  return first.axis < second.axis ? [first.axis, second.axis] : [second.axis, first.axis]
}

const golden = 0.6180339887498949

/**
 * The plane that points `[n, dimension]` are drawn in, `[n, 2]`: two coordinates, or, for points on a
 * line, the coordinate beside an even spread in [0, 1].
 */
export function toPlane(points: Points, dimension: number, [first, second]: Axes = [0, 1]): Points {
  if (dimension === 2) return points
  const n = Math.floor(points.length / dimension)
  const plane = new Float64Array(2 * n)
  for (let i = 0; i < n; i++) {
    plane[2 * i] = points[i * dimension + (dimension === 1 ? 0 : first)]
    plane[2 * i + 1] = dimension === 1 ? (i * golden) % 1 : points[i * dimension + second]
  }
  return plane
}

/** Ends of the middle `1 - 2 * tail` of finite values, widened by `margin` of their distance; never empty. */
function interval(values: number[], tail: number, margin: number): [number, number] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (sorted.length === 0) return [-1, 1]
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))]
  const [low, high] = [at(tail), at(1 - tail)]
  const pad = high > low ? (high - low) * margin : Math.max(0.5, Math.abs(high) * 0.1)
  return [low - pad, high + pad]
}

/**
 * The range that shows `points` `[n, 2]`, a few far outliers left out so that they do not shrink the rest.
 * Points that are not finite are ignored; without any, the range is [-1, 1] in both directions.
 */
export function rangeOf(points: Points): Range {
  const n = Math.floor(points.length / 2)
  const column = (c: number): number[] => Array.from({ length: n }, (_, i) => points[2 * i + c])
  const tail = n >= 200 ? 0.002 : 0
  return { x: interval(column(0), tail, 0.08), y: interval(column(1), tail, 0.08) }
}

/** The smallest square range, same centre, that contains `range`. */
export function squareRange({ x, y }: Range): Range {
  const half = Math.max(x[1] - x[0], y[1] - y[0]) / 2
  const around = ([low, high]: readonly [number, number]): [number, number] => [
    (low + high) / 2 - half,
    (low + high) / 2 + half,
  ]
  return { x: around(x), y: around(y) }
}

/** Sides that differ by more than this are not drawn on one scale. */
const UNLIKE = 5

/** The square range around `range`; where the coordinates are of unlike size, each keeps its own. */
export function levelRange(range: Range): Range {
  const [width, height] = [range.x, range.y].map(([low, high]) => high - low)
  return Math.max(width / height, height / width) > UNLIKE ? range : squareRange(range)
}

/** Whether one unit has the same length in both directions of a square plot. */
export const isSquare = ({ x, y }: Range): boolean => Math.abs((x[1] - x[0]) / (y[1] - y[0]) - 1) < 1e-6

/** Which coordinates are drawn, in words. */
export const axesText = (axes: Axes, dimension: number): string =>
  `Coordinates ${axes[0] + 1} and ${axes[1] + 1} of ${dimension}, which vary most over the data`

/** A cloud of dots as one SVG path, and how many of the points asked for it shows. */
export interface Dots {
  /** Zero-length strokes: draw with a round line cap; the stroke width is the dot's diameter. */
  readonly path: string
  /** Points looked at, after thinning. */
  readonly drawn: number
  /** Of those, points outside the range or not finite, which have no dot unless they stray and are finite. */
  readonly outside: number
  /** The same path of points that are off the data, and how many they are; empty where nothing is known of them. */
  readonly strays: string
  readonly astray: number
  /** Where points have classes: paths of each class, which no longer are in `path`. */
  readonly byClass?: readonly string[]
}

/**
 * Turns points `[n, 2]` into one compact path on a grid of `width` by `height` whole units, y upwards.
 * Evenly thinned to `limit` points; points that share a grid node share a dot.
 *
 * @param marks  1 for each point that is off the data, `[n]`: these have a path of their own, and where they are outside the
 *   range they are drawn on its edge
 * @param classes  of each point, from 0, `[n]`
 */
export function dotsPath(
  points: Points,
  range: Range,
  width: number,
  height: number,
  limit = 2000,
  marks?: Uint8Array,
  classes?: ArrayLike<number>,
): Dots {
  const n = Math.floor(points.length / 2)
  const drawn = Math.min(n, limit)
  const nodes = [new Set<number>(), new Set<number>()]
  const ofClasses: Set<number>[] = []
  const edge = (part: number): number => Math.min(1, Math.max(0, part))
  let [outside, astray] = [0, 0]
  for (let k = 0; k < drawn; k++) {
    const i = Math.floor((k * n) / drawn)
    const strays = marks?.[i] === 1
    const u = (points[2 * i] - range.x[0]) / (range.x[1] - range.x[0])
    const v = (range.y[1] - points[2 * i + 1]) / (range.y[1] - range.y[0])
    const isInside = u >= 0 && u <= 1 && v >= 0 && v <= 1
    if (strays) astray++
    if (!isInside) outside++
    if (!isInside && !(strays && Number.isFinite(u) && Number.isFinite(v))) continue
    const node = Math.round(edge(v) * height) * (width + 1) + Math.round(edge(u) * width)
    const group = strays || !classes ? nodes[Number(strays)] : (ofClasses[classes[i]] ??= new Set())
    group.add(node)
  }
  const pathOf = (found: Set<number> | undefined): string => chain([...(found ?? [])], width + 1)
  const [path, strays] = nodes.map(pathOf)
  return { path, strays, drawn, outside, astray, ...(classes && { byClass: Array.from(ofClasses, pathOf) }) }
}

/** Relative moves from dot to dot, in bands of rows so that the moves, and their digits, are few. */
function chain(nodes: number[], stride: number): string {
  const band = 12
  const rank = (node: number): number =>
    Math.floor(Math.floor(node / stride) / band) * stride + (node % stride)
  nodes.sort((a, b) => rank(a) - rank(b) || a - b)
  let [x, y] = [0, 0]
  let path = ''
  for (const node of nodes) {
    const [nextX, nextY] = [node % stride, Math.floor(node / stride)]
    const dy = nextY - y
    path += `m${nextX - x}${dy < 0 ? '' : ' '}${dy}h0`
    ;[x, y] = [nextX, nextY]
  }
  return path
}
