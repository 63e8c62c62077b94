/** What a map may be told beside a point and its times. */
export interface ConditionSpec {
  /** Number of classes, without the null: classes are `0 ... classes - 1`, and `classes` stands for none. */
  readonly classes: number
}

/** The conditions of a batch; each is absent where a map is not told. */
export interface Condition<T> {
  /** Class of each sample, int64 `[B]`. */
  readonly class?: T
}
