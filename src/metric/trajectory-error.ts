import type { Values } from '../data/dataset.ts'
import { sameCount } from './points.ts'

/**
 * Root mean squared Euclidean distance between the rows of `samples` and of `reference` (`[N, dimension]`), in the
 * unit of the data, from 0: how far a map's jumps land from the exact ones that start at the same points. NaN or
 * infinite when a coordinate is not finite.
 *
 * @throws {RangeError} when the counts differ or a length is not a multiple of `dimension`
 */
export function trajectoryError(samples: Values, reference: Values, dimension: number): number {
  const count = sameCount(samples, reference, dimension)
  let sum = 0
  for (let i = 0; i < samples.length; i++) sum += (samples[i] - reference[i]) ** 2
  return Math.sqrt(sum / count)
}
