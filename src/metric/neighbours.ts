import { type Estimate, jackknife, shareError } from './estimate.ts'
import { mirrored, type PairMatrix, type Pairs } from './pairs.ts'

/** Neighbours that make a point's ball. */
export const NEIGHBOURS = 5
/** Distances kept for each point, in neighbours: with a group left out, the one looked for is nearly always among them. */
const KEPT = 3

export interface NeighbourEstimates {
  /** Share of samples within the ball of some data point. */
  readonly precision: Estimate
  /** Share of data points within the ball of some sample. */
  readonly recall: Estimate
  /** Balls of data points that a sample is in, on average, over the 5 that are expected. */
  readonly density: Estimate
  /** Share of data points whose ball has a sample in it. */
  readonly coverage: Estimate
}

type Group = readonly [left: number, groups: number]
type Balls = (group?: Group) => Float64Array

/**
 * How samples and data lie among each other: each point has a ball that reaches to its fifth nearest neighbour of the same
 * cloud. Precision, recall and coverage are from 0 to 1, density from 0 without limit; 1 is expected of a perfect model's
 * density, less of the others: see their floors.
 *
 * Precision and recall: Kynkäänniemi et al., arXiv:1904.06991, eq. 1 and 2; density and coverage: Naeem et al.,
 * arXiv:2002.09797, eq. 3 and 6. Points on the edge of a ball are outside.
 */
export function neighbourEstimatesTo(
  reference: Pairs['withinReference'],
): (pairs: Pick<Pairs, 'between' | 'withinSamples'>) => NeighbourEstimates {
  const ofData = ballsOf(mirrored(reference))
  return ({ between, withinSamples }) => {
    const ofSamples = ballsOf(mirrored(withinSamples))
    const shares = (group?: Group): Shares => sharesOf(between, ofData(group), ofSamples(group), group)
    const whole = shares()
    const kept = new Map<number, Shares>()
    const without = (left: number, groups: number): Shares => {
      if (!kept.has(left)) kept.set(left, shares([left, groups]))
      return kept.get(left)!
    }
    const one = (name: keyof Shares, greatest: number, least = 0): Estimate =>
      jackknife(whole[name], (left, groups) => without(left, groups)[name], [0, greatest], least)
    const share = (name: keyof Shares, count: number): Estimate =>
      one(name, 1, shareError(whole[name], count))
    return {
      precision: share('precision', between.columns),
      recall: share('recall', between.rows),
      density: one('density', Infinity),
      coverage: share('coverage', between.rows),
    }
  }
}

/**
 * The coverage of `neighbourEstimatesTo` alone, without the work that the others take.
 *
 * @param between  rows are the data, columns the samples
 * @param neighbours  that make a data point's ball
 */
export function coverageEstimate(
  reference: Pairs['withinReference'],
  between: PairMatrix,
  neighbours = NEIGHBOURS,
): Estimate {
  const ofData = ballsOf(mirrored(reference), neighbours)
  const { rows, columns, squares } = between
  const share = (group?: Group): number => {
    const balls = ofData(group)
    let [data, covered] = [0, 0]
    for (let i = 0; i < rows; i++) {
      if (isLeft(i, group)) continue
      data++
      for (let j = 0; j < columns; j++) {
        if (squares[i * columns + j] >= balls[i] || isLeft(j, group)) continue
        covered++
        break
      }
    }
    return covered / data
  }
  const value = share()
  return jackknife(value, (left, groups) => share([left, groups]), [0, 1], shareError(value, rows))
}

type Shares = Record<keyof NeighbourEstimates, number>

const isLeft = (index: number, group: Group | undefined): boolean =>
  group !== undefined && index % group[1] === group[0]

/** Squared radii of the balls of a cloud, without the points of a group. */
function ballsOf({ rows: count, squares }: PairMatrix, neighbours = NEIGHBOURS): Balls {
  const nearest = Array.from({ length: count }, (_, i) =>
    smallest(squares, i * count, count, i, KEPT * neighbours),
  )
  return group =>
    Float64Array.from(nearest, ({ places, values }, i) => {
      let left = neighbours
      for (let k = 0; k < places.length; k++) {
        if (!isLeft(places[k], group) && --left === 0) return values[k]
      }
      return distanceTo(neighbours, squares, i * count, count, i, group)
    })
}

/** The smallest values of a row and where they are, in order; the point itself is passed over. */
export function smallest(
  row: Float64Array,
  from: number,
  count: number,
  self: number,
  kept: number,
): { places: Int32Array; values: Float64Array } {
  const places = new Int32Array(kept).fill(-1)
  const values = new Float64Array(kept).fill(Infinity)
  for (let j = 0; j < count; j++) {
    const value = row[from + j]
    if (j === self || !(value < values[kept - 1])) continue
    let at = kept - 1
    for (; at > 0 && values[at - 1] > value; at--) {
      values[at] = values[at - 1]
      places[at] = places[at - 1]
    }
    values[at] = value
    places[at] = j
  }
  const found = Math.min(kept, count - 1)
  return { places: places.subarray(0, found), values: values.subarray(0, found) }
}

/** The so many-th smallest distance of a row, looked up in full; infinite where there are fewer. */
function distanceTo(
  neighbours: number,
  row: Float64Array,
  from: number,
  count: number,
  self: number,
  group: Group | undefined,
): number {
  const rest = Array.from(row.subarray(from, from + count)).filter((_, j) => j !== self && !isLeft(j, group))
  return rest.sort((a, b) => a - b)[neighbours - 1] ?? Infinity
}

/** The four shares, of the points that a group leaves. Rows of `between` are the data. */
function sharesOf(
  { rows, columns, squares }: PairMatrix,
  dataBalls: Float64Array,
  sampleBalls: Float64Array,
  group: Group | undefined,
): Shares {
  const inData = new Int32Array(columns)
  let [data, recalled, covered] = [0, 0, 0]
  for (let i = 0; i < rows; i++) {
    if (isLeft(i, group)) continue
    data++
    const ball = dataBalls[i]
    let [isRecalled, isCovered] = [false, false]
    for (let j = 0; j < columns; j++) {
      if (isLeft(j, group)) continue
      const square = squares[i * columns + j]
      if (square < sampleBalls[j]) isRecalled = true
      if (square < ball) {
        isCovered = true
        inData[j]++
      }
    }
    if (isRecalled) recalled++
    if (isCovered) covered++
  }
  let [samples, precise, balls] = [0, 0, 0]
  for (let j = 0; j < columns; j++) {
    if (isLeft(j, group)) continue
    samples++
    balls += inData[j]
    if (inData[j] > 0) precise++
  }
  return {
    precision: precise / samples,
    recall: recalled / data,
    density: balls / (NEIGHBOURS * samples),
    coverage: covered / data,
  }
}
