import { beside } from '../data/beside.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { RowConditionKind } from '../model/index.ts'
import { random } from '../random/random.ts'
import type { MetricValue } from './metric-value.ts'

/** Real rows, as the network sees their points, and what a map is asked for with each of them. */
export interface AskedRows {
  readonly points: Float32Array
  /** Classes `[n]`, or vectors `[n, size]` in the data's own units. */
  readonly values: Float32Array
}

/** What the samples of one class are. */
export interface ClassRow {
  readonly name: string
  /** Samples that were asked for. */
  readonly count: number
  /** Share of them that belong to the class. */
  readonly agreement: number
  /** Share of them that are off the data. */
  readonly strays: number
  /** Share of real points of the class that have a sample near by, where a network for features was there. */
  readonly coverage?: number
}

/** What becomes of samples that were asked for. */
export interface AskedValue {
  readonly value: MetricValue
  readonly classes?: readonly ClassRow[]
}

/** Measures samples that were told what was asked for, as the network sees them. */
export type AskedMeasure = (
  dataset: StandardizedDataset,
  asked: AskedRows,
  seed: number,
) => (points: Float32Array) => AskedValue

/**
 * `count` rows as the data has them: held-out ones where there are so many.
 *
 * @param floor  names a draw of training rows in their place
 */
export function drawAsked(
  kind: RowConditionKind,
  dataset: StandardizedDataset,
  count: number,
  seed: number,
  floor?: string,
): AskedRows {
  const { dimension, split, vector } = dataset
  const points = new Float32Array(count * dimension)
  const values = new Float32Array(count * (kind === 'vector' ? vector!.size : 1))
  const source = floor === undefined ? random(seed, 'classes') : random(seed, 'classes', floor)
  const isHeldOut = floor === undefined && split !== undefined && split.heldOut >= count
  if (isHeldOut) split.take('heldOut', source, points, ...beside[kind](values))
  else dataset.sample(source, points, ...beside[kind](values))
  return { points, values }
}
