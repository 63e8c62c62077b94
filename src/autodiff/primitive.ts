/**
 * The closed set of primitives: every graph is made of these and nothing else. Each interpretation (shape, forward
 * derivative, reverse derivative, evaluation, ONNX) is one total table over this set, so that a forgotten rule is a
 * compile error.
 */

export type DType = 'float32' | 'float64' | 'int64' | 'bool'

/** Sizes of the axes, outermost first. `DYNAMIC` stands for a batch size that is known only when the graph runs. */
export type Shape = readonly number[]

/** The size of a batch axis that is left open until the graph runs. */
export const DYNAMIC = -1

/** Parameters of each primitive. A primitive without parameters has `None`. */
export type None = Record<never, never>

export interface Params {
  // leaves
  input: { readonly index: number; readonly name: string }
  /** A number fills the whole shape; an array holds every element, row after row. */
  constant: { readonly value: number | Float64Array }

  // identities that steer differentiation; all vanish in `simplify`
  /** What `jvp` and `vjp` differentiate by: opaque, so that no rewriting looks through it. */
  opaque: None
  stopGradient: None
  /** The edge of a part of a computation that may be computed again for a gradient; see `block`. It vanishes, too. */
  border: { readonly block: number; readonly leaves: boolean }

  // elementwise, one input
  neg: None
  exp: None
  log: None
  sin: None
  cos: None
  atan: None
  tanh: None
  sqrt: None
  abs: None
  sign: None
  sigmoid: None
  /** The `order`-th derivative of `x sigmoid(x)`. Expanded after differentiation. */
  silu: { readonly order: number }
  /** The `order`-th derivative of GELU in its tanh form. Expanded after differentiation. */
  gelu: { readonly order: number }
  cast: { readonly dtype: DType }

  // elementwise, two inputs, broadcasting
  add: None
  sub: None
  mul: None
  div: None
  pow: None
  maximum: None
  minimum: None
  less: None
  lessEqual: None
  equal: None

  /** `condition ? a : b`, broadcasting. */
  select: None

  // reductions; reduced axes stay with size 1
  sum: { readonly axes: readonly number[] }
  max: { readonly axes: readonly number[] }
  cumsum: { readonly axis: number; readonly reverse: boolean }

  /** Product of the last two axes, broadcasting the others; the flags transpose those two axes first. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  /** Over the last axis. */
  softmax: None
  logSoftmax: None

  // layout
  reshape: { readonly shape: Shape }
  broadcastTo: { readonly shape: Shape }
  transpose: { readonly permutation: readonly number[] }
  slice: { readonly starts: readonly number[]; readonly ends: readonly number[] }
  /** Zeros before (`low`) and after (`high`) each axis. */
  pad: { readonly low: readonly number[]; readonly high: readonly number[] }
  concat: { readonly axis: number }

  /** Rows `table[indices]`: table `[N, ...R]`, indices int64 `[...I]`, result `[...I, ...R]`. */
  gather: None
  /** The adjoint of `gather`: indices `[...I]`, updates `[...I, ...R]`, result `[rows, ...R]`. */
  scatterAdd: { readonly rows: number }
}

export type Primitive = keyof Params

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64'

/** Product of the sizes that are known: all but a dynamic axis. */
export const knownSize = (shape: Shape): number =>
  shape.reduce((product, n) => (n === DYNAMIC ? product : product * n), 1)

/** Number of elements of a shape without a dynamic axis. */
export function sizeOf(shape: Shape): number {
  if (shape.includes(DYNAMIC)) {
    throw new RangeError(`the size of [${formatShape(shape)}] is known only when the graph runs`)
  }
  return knownSize(shape)
}

export const formatShape = (shape: Shape): string =>
  shape.map(n => (n === DYNAMIC ? 'batch' : String(n))).join(', ')

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i])
