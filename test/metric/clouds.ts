import type { Values } from '../../src/data/dataset.ts'
import { lazyPairs, type Pairs, pairsWithin, thin } from '../../src/metric/pairs.ts'
import { random } from '../../src/random/random.ts'

/** The pairs of two clouds in full; `a` is the data. */
export function pairsOf(a: Values, b: Values, dimension: number): Pairs {
  const reference = thin(a, dimension, Infinity)
  return lazyPairs(reference, pairsWithin(reference), thin(b, dimension, Infinity))
}

/** Normal points `[count, dimension]` about the same number in every coordinate. */
export function normalCloud(
  name: string,
  seed: number,
  {
    count,
    dimension,
    mean = 0,
    deviation = 1,
  }: { count: number; dimension: number; mean?: number; deviation?: number },
): Float64Array {
  const source = random(seed, name)
  return Float64Array.from({ length: count * dimension }, () => mean + deviation * source.normal())
}
