import { beside } from '../data/beside.ts'
import type { Dataset } from '../data/dataset.ts'
import { type ConditionSpec, conditionSize, seenConditions, seenSpec } from '../model/index.ts'
import type { Random } from '../random/random.ts'

/**
 * Draws points of a dataset with what a network is told of each.
 *
 * @param points  `[n, D]`, filled
 * @param drop  part of them that is shown the null
 * @param none  decides which
 * @returns what the network sees, `[n, seenSize]`
 */
export function drawTold(
  told: ConditionSpec,
  { dimension, sample }: Pick<Dataset, 'dimension' | 'sample'>,
  data: Random,
  points: Float32Array,
  { drop, none }: { readonly drop: number; readonly none: Random },
): Float32Array {
  if (told.kind === 'state') {
    sample(data, points)
    return drawStates(points, dimension, drop, none)
  }
  const values = new Float32Array((points.length / dimension) * conditionSize(told))
  sample(data, points, ...beside[told.kind](values))
  return seenConditions(told, values, () => none.uniform() < drop)
}

/**
 * A noisy copy of each point with a noise of its own, and its time, uniform: `[n, D + 1]`. A part of them is pure noise, which
 * tells nothing of the point.
 */
function drawStates(points: Float32Array, dimension: number, pure: number, random: Random): Float32Array {
  const width = dimension + 1
  const seen = new Float32Array((points.length / dimension) * width)
  for (let row = 0; row * dimension < points.length; row++) {
    const tau = random.uniform() < pure ? 1 : random.uniform()
    for (let d = 0; d < dimension; d++) {
      seen[row * width + d] = (1 - tau) * points[row * dimension + d] + tau * random.normal()
    }
    seen[row * width + dimension] = tau
  }
  return seen
}

/** What a graph takes: whole numbers as int64. */
export type Drawn = Float32Array | BigInt64Array

/** Room for what a network sees of `length` numbers in all. */
export const roomFor = (told: ConditionSpec, length: number): Drawn =>
  seenSpec(told, 1).dtype === 'int64' ? new BigInt64Array(length) : new Float32Array(length)

/** Writes what a network sees of some samples as its graph takes it. */
export function writeTold(values: Float32Array, out: Drawn): void {
  if (out instanceof Float32Array) out.set(values)
  else {
    values.forEach((value, i) => {
      out[i] = BigInt(value)
    })
  }
}
