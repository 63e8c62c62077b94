import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { random } from '../random/random.ts'
import type { Dataset, Fingerprint, Values } from './dataset.ts'

const RANGE_POINTS = 10_000

/** A dataset that is drawn from a formula: everything but its fingerprint. */
export interface Recipe extends Omit<Dataset, 'shape' | 'fingerprint' | 'warnings'> {
  /** All that decides the distribution besides the name; any change to it changes the fingerprint. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/**
 * Completes a recipe with its fingerprint: the hash of name and parameters, unlimited rows, and the range of
 * 10,000 points of a fixed stream.
 */
export function generated({ parameters, ...recipe }: Recipe): Dataset {
  const points = new Float64Array(RANGE_POINTS * recipe.dimension)
  recipe.sample(random(0, 'fingerprint', recipe.name), points)
  const fingerprint: Fingerprint = {
    sha256: bytesToHex(sha256(new TextEncoder().encode(JSON.stringify({ name: recipe.name, parameters })))),
    rows: null,
    ...columnRanges(points, recipe.dimension),
  }
  return { ...recipe, shape: [recipe.dimension], fingerprint }
}

/** Smallest and largest number of each column of `[N, D]` points. */
function columnRanges(points: Values, dimension: number): Pick<Fingerprint, 'minimum' | 'maximum'> {
  const minimum = new Array<number>(dimension).fill(Number.POSITIVE_INFINITY)
  const maximum = new Array<number>(dimension).fill(Number.NEGATIVE_INFINITY)
  for (let row = 0; row < points.length; row += dimension) {
    for (let column = 0; column < dimension; column++) {
      const value = points[row + column]
      if (value < minimum[column]) minimum[column] = value
      if (value > maximum[column]) maximum[column] = value
    }
  }
  return { minimum, maximum }
}
