/** `-(x - center)' A (x - center)/2 + b' x + constant` of points `[D]`; `A` is symmetric. */
export interface Quadratic {
  readonly A: readonly (readonly number[])[]
  readonly center: readonly number[]
  readonly b: readonly number[]
  readonly constant: number
}

/** `beta` times a quadratic. */
export const scaledQuadratic = ({ A, center, b, constant }: Quadratic, beta: number): Quadratic => ({
  A: A.map(row => row.map(value => beta * value)),
  center,
  b: b.map(value => beta * value),
  constant: beta * constant,
})
