import { type Coefficients, coefficientsAt, type Interpolant } from '../model/index.ts'
import type { Interval } from './solvers/solver.ts'

/** What is left of the data by rounding is nothing, and so is noise that stands in for none; see `rootOf`. */
const [NO_DATA, NO_NOISE] = [1e-12, 1.001e-6]

function endsAt(path: Interpolant, t: number): Coefficients {
  const at = coefficientsAt(path, t)
  const alpha = Math.abs(at.alpha) < NO_DATA ? 0 : at.alpha
  const sigma = Math.abs(at.sigma) < NO_NOISE ? 0 : at.sigma
  return { ...at, alpha, sigma }
}

/**
 * The steps of a grid on a path.
 *
 * @param grid  at least two times
 */
export function intervalsOf(path: Interpolant, grid: readonly number[]): Interval[] {
  const ends = grid.map(t => endsAt(path, t))
  const steps = grid.length - 1
  return ends.slice(1).map((to, i) => {
    const from = ends[i]
    const q = (to.sigma * from.alpha) / (from.sigma * to.alpha)
    return {
      s: grid[i],
      t: grid[i + 1],
      from,
      to,
      q,
      h: -Math.log(q),
      isFirst: i === 0,
      isLast: i === steps - 1,
      steps,
    }
  })
}
