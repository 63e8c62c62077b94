import type { View } from './view.ts'

/** Loops over the rows of a block and then over the axes of one row, as few as there need be. */
export interface Nest {
  /** Of each loop, the outermost first; that of the first is of one row, and is multiplied by the rows of the block. */
  readonly sizes: readonly number[]
  /** Steps of each view in each loop. */
  readonly strides: readonly (readonly number[])[]
}

/** The step of a view from row to row. */
export const rowStep = ({ storage }: View): number => (storage.rowed ? storage.size : 0)

/**
 * The loops of an instruction whose views have one shape: axes of one element go, and neighbours that are walked as one.
 *
 * @param hasLines  whether the last axis is a loop of its own in any case
 */
export function nestOf(views: readonly View[], hasLines = false): Nest {
  const { shape } = views[0]
  const axes = shape.map((size, axis) => ({ size, steps: views.map(({ strides }) => strides[axis]) }))
  const sizes = [1]
  const strides = views.map(view => [rowStep(view)])
  for (const [axis, { size, steps }] of axes.entries()) {
    const isLine = hasLines && axis === axes.length - 1
    if (size === 1 && !isLine) continue
    const last = sizes.length - 1
    const isOne = strides.every((own, i) => own[last] === steps[i] * size)
    if (isOne && !isLine) {
      sizes[last] *= size
      for (const [i, own] of strides.entries()) own[last] = steps[i]
    } else {
      sizes.push(size)
      for (const [i, own] of strides.entries()) own.push(steps[i])
    }
  }
  return { sizes, strides }
}
