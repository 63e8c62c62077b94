import type { FlowMap } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { checkWholeGrid } from '../sampler/grid.ts'
import { baseLogDensity } from './base.ts'
import { invert, type Linearization } from './inverse.ts'
import { linearize } from './linearize.ts'

export interface GivenDensity {
  /** `[n]`; NaN where the point was not reached, or a Jacobian on its way is singular. */
  readonly logDensity: Float64Array
  /** Where the search for its noise ended, `[n, D]`. */
  readonly noise: Float64Array
  /** The farthest that a jump was left from the point that it was to reach, `[n]`, as the network sees points. */
  readonly residual: Float64Array
  /** Share of the points that the search for their noise did not reach. */
  readonly missed: number
  /** Share of the points on whose way a jump has no positive determinant, as that of a flow always has. */
  readonly folded: number
}

export interface GivenOptions {
  /** `1 = t_0 > ... > t_n = 0`; default one jump. */
  readonly grid?: readonly number[]
  /** Whether the map also jumps from data to noise: its own way back is then where a search begins. */
  readonly bothWays?: boolean
  /** Standard deviation of the noise, `sigma(1)` of the path; default 1. */
  readonly deviation?: number
}

/**
 * Logarithm of the density that jumps of normal noise through a grid give to points `[n, D]` of data, in nats:
 * `log N(z) - sum_i log |det dF_i|` at the noise `z` that leads to them, which Newton's method finds one jump after another, from
 * data to noise. A map that is not one to one leads to a point from more noise than is found, so that its density is higher
 * than this; `missed`, `residual` and `folded` tell of it.
 *
 * @param map  of float64 tensors
 * @param starts  noise to search from, `[m, D]`: a search begins on the trajectory that comes nearest
 */
export async function givenLogDensity(
  runtime: Runtime,
  map: FlowMap,
  points: Float64Array,
  dimension: number,
  starts: Float64Array,
  { grid = [1, 0], bothWays = false, deviation = 1 }: GivenOptions = {},
): Promise<GivenDensity> {
  checkWholeGrid(grid)
  const count = points.length / dimension
  const program = await linearize(runtime, map.jump, dimension)
  const logDeterminant = new Float64Array(count)
  const residual = new Float64Array(count)
  const [isReached, isFolded, isSingular] = [1, 0, 0].map(value => new Uint8Array(count).fill(value))
  try {
    // Where the trajectories of the starts are at each time of the grid.
    const places = [starts]
    for (let k = 1; k < grid.length - 1; k++) {
      places.push((await program.run(places[k - 1], grid[k - 1], grid[k])).values)
    }
    let target = points
    for (let k = grid.length - 1; k > 0; k--) {
      const [s, t] = [grid[k - 1], grid[k]]
      const jump: Linearization = x => program.run(x, s, t)
      const back = bothWays ? (await program.run(target, t, s)).values : undefined
      const found = await invert(jump, target, dimension, places[k - 1], back)
      for (let i = 0; i < count; i++) {
        logDeterminant[i] += found.logDeterminant[i]
        residual[i] = Math.max(residual[i], found.distance[i])
        if (!found.reached[i]) isReached[i] = 0
        if (found.sign[i] <= 0) isFolded[i] = 1
        if (found.sign[i] === 0) isSingular[i] = 1
      }
      target = found.noise
    }
    const normal = baseLogDensity(target, dimension, deviation)
    const share = (of: (i: number) => boolean) => isReached.filter((_, i) => of(i)).length / count
    return {
      logDensity: normal.map((value, i) =>
        isReached[i] && !isSingular[i] ? value - logDeterminant[i] : Number.NaN,
      ),
      noise: target,
      residual,
      missed: share(i => !isReached[i]),
      folded: share(i => Boolean(isReached[i] && isFolded[i])),
    }
  } finally {
    await program.close()
  }
}
