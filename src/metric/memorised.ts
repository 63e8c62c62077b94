import type { Dataset, Split, Values } from '../data/dataset.ts'
import { type Random, random } from '../random/random.ts'
import { type Estimate, shareEstimate } from './estimate.ts'

/** Share of held-out rows that are nearer to a training row than what counts as copied. */
const NEARER = 0.01
/** Numbers in the training rows that are looked at, at most. */
const MOST_NUMBERS = 1.6e8
/** A share above which a model copies more than chance would. */
export const COPIES = 0.05

/** Training rows that copies are looked for among, and held-out rows that show how near others are. */
export interface CopyRows {
  readonly training: Float32Array
  readonly heldOut: Float32Array
}

/** All training rows, or as many as can be compared with; held-out rows at most `count`. */
export function copyRows({ dimension, split }: Dataset & { split: Split }, count: number): CopyRows {
  const draw = (side: 'training' | 'heldOut', rows: number): Float32Array => {
    const out = new Float32Array(rows * dimension)
    split.take(side, random(0, 'metric', 'memorised', side), out)
    return out
  }
  return {
    training: draw('training', Math.min(split.training, Math.ceil(MOST_NUMBERS / dimension))),
    heldOut: draw('heldOut', Math.min(split.heldOut, count)),
  }
}

/** Held-out rows, of `count` in order of distance, that are nearer than what counts as copied. */
const nearerRows = (count: number, nearer: number): number => Math.floor(nearer * count)

/** The squared distance below which a point counts as copied: 1 % of held-out rows are nearer to a training row. */
export const copyLimit = (heldOut: Float64Array, nearer = NEARER): number =>
  heldOut.slice().sort()[nearerRows(heldOut.length, nearer)]

/**
 * The share of points that are nearer to a training row than 1 % of held-out rows are: 0.01 of fresh points, more where a model
 * repeats what it was trained on.
 *
 * @param squares  distance of each point to its nearest training row
 */
export function memorisedEstimate(squares: Float64Array, limit: number): Estimate {
  return shareEstimate(squares.filter(square => square < limit).length, squares.length)
}

/**
 * A draw of what `count` fresh rows would score: the part below a held-out row of that rank, which has the same distribution for all
 * data without equal distances.
 */
export function memorisedFloor(heldOut: number, source: Random, count: number): number {
  const ranked = Float64Array.from({ length: heldOut }, () => source.uniform()).sort()
  const limit = ranked[nearerRows(heldOut, NEARER)]
  let nearer = 0
  for (let i = 0; i < count; i++) if (source.uniform() < limit) nearer++
  return nearer / count
}

/** Points as single precision has them. */
export const asFloats = (points: Values): Float32Array =>
  points instanceof Float32Array ? points : Float32Array.from(points)
