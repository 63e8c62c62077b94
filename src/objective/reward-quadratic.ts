import { kindOf, type RewardConfig, withoutSigns } from './reward.ts'
import type { Quadratic } from './rewards/kind.ts'

export type { Quadratic }

/**
 * The coefficients of a reward that is `-(x - center)'A(x - center)/2 + b'x + constant`: of `quadratic`, `linear`,
 * `observation` and their negatives; nothing for any other. `A` is symmetric, and need not be positive definite.
 *
 * @param shape  of a point, or its number of coordinates
 */
export function quadraticOf(reward: RewardConfig, shape: number | readonly number[]): Quadratic | undefined {
  const { sign, plain } = withoutSigns(reward)
  const found = kindOf(plain).quadratic?.(plain, typeof shape === 'number' ? [shape] : shape)
  if (!found || sign === 1) return found
  const opposite = (values: readonly number[]) => values.map(value => -value)
  return { ...found, A: found.A.map(opposite), b: opposite(found.b), constant: -found.constant }
}
