import type { Step } from './steps.ts'

/** A solver that does not get to the end of an interval. */
export class SolveError extends Error {
  override readonly name = 'SolveError'
}

/**
 * Dormand and Prince's pair of orders 5 and 4: nodes, stages, the fifth-order weights (the last stage) and the
 * difference to the fourth-order ones. Dormand & Prince 1980, J. Comput. Appl. Math. 6(1), table 2.
 */
const NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
const STAGES = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]

/** What the solver needs of points beside their velocity. */
interface Arithmetic<X> {
  /** `sum_k c_k x_k` */
  combine(...terms: readonly (readonly [coefficient: number, x: X])[]): X
  /** Largest `|error|` of a coordinate in units of `tolerance (1 + max(|x|, |y|))`. */
  errorRatio(error: X, x: X, y: X, tolerance: number): number
}

interface Limits<X> {
  readonly tolerance: number
  readonly maxSteps: number
  readonly firstStep: number
  readonly onStep?: (time: number, x: X, velocity: X) => void
}

/**
 * Solves `dx/dt = v(x, t)` from time `s` to `t` with a step adapted to the worst point.
 *
 * @param velocity  asks for `v(x, t)`
 * @throws SolveError when the tolerance is not reached within `maxSteps`, or a value is not finite
 */
export function* dormandPrince<X>(
  { combine, errorRatio }: Arithmetic<X>,
  velocity: (x: X, t: number) => Step<X>,
  points: X,
  s: number,
  t: number,
  { tolerance, maxSteps, firstStep, onStep }: Limits<X>,
): Step<X> {
  let [x, time] = [points, s]
  let h = Math.sign(t - s) * firstStep
  let slope = yield* velocity(x, time)
  onStep?.(time, x, slope)
  const along = (weights: readonly number[], slopes: readonly X[]) =>
    weights.flatMap((weight, k) => (weight === 0 ? [] : [[h * weight, slopes[k]] as const]))
  for (let step = 0; step < maxSteps; step++) {
    if (Math.abs(h) >= Math.abs(t - time)) h = t - time
    const slopes = [slope]
    for (let k = 1; k < NODES.length; k++) {
      slopes.push(yield* velocity(combine([1, x], ...along(STAGES[k], slopes)), time + NODES[k] * h))
    }
    const y = combine([1, x], ...along(STAGES[6], slopes))
    const ratio = errorRatio(combine(...along(ERROR, slopes)), x, y, tolerance)
    if (Number.isNaN(ratio)) throw new SolveError(`the velocity is not finite near time ${time}`)
    if (ratio <= 1) {
      const last = h === t - time
      ;[x, time, slope] = [y, last ? t : time + h, slopes[6]]
      onStep?.(time, x, slope)
      if (last) return x
    }
    h *= Math.min(5, Math.max(0.2, 0.9 * ratio ** -0.2))
  }
  throw new SolveError(`no solution to a tolerance of ${tolerance} within ${maxSteps} steps`)
}
