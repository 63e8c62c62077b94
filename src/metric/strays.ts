import type { Dataset, Mixture, Values } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { unstandardized } from '../model/index.ts'
import { type Random, random } from '../random/random.ts'
import { type Estimate, shareEstimate } from './estimate.ts'
import { type FewValues, fewValues } from './few-values.ts'
import { kdTree } from './kd-tree.ts'
import { nearestSquares, nearestSquaresBy } from './nearest.ts'
import { normalRadius } from './normal-radius.ts'
import { allFinite, countPoints } from './points.ts'
import { MANY_COORDINATES, type Products } from './products.ts'

/**
 * Tells which points `[N, D]`, in the units of the dataset that the rule was made from, are off the data: 1 for a point that
 * strays, `[N]`. A point with a coordinate that is not finite always strays.
 */
export type StrayRule = (points: Values) => Uint8Array

/** Share of real rows that count as off the data where there is no density. */
const BEYOND = 1e-3

/** Rows of either side that are used at most; fewer of many coordinates, where each comparison takes longer. */
export const mostRows = (dimension: number): number =>
  Math.round(Math.min(20_000, Math.max(1000, Math.sqrt(4e9 / dimension))))

/** Fresh points that show how near real ones are, for each that they are near to: enough to fix their thousandth. */
const FRESH = 5

const rules = new WeakMap<Dataset, StrayRule>()

/**
 * What is on the data. Of a Gaussian mixture: what lies within the radius that holds all but `exp(-8)` of a standard normal
 * distribution (4 standard deviations in the plane) of any mode, in that mode's own standard deviations. Of other data: what
 * lies as near to a training row as 99.9 % of held-out rows do. Training and held-out rows are at most 20,000 each, drawn with
 * a seed of their own, fewer above 10 coordinates; without held-out rows each is a half of the training rows, and of data
 * that is drawn from a formula they are fresh points, 20,000 and 100,000. The rule is made once for each dataset, in about 0.2 s for data in the plane, and
 * is the same for every seed.
 *
 * @param dataset  any that can be drawn from; one that is seen through a standardisation takes standardised points
 */
export function strayRule(dataset: StandardizedDataset): StrayRule {
  const known = rules.get(dataset)
  if (known) return known
  const { own, standardization } = dataset
  const rule =
    own?.mixture && standardization
      ? unstandardizedRule(modeRule(own.mixture), standardization)
      : dataset.mixture
        ? modeRule(dataset.mixture)
        : rowRule(dataset)
  rules.set(dataset, rule)
  return rule
}

/** Makes the rule of a dataset by products, so that it is there when it is asked for. */
export async function readyStrayRule(dataset: StandardizedDataset, products: Products): Promise<void> {
  if (rules.has(dataset) || dataset.mixture || dataset.own?.mixture) return
  const [rows, others] = bothSides(dataset)
  const squares = await nearestSquaresBy(products, others, rows, dataset.dimension)
  rules.set(dataset, rowRule(dataset, [rows, others], squares))
}

/** What a rule of many coordinates compares by. */
interface Reach {
  readonly rows: Float32Array
  /** Squared distance up to which a point is on the data. */
  readonly most: number
}

const reaches = new WeakMap<StrayRule, Reach>()

/**
 * Marks points by products, which for many coordinates is many times as fast as the rule, and the same but for rounding.
 *
 * @param points  `[N, D]` as the rule takes them
 */
export async function strayMarksBy(
  products: Products,
  dataset: StandardizedDataset,
  points: Float32Array,
): Promise<Uint8Array> {
  await readyStrayRule(dataset, products)
  const rule = strayRule(dataset)
  const reach = reaches.get(rule)
  if (!reach || dataset.dimension < MANY_COORDINATES || !allFinite(points)) return rule(points)
  const squares = await nearestSquaresBy(products, points, reach.rows, dataset.dimension)
  return Uint8Array.from(squares, square => Number(square > reach.most))
}

const unstandardizedRule =
  (rule: StrayRule, by: NonNullable<StandardizedDataset['standardization']>): StrayRule =>
  points =>
    rule(unstandardized(by, points))

/** Marks the points of which `isNear` is false, and those that are not finite. */
function marks(points: Values, dimension: number, isNear: (at: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: countPoints(points, dimension) }, (_, i) => {
    const at = i * dimension
    for (let k = 0; k < dimension; k++) if (!Number.isFinite(points[at + k])) return 1
    return isNear(at) ? 0 : 1
  })
}

/** The rule of a mixture: a point strays where it is beyond the radius of every mode. */
export function modeRule({ components }: Mixture): StrayRule {
  const dimension = components[0].mean.length
  const most = normalRadius(dimension) ** 2
  const centred = new Float64Array(dimension)
  return points => {
    const isWithin = (at: number, { mean, scales, axes }: Mixture['components'][number]): boolean => {
      for (let k = 0; k < dimension; k++) centred[k] = points[at + k] - mean[k]
      let square = 0
      for (let j = 0; j < dimension && square <= most; j++) {
        let along = centred[j]
        if (axes) {
          along = 0
          for (let k = 0; k < dimension; k++) along += centred[k] * axes[k][j]
        }
        square += (along / scales[j]) ** 2
      }
      return square <= most
    }
    return marks(points, dimension, at => components.some(component => isWithin(at, component)))
  }
}

/** @param squares  distance of each of the others to the nearest row */
function rowRule(
  dataset: Dataset,
  [rows, others] = bothSides(dataset),
  squares = nearestSquares(others, rows, dataset.dimension),
): StrayRule {
  const { dimension } = dataset
  const tree = kdTree(rows, dimension)
  const columns = columnsOfFewValues(dataset, [rows, others])
  const isDiscrete = columns.every(column => column !== undefined)
  const most = squaredReach(rows, others, squares, tree.nearest, isDiscrete)
  const point = new Float64Array(dimension)
  const rule: StrayRule = points =>
    marks(points, dimension, at => {
      for (let k = 0; k < dimension; k++) point[k] = columns[k]?.snap(points[at + k]) ?? points[at + k]
      return allFinite(point) && tree.nearest(point, 0, most * (1 + 1e-12), most) <= most
    })
  if (columns.every(column => column === undefined)) reaches.set(rule, { rows, most })
  return rule
}

/** The columns between whose values nothing is on the data. Numbers of pictures are shades, however few. */
function columnsOfFewValues(
  { dimension, split, shape }: Dataset,
  clouds: readonly Values[],
): (FewValues | undefined)[] {
  const isTable = split !== undefined && shape.length === 1
  return Array.from({ length: dimension }, (_, k) => (isTable ? fewValues(clouds, dimension, k) : undefined))
}

/** Rows to be near to, and others that show how near real ones are. */
function bothSides(dataset: Dataset): [Float32Array, Float32Array] {
  const { dimension, split, sample } = dataset
  const source = random(0, 'strays')
  const most = mostRows(dimension)
  const drawn = (count: number, draw: (out: Float32Array) => void): Float32Array => {
    const out = new Float32Array(count * dimension)
    draw(out)
    return out
  }
  if (!split) {
    return [drawn(most, out => sample(source, out)), drawn(FRESH * most, out => sample(source, out))]
  }
  const [training, heldOut] = [split.training, split.heldOut].map(rows => Math.min(rows, most))
  if (heldOut > 0) {
    return [
      drawn(training, out => split.take('training', source, out)),
      drawn(heldOut, out => split.take('heldOut', source, out)),
    ]
  }
  const all = drawn(Math.min(split.training, 2 * most), out => split.take('training', source, out))
  const half = Math.ceil(all.length / dimension / 2) * dimension
  return [all.subarray(0, half), all.length > half ? all.subarray(half) : all.subarray(0, half)]
}

/** Number, from 1, of the held-out row whose distance is the limit, of `count` in order of distance. */
const limitRank = (count: number): number => Math.ceil((1 - BEYOND) * count)

/**
 * The squared distance to the nearest row that 99.9 % of the others keep; never less than rounding. Where nearly all others
 * are also among the rows, as numbers are that were rounded, that is the usual distance between different rows.
 *
 * @param squares  distance of each of the others to the nearest row
 * @param isDiscrete  whether all columns have few values, so that no row lies between others
 */
function squaredReach(
  rows: Values,
  others: Values,
  squares: Float64Array,
  nearest: ReturnType<typeof kdTree>['nearest'],
  isDiscrete: boolean,
): number {
  const count = squares.length
  let size = 0
  for (let i = 0; i < rows.length; i++) size = Math.max(size, Math.abs(rows[i]))
  const rounding = (1e-6 * size) ** 2
  const reach = squares.slice().sort()[limitRank(count) - 1]
  if (reach > rounding) return reach
  if (isDiscrete) return rounding
  const dimension = others.length / count
  const different = squares.map((_, i) => nearest(others, i * dimension, Infinity, -1, rounding)).sort()
  const apart = different[count >> 1]
  return Number.isFinite(apart) ? Math.max(rounding, apart) : rounding
}

/** The share of points that a rule marked, with Wilson's interval. */
export function strayEstimate(marks: Uint8Array): Estimate {
  let strays = 0
  for (const mark of marks) strays += mark
  return shareEstimate(strays, marks.length)
}

/**
 * A draw of what `count` fresh rows of finite data would score by a rule made from its rows: how many lie beyond a held-out row
 * of a given rank. That has the same distribution for all data without equal distances, so it is drawn and not measured: the
 * held-out rows themselves made the rule, and rows that were trained on are no distance from themselves.
 *
 * @returns nothing for data that is drawn from a formula, which is measured
 */
export function strayFloor({ split, dimension }: Dataset, source: Random, count: number): number | undefined {
  if (!split) return undefined
  const most = mostRows(dimension)
  const rows = split.heldOut > 0 ? split.heldOut : Math.ceil(split.training / 2)
  const others = Math.min(rows, most)
  const ranked = Float64Array.from({ length: others }, () => source.uniform()).sort()
  const within = ranked[limitRank(others) - 1]
  const drawn = Math.min(count, most)
  let strays = 0
  for (let i = 0; i < drawn; i++) if (source.uniform() > within) strays++
  return strays / drawn
}
