import type { RowConditionKind } from '../model/index.ts'

/** The last arguments of `Dataset.sample` that draw what a map is told, by its kind. */
export const beside: {
  readonly [kind in RowConditionKind]: (
    values: Float32Array,
  ) => [classes?: Float32Array, vectors?: Float32Array]
} = {
  class: values => [values],
  vector: values => [undefined, values],
}
