import type { RewardConfig } from './reward.ts'

/** Half of a squared distance in widths from where a bump is below the rounding of one of height 1. */
const NOTHING = 40

const listOf = (value: number | readonly number[], count: number): Float64Array =>
  typeof value === 'number' ? new Float64Array(count).fill(value) : Float64Array.from(value)

/**
 * A reward in plain numbers, in double precision: what `rewardOf` is as a graph.
 *
 * @param dimension  coordinates of a point, by which one number for all of them is understood
 */
export function rewardValue(
  reward: RewardConfig,
  dimension: number,
): (point: Readonly<ArrayLike<number>>) => number {
  const one = reward.kind === 'gaussian'
  const centers = one ? listOf(reward.center, dimension) : Float64Array.from(reward.centers.flat())
  const count = centers.length / dimension
  const weights = listOf(one ? 1 : reward.weights, count)
  const scale = listOf(reward.scale, dimension)
  return point => {
    let sum = 0
    for (let k = 0; k < count; k++) {
      let half = 0
      for (let d = 0; d < dimension; d++) {
        half += ((point[d] - centers[k * dimension + d]) / scale[d]) ** 2 / 2
      }
      if (half < NOTHING) sum += weights[k] * Math.exp(-half)
    }
    return sum
  }
}
