import type { GuidanceRecord } from '../config/guidance.ts'
import type { Jump, Velocity } from '../sampler/sampler.ts'
import type { SampledMap } from '../sampler/sampling.ts'
import type { Given, KnownCondition } from './conditions.ts'
import type { GuidanceChoice } from './guidance.ts'
import type { InnerMap } from './inner-map.ts'
import type { Model } from './model.ts'
import type { DataRecord, TextRecord } from './record.ts'

/** What the sequences of a map of text are made of, and their length in symbols. */
export interface MapText extends TextRecord {
  readonly length: number
}

/** A trained flow map, ready to be sampled. Close it when done. */
export interface LoadedMap extends SampledMap {
  readonly inner: InnerMap
  /** Of a point, such as `[2]` or `[28, 28, 1]`; points are handed over as flat rows of `dimension` numbers. */
  readonly shape: readonly number[]
  /** What it can be told, where it is told something: classes by their names, or vectors with their range. */
  readonly condition?: KnownCondition
  /** Whether it must be told that, and does not know the data as a whole. */
  readonly needsCondition?: boolean
  /**
   * The same map with a condition: `{class}` or `{vector}`, one for all points or one for each, or `null` for none. Without
   * it a map that was trained with `condition.drop` above 0 is that of the data as a whole.
   *
   * @throws ArgumentError when there is no such class, or the numbers are no such vectors
   */
  given(condition: Given): LoadedMap
  /**
   * The same map with the null: that of the data as a whole.
   *
   * @throws ArgumentError when it does not know that, since it was trained with `condition.drop` 0
   */
  without(): LoadedMap
  /** Whether it was trained with guidance, and how; see `guided`. */
  readonly guidance: GuidanceRecord
  /**
   * The same map at a guidance scale: told it, where it was trained on scales, and otherwise led away from its own velocity
   * without condition.
   *
   * @throws ArgumentError when it was trained at another scale, or is told nothing, or the scale is out of range
   */
  guided(guidance: GuidanceChoice): LoadedMap
  /** What its sequences are made of, where it is a map of text. */
  readonly text?: MapText
  /** Share of its training that was given the beginning of a text, where that was more than none. */
  readonly prefix?: number
  /** Names of the coordinates, where its data had them. */
  readonly columns?: readonly string[]
  /** The name and fingerprint of its data, as an `.onnx` file says them. */
  readonly recorded?: Pick<DataRecord, 'name' | 'fingerprint'>
  /** The network behind it; absent for a foreign `.onnx` file. */
  readonly model?: Model
  /**
   * `F(x, s, t)`: `x` is `[n, D]`, row after row. Points are noise at time 1 and in the data's own units at time 0; between
   * them as `unstandardized` says, which for data that was not standardised is the path of the training.
   */
  readonly jump: Jump
  /** The instantaneous velocity in the same units. @throws RunError for an `.onnx` file, which only holds the jump */
  readonly velocity: Velocity
  close(): Promise<void>
}
