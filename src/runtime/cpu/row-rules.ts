import { type CorePrimitive, DYNAMIC, type Shape, type Tensor } from '../../autodiff/index.ts'
import { knownSize, type Params } from '../../autodiff/primitive.ts'
import type { Gather } from './item.ts'

/** Along which axis an operand has rows, and how many entries of each row; absent of an operand without. */
export interface RowAxis {
  readonly axis: number
  readonly per: number
}

/** An operation row by row. */
export interface ByRow<P extends CorePrimitive = CorePrimitive> {
  /** What it does to one row. */
  readonly params: Params[P]
  /** Where the result has its rows; absent where they become one value. */
  readonly out?: RowAxis
  readonly gather?: Gather
}

type Operands = readonly (RowAxis | undefined)[]

/**
 * How a primitive is done row by row.
 *
 * @param rows  the rows of the axis, `DYNAMIC` where the run says
 * @returns nothing where it cannot be
 */
export type RowRule<P extends CorePrimitive> = (
  node: Tensor<P>,
  operands: Operands,
  rows: number,
) => ByRow<P> | undefined

/** The size of an axis of one row. */
export const ofRow = (shape: Shape, at: RowAxis | undefined): Shape =>
  at ? shape.map((n, axis) => (axis === at.axis ? at.per : n)) : shape

/** Operands that broadcast: their rows must be along one axis of the result, and others must have none there. */
const elementwise = <P extends CorePrimitive>({ params, inputs, shape }: Tensor<P>, operands: Operands) => {
  let out: RowAxis | undefined
  for (const [i, at] of operands.entries()) {
    if (!at) continue
    const axis = at.axis + shape.length - inputs[i].rank
    if (out && (out.axis !== axis || out.per !== at.per)) return undefined
    out = { axis, per: at.per }
  }
  return { params, out } as ByRow<P>
}

const unary = <P extends CorePrimitive>({ params }: Tensor<P>, [out]: Operands) =>
  ({ params, out }) as ByRow<P>

const reduction =
  (gather: Gather) =>
  <P extends 'sum' | 'max'>({ params }: Tensor<P>, [at]: Operands): ByRow<P> =>
    params.axes.includes(at!.axis) ? { params, gather } : { params, out: at }

const overLast = <P extends CorePrimitive>({ params, shape }: Tensor<P>, [at]: Operands) =>
  at!.axis === shape.length - 1 ? undefined : ({ params, out: at } as ByRow<P>)

const matmul: RowRule<'matmul'> = (node, operands) => {
  const { params, inputs, shape } = node
  const [a, b] = operands
  /** Counted from the end: 1 and 2 are the axes of a matrix. */
  const fromEnd = (at: RowAxis | undefined, i: number) => at && inputs[i].rank - at.axis
  const [ofA, ofB] = [fromEnd(a, 0), fromEnd(b, 1)]
  const outer = (at: RowAxis, end: number): ByRow<'matmul'> => ({
    params,
    out: { axis: shape.length - end, per: at.per },
  })
  // Products of matrices apart.
  if ((ofA ?? 3) > 2 && (ofB ?? 3) > 2) {
    if (a && b && (ofA !== ofB || a.per !== b.per)) return undefined
    return outer((a ?? b)!, (ofA ?? ofB)!)
  }
  const [rowOfA, rowOfB] = [params.transposeA ? 1 : 2, params.transposeB ? 1 : 2]
  // Rows of the left stay rows; columns of the right stay columns.
  if (!b && ofA === rowOfA) return outer(a!, 2)
  if (!a && ofB !== undefined && ofB !== rowOfB) return outer(b!, 1)
  // Both have their rows where the product adds up.
  const inner = a && b && ofA !== rowOfA && ofB === rowOfB && a.per === b.per
  return inner && inputs.every(({ rank }) => rank === 2) ? { params, gather: 'sum' } : undefined
}

/** Whether the rows of a tensor come one after the other. */
const areOutermost = (shape: Shape, axis: number): boolean => shape.slice(0, axis).every(n => n === 1)

const reshape: RowRule<'reshape'> = ({ inputs: [x], shape }, [at], rows) => {
  if (!at || !areOutermost(x.shape, at.axis)) return undefined
  const size = knownSize(ofRow(x.shape, at))
  const axis = shape.findIndex(n => n !== 1)
  if (axis < 0) return undefined
  const rest = knownSize(shape.slice(axis + 1))
  const per = size / rest
  const fits = rows === DYNAMIC ? shape[axis] === DYNAMIC : shape[axis] === rows * per
  if (!Number.isInteger(per) || !fits) return undefined
  const out = { axis, per }
  return { params: { shape: ofRow(shape, out) }, out }
}

const broadcastTo: RowRule<'broadcastTo'> = ({ inputs: [x], shape }, [at]) => {
  const out = { axis: at!.axis + shape.length - x.rank, per: at!.per }
  return { params: { shape: ofRow(shape, out) }, out }
}

const transpose: RowRule<'transpose'> = ({ params }, [at]) => ({
  params,
  out: { axis: params.permutation.indexOf(at!.axis), per: at!.per },
})

const slice: RowRule<'slice'> = ({ params: { starts, ends }, inputs: [x] }, [at]) => {
  const { axis, per } = at!
  if (starts[axis] !== 0 || ends[axis] !== x.shape[axis]) return undefined
  return { params: { starts, ends: ends.map((end, i) => (i === axis ? per : end)) }, out: at }
}

const pad: RowRule<'pad'> = ({ params }, [at]) =>
  params.low[at!.axis] === 0 && params.high[at!.axis] === 0 ? { params, out: at } : undefined

const concat: RowRule<'concat'> = (node, operands) =>
  operands.some(at => at?.axis === node.params.axis) ? undefined : elementwise(node, operands)

const gather: RowRule<'gather'> = ({ params }, [table, indices]) =>
  table ? undefined : { params, out: indices }

const scatterAdd: RowRule<'scatterAdd'> = ({ params, inputs: [, updates] }, [ofIndices, ofUpdates]) => {
  const fits = ofIndices && ofUpdates && ofIndices.axis === ofUpdates.axis && ofIndices.per === ofUpdates.per
  return fits && updates.rank > ofUpdates.axis ? { params, gather: 'sum' } : undefined
}

/** Every primitive with operands, row by row. */
export const rowRules: {
  readonly [P in Exclude<CorePrimitive, 'input' | 'constant'>]: RowRule<P>
} = {
  neg: unary,
  exp: unary,
  log: unary,
  sin: unary,
  cos: unary,
  atan: unary,
  tanh: unary,
  sqrt: unary,
  abs: unary,
  sign: unary,
  sigmoid: unary,
  cast: unary,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  pow: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  less: elementwise,
  lessEqual: elementwise,
  equal: elementwise,
  select: elementwise,
  sum: reduction('sum'),
  max: reduction('max'),
  cumsum: ({ params }, [at]) => (params.axis === at!.axis ? undefined : { params, out: at }),
  matmul,
  softmax: overLast,
  logSoftmax: overLast,
  reshape,
  broadcastTo,
  transpose,
  slice,
  pad,
  concat,
  gather,
  scatterAdd,
}
