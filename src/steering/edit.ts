import { refuseArgument } from '../data/arguments.ts'
import { coefficientsAt, type Points } from '../model/index.ts'
import type { Random } from '../random/random.ts'
import { mapped, type SteerableMap } from './steerable.ts'

/** Below this sine of the angle between two points they are mixed along the straight line. */
const STRAIGHT = 1e-6

/**
 * Rows between two of noise: along the arc, `(sin((1-u) th) a + sin(u th) b)/sin th`, `th` the angle between them. Shoemake 1985.
 * A plain line would lead through points shorter than noise is. The arc is for points of many coordinates, whose lengths are
 * nearly equal and whose angle is nearly right: two that lie nearly opposite and differ in length are led far out, so that in
 * the plane the points between have no finite variance. `straight` keeps the law in any dimension.
 *
 * @param a  `[n, D]`
 * @param u  0 for `a`, 1 for `b`
 */
export function slerp<P extends Points>(a: P, b: P, u: number, dimension: number): P {
  if (a.length !== b.length) refuseArgument('slerp: b', `as many numbers as a, ${a.length}`, b.length)
  const result = a.slice() as P
  for (let row = 0; row < a.length; row += dimension) {
    let [ab, aa, bb] = [0, 0, 0]
    for (let i = row; i < row + dimension; i++) {
      ab += a[i] * b[i]
      aa += a[i] ** 2
      bb += b[i] ** 2
    }
    const cosine = Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)))
    const angle = Math.acos(cosine)
    const sine = Math.sin(angle)
    const isArc = sine > STRAIGHT
    const fromA = isArc ? Math.sin((1 - u) * angle) / sine : 1 - u
    const fromB = isArc ? Math.sin(u * angle) / sine : u
    for (let i = row; i < row + dimension; i++) result[i] = fromA * a[i] + fromB * b[i]
  }
  return result
}

/** `((1-u) a + u b) / sqrt((1-u)^2 + u^2)`: standard normal again where `a` and `b` are independent noise. */
export const straight = <P extends Points>(a: P, b: P, u: number): P =>
  mapped(a, (value, i) => ((1 - u) * value + u * b[i]) / Math.hypot(1 - u, u))

/** The coordinates that are named from `b`, the others from `a`: noise again, as its coordinates are independent. */
export function mixed<P extends Points>(a: P, b: P, fromB: readonly number[], dimension: number): P {
  const taken = new Set(fromB)
  return mapped(a, (value, i) => (taken.has(i % dimension) ? b[i] : value))
}

/**
 * Data with noise up to a time, and back in one jump: the law of the data is kept for any time, and points move further the
 * higher it is. Meng et al. 2022 (SDEdit), arXiv:2108.01073.
 *
 * @param tau  0 (nothing is changed) to 1
 */
export async function renoised<P extends Points>(
  { jump, interpolant }: SteerableMap<P>,
  data: P,
  tau: number,
  random: Random,
): Promise<P> {
  if (tau === 0) return data
  const { alpha, sigma } = coefficientsAt(interpolant, tau)
  return jump(
    mapped(data, value => alpha * value + sigma * random.normal()),
    tau,
    0,
  )
}
