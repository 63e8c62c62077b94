import type { Shape } from '../../autodiff/index.ts'
import { knownSize } from '../../autodiff/primitive.ts'

/** Where numbers are. */
export type Space = 'arena' | 'memory' | 'constant' | 'input' | 'output' | 'part'

/** A piece of storage: of each row of a block, of each row of a domain, or as a whole. */
export interface Storage {
  readonly space: Space
  /** Of an input or output; otherwise a number of its own within its space. */
  readonly index: number
  /** Numbers of one row, or of the whole. */
  readonly size: number
  /** Whether it has that of every row. */
  readonly rowed: boolean
  /** 64-bit integers rather than 32-bit floats. */
  readonly integers?: boolean
}

/** A tensor of one row, or a whole one, within a storage. */
export interface View {
  readonly storage: Storage
  readonly offset: number
  readonly shape: Shape
  /** In numbers; 0 along an axis that is stretched. */
  readonly strides: readonly number[]
}

export function denseStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]
  }
  return strides
}

export const denseView = (storage: Storage, shape: Shape, offset = 0): View => ({
  storage,
  offset,
  shape,
  strides: denseStrides(shape),
})

/** Whether its numbers lie one after the other. */
export const isDense = ({ shape, strides }: View): boolean => {
  const dense = denseStrides(shape)
  return shape.every((n, axis) => n === 1 || strides[axis] === dense[axis])
}

/** Whether rows of it lie one after the other, too. */
export const fillsRows = (view: View): boolean =>
  isDense(view) && view.storage.rowed && view.storage.size === knownSize(view.shape)

/** The same numbers stretched to a larger shape. */
export function stretched(view: View, shape: Shape): View {
  const missing = shape.length - view.shape.length
  return {
    ...view,
    shape,
    strides: shape.map((n, axis) => {
      const own = axis - missing
      return own < 0 || (view.shape[own] === 1 && n !== 1) ? 0 : view.strides[own]
    }),
  }
}

export const transposed = (view: View, permutation: readonly number[]): View => ({
  ...view,
  shape: permutation.map(axis => view.shape[axis]),
  strides: permutation.map(axis => view.strides[axis]),
})

export const sliced = (view: View, starts: readonly number[], ends: readonly number[]): View => ({
  ...view,
  offset: starts.reduce((sum, from, axis) => sum + from * view.strides[axis], view.offset),
  shape: ends.map((end, axis) => end - starts[axis]),
})

/** The same numbers in another shape, where that needs no copy. */
export function reshaped(view: View, shape: Shape): View | undefined {
  return isDense(view) ? { ...view, shape, strides: denseStrides(shape) } : undefined
}
