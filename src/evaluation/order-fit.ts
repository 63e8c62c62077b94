/** Where a way through a grid ends: evaluations of the network for each point, and the distance from the reference. */
interface Ended {
  readonly evaluations: number
  /** Null where it is not finite. */
  readonly error: number | null
}

/** The order of convergence that errors show: `error ~ evaluations^-order`. */
export interface OrderFit {
  readonly order: number
  /** Errors that it is fitted on. */
  readonly points: number
}

/** An error is measured where it is so many times that of the reference. */
const ABOVE = 10
/** An error falls where its own order, between two neighbours, is at least this. */
const FALLING = 0.5
/** Fewer show no order. */
const LEAST = 3
/** More reach back to steps too long to show one. */
const MOST = 4

const slope = (a: Ended, b: Ended): number =>
  Math.log(a.error! / b.error!) / Math.log(b.evaluations / a.evaluations)

/** The longest stretch of points that are well above the reference's error, each falling from the one before; the finer of two as long. */
function falling(points: readonly Ended[], floor: number): readonly Ended[] {
  let [best, stretch]: [Ended[], Ended[]] = [[], []]
  for (const point of points) {
    const isMeasured = point.error !== null && point.error > ABOVE * floor
    const last = stretch.at(-1)
    if (!isMeasured) stretch = []
    else if (last && slope(last, point) >= FALLING) stretch = [...stretch, point]
    else stretch = [point]
    if (stretch.length >= best.length) best = stretch
  }
  return best
}

/**
 * The slope of the logarithm of errors against that of evaluations, by least squares over the last four points at most of the
 * range in which they fall.
 *
 * @param points  by rising evaluations
 * @param floor  error of the reference itself, in the same units
 * @returns nothing where fewer than three points show it
 */
export function fitOrder(points: readonly Ended[], floor: number): OrderFit | null {
  const shown = falling(points, floor).slice(-MOST)
  if (shown.length < LEAST) return null
  const x = shown.map(({ evaluations }) => Math.log(evaluations))
  const y = shown.map(({ error }) => Math.log(error!))
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length
  const [mx, my] = [mean(x), mean(y)]
  const covariance = mean(x.map((v, i) => (v - mx) * (y[i] - my)))
  return { order: -covariance / mean(x.map(v => (v - mx) ** 2)), points: shown.length }
}
