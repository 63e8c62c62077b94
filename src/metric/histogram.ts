import type { Values } from '../data/dataset.ts'
import { allFinite, countPoints } from './points.ts'

/** `[low, high]` of each of the two columns. */
export type Box = readonly (readonly [number, number])[]

export interface HistogramOptions {
  /** Cells along each column; default 60. */
  readonly bins?: number
  /** The box that is divided into cells; default [-2.5, 2.5] twice. */
  readonly range?: Box
}

const SMALLEST = 1e-8
const DEFAULT: Required<HistogramOptions> = {
  bins: 60,
  range: [
    [-2.5, 2.5],
    [-2.5, 2.5],
  ],
}

/**
 * `KL(data || model)` in nats, from 0 (up to rounding), of the frequencies of `[N, 2]` points in the cells of a box.
 * Frequencies are counts over the count inside the box, as in `numpy.histogram2d`, and 1e-8 is added to each, so
 * that an empty cell of the model costs `p log(p / 1e-8)` rather than infinity. Points outside the box are not seen.
 * NaN when a coordinate of the model is not finite.
 *
 * Protocol of github.com/NathanVanier/flow-map-self-distillation (60 bins over [-2.5, 2.5] squared).
 *
 * @throws {RangeError} when no point of the data lies in the box
 */
export function histogramKL(data: Values, model: Values, options?: HistogramOptions): number {
  return histogramKLTo(data, options)(model)
}

/** `histogramKL` against data that are counted once. */
export function histogramKLTo(data: Values, options: HistogramOptions = {}): (model: Values) => number {
  const { bins, range } = { ...DEFAULT, ...options }
  const counts = countCells(data, bins, range)
  if (counts.every(value => value === 0)) {
    throw new RangeError(`no point of the data lies in the histogram's box ${JSON.stringify(range)}`)
  }
  const p = probabilities(counts)
  return model => {
    if (!allFinite(model)) return Number.NaN
    const q = probabilities(countCells(model, bins, range))
    let divergence = 0
    for (let cell = 0; cell < p.length; cell++) divergence += p[cell] * Math.log(p[cell] / q[cell])
    return divergence
  }
}

/**
 * A box for `[N, 2]` data without one in the literature: from the 0.1% to the 99.9% quantile of each column, padded
 * by a tenth of that width on either side (by 0.5 for a constant column).
 */
export function histogramBox(data: Values): Box {
  const count = countPoints(data, 2)
  return [0, 1].map(column => {
    const values = Float64Array.from({ length: count }, (_, i) => data[2 * i + column]).sort()
    const low = values[Math.floor(0.001 * (count - 1))]
    const high = values[Math.ceil(0.999 * (count - 1))]
    const pad = high > low ? (high - low) / 10 : 0.5
    return [low - pad, high + pad] as const
  })
}

/** Counts of points in the cells of a box; a cell holds its lower edges, and the last ones their upper edges too. */
function countCells(points: Values, bins: number, [[left, right], [bottom, top]]: Box): Float64Array {
  const counts = new Float64Array(bins * bins)
  for (let at = 0; at < 2 * countPoints(points, 2); at += 2) {
    const [x, y] = [points[at], points[at + 1]]
    if (!(x >= left && x <= right && y >= bottom && y <= top)) continue
    const column = Math.min(Math.floor(((x - left) / (right - left)) * bins), bins - 1)
    const row = Math.min(Math.floor(((y - bottom) / (top - bottom)) * bins), bins - 1)
    counts[column * bins + row]++
  }
  return counts
}

function probabilities(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, value) => sum + value, 0) || 1
  return counts.map(value => value / total + SMALLEST)
}
