import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { random } from '../random/random.ts'
import type { Dataset, Fingerprint, Values } from './dataset.ts'

const RANGE_POINTS = 10_000

/** A dataset that is drawn from a formula: everything but its fingerprint. */
export interface Recipe extends Omit<Dataset, 'shape' | 'fingerprint' | 'warnings'> {
  /** All that decides the distribution besides the name; any change to it changes the fingerprint. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Of a point; a row of numbers by default. */
  readonly shape?: readonly number[]
  /** The least and the greatest number of each column, of pictures of each channel, where they are known. */
  readonly range?: Pick<Fingerprint, 'minimum' | 'maximum'>
}

/**
 * Completes a recipe with its fingerprint: the hash of name and parameters, unlimited rows, and the range of
 * 10,000 points of a fixed stream where it is not given.
 */
export function generated({ parameters, range, ...recipe }: Recipe): Dataset {
  const fingerprint: Fingerprint = {
    sha256: bytesToHex(sha256(new TextEncoder().encode(JSON.stringify({ name: recipe.name, parameters })))),
    rows: null,
    ...(range ?? drawnRanges(recipe)),
  }
  return { shape: [recipe.dimension], ...recipe, fingerprint }
}

function drawnRanges({
  name,
  dimension,
  sample,
}: Pick<Dataset, 'name' | 'dimension' | 'sample'>): Pick<Fingerprint, 'minimum' | 'maximum'> {
  const points = new Float64Array(RANGE_POINTS * dimension)
  sample(random(0, 'fingerprint', name), points)
  return columnRanges(points, dimension)
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
