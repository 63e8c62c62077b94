import type { Values } from '../data/dataset.ts'
import { countedError, jensenShannon } from './divergence.ts'
import { type Estimate, estimate, jackknife } from './estimate.ts'
import { countPoints } from './points.ts'

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
 * `KL(data || model)` in nats, from 0 (up to rounding), of the frequencies of `[N, 2]` points in the cells of a box, and
 * one more cell for all that lies outside of it or is not finite. 1e-8 is added to each frequency, so that an empty cell of
 * the model costs `p log(p / 1e-8)` rather than infinity.
 *
 * Protocol of github.com/NathanVanier/flow-map-self-distillation (60 bins over [-2.5, 2.5] squared), which leaves out what
 * is outside the box; both are the same where nothing is.
 *
 * @throws {RangeError} when no point of the data lies in the box
 */
export function histogramKL(data: Values, model: Values, options?: HistogramOptions): number {
  return histogramEstimatesTo(data, options)(model).kl.value
}

export interface HistogramEstimates {
  /** `histogramKL`. */
  readonly kl: Estimate
  /** Jensen-Shannon divergence of the frequencies themselves, in nats, from 0 to log 2. Lin 1991. */
  readonly js: Estimate
}

/**
 * Both divergences of counts in the cells of a box and outside of it, against data that are counted once. The standard error of `js` comes
 * from its slope in each cell's frequency; `kl`, whose slope is infinite at an empty cell, is recomputed without groups of
 * points.
 *
 * @throws {RangeError} when no point of the data lies in the box
 */
export function histogramEstimatesTo(
  data: Values,
  options: HistogramOptions = {},
): (model: Values) => HistogramEstimates {
  const { bins, range } = { ...DEFAULT, ...options }
  const cells = cellsOf(data, bins, range)
  if (cells.every(cell => cell === bins * bins)) {
    throw new RangeError(`no point of the data lies in the histogram's box ${JSON.stringify(range)}`)
  }
  return model => {
    const others = cellsOf(model, bins, range)
    const [p, q] = [count(cells, bins), count(others, bins)]
    const without = (group: number, groups: number): number =>
      klOf(remaining(p, cells, group, groups), remaining(q, others, group, groups))
    return { kl: jackknife(klOf(p, q), without, [0, Infinity]), js: jsOf(p, q) }
  }
}

function klOf(data: Float64Array, model: Float64Array): number {
  const [p, q] = [probabilities(data), probabilities(model)]
  let divergence = 0
  for (let cell = 0; cell < p.length; cell++) divergence += p[cell] * Math.log(p[cell] / q[cell])
  return divergence
}

function jsOf(data: Float64Array, model: Float64Array): Estimate {
  const [p, q] = [frequencies(data), frequencies(model)]
  const slopes = (own: Float64Array, other: Float64Array) =>
    own.map((value, cell) => (value > 0 ? Math.log((2 * value) / (value + other[cell])) / 2 : 0))
  const deviation = Math.hypot(countedError(data, slopes(p, q)), countedError(model, slopes(q, p)))
  return estimate(jensenShannon(p, q), deviation, [0, Math.LN2])
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

/** The cell of each point, the last one, `bins^2`, outside the box; a cell holds its lower edges, and the last ones their upper edges too. */
function cellsOf(points: Values, bins: number, [[left, right], [bottom, top]]: Box): Int32Array {
  return Int32Array.from({ length: countPoints(points, 2) }, (_, i) => {
    const [x, y] = [points[2 * i], points[2 * i + 1]]
    if (!(x >= left && x <= right && y >= bottom && y <= top)) return bins * bins
    const column = Math.min(Math.floor(((x - left) / (right - left)) * bins), bins - 1)
    const row = Math.min(Math.floor(((y - bottom) / (top - bottom)) * bins), bins - 1)
    return column * bins + row
  })
}

function count(cells: Int32Array, bins: number): Float64Array {
  const counts = new Float64Array(bins * bins + 1)
  for (const cell of cells) counts[cell]++
  return counts
}

/** Counts without the points whose number is `group` modulo `groups`. */
function remaining(counts: Float64Array, cells: Int32Array, group: number, groups: number): Float64Array {
  const rest = counts.slice()
  for (let i = group; i < cells.length; i += groups) rest[cells[i]]--
  return rest
}

const frequencies = (counts: Float64Array): Float64Array => {
  const total = counts.reduce((sum, value) => sum + value, 0) || 1
  return counts.map(value => value / total)
}

const probabilities = (counts: Float64Array): Float64Array =>
  frequencies(counts).map(value => value + SMALLEST)
