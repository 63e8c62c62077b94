import type { Split } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { slicedWasserstein } from './sliced-wasserstein.ts'

/** Pairs of samples that are compared, and the most points and numbers of each sample. */
const PAIRS = 8
const MOST = { points: 1000, numbers: 200_000 }
/** Of fewer points a distance says little. */
const FEWEST = 10
/** So many times the distance of training rows among themselves is no luck. */
const APART = 3

/** How far rows are from each other, mean sliced Wasserstein distances of as many points. */
export interface SideDistances {
  /** Of training rows from held-out rows. */
  readonly between: number
  /** Of training rows from other training rows. */
  readonly within: number
}

/**
 * The distances of the two sides where these are too far apart for one to be the noise floor of the other, as where values
 * that many rows have lie on one side alone; nothing where they are not, or too few to know.
 */
export function sidesApart(split: Split, dimension: number, seed: number): SideDistances | undefined {
  const { training, heldOut } = split
  const numbers = Math.floor(MOST.numbers / dimension)
  const count = Math.min(MOST.points, numbers, heldOut, Math.floor(training / 2))
  if (count < FEWEST) return undefined
  const draw = (side: 'training' | 'heldOut', rows: number, pair: number): Float32Array => {
    const points = new Float32Array(rows * dimension)
    split.take(side, random(seed, 'metric', 'overlap', side, pair), points)
    return points
  }
  let [between, within] = [0, 0]
  for (let pair = 0; pair < PAIRS; pair++) {
    const points = draw('training', 2 * count, pair)
    const [first, second] = [points.subarray(0, count * dimension), points.subarray(count * dimension)]
    const distance = (other: Float32Array) =>
      slicedWasserstein(first, other, dimension, { projections: 32 }) / PAIRS
    between += distance(draw('heldOut', count, pair))
    within += distance(second)
  }
  return between > APART * within ? { between, within } : undefined
}
