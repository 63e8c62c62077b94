import type { CorePrimitive, DType, Shape, Tensor } from '../autodiff/index.ts'
import { DYNAMIC } from '../autodiff/index.ts'
import type { Params } from '../autodiff/primitive.ts'
import type { OnnxGraph } from './protobuf.ts'

/** ONNX's numbers of the element types. */
export const ELEMENT_TYPE: Record<DType, number> = { float32: 1, int64: 7, bool: 9, float64: 11 }

export type Emit = (
  opType: string,
  inputs: readonly string[],
  attributes?: Attributes,
  output?: string,
) => string
export type Attributes = Record<string, number | string | readonly number[] | OnnxGraph>

interface Context {
  readonly emit: Emit
  /** An int64 vector, shared where equal. */
  readonly ints: (values: readonly number[]) => string
  /** An int64 scalar. */
  readonly int: (value: number) => string
  /** A constant of the tensor's element type. */
  readonly fill: (value: number, shape: Shape, dtype: DType) => string
  readonly output: string
}

/** Emits the ONNX nodes of one primitive; the last must write `context.output`. */
export type LoweringRule<P extends CorePrimitive> = (
  inputs: readonly string[],
  node: {
    readonly params: Params[P]
    readonly shape: Shape
    readonly dtype: DType
    readonly inputs: readonly Tensor[]
  },
  context: Context,
) => void

const direct =
  (opType: string, attributes?: Attributes) =>
  (inputs: readonly string[], _: unknown, { emit, output }: Context): void => {
    emit(opType, inputs, attributes, output)
  }

const open = (n: number): number => (n === DYNAMIC ? 1 : n)
const LAST = Number.MAX_SAFE_INTEGER

const sum: LoweringRule<'sum'> = ([x], { params: { axes }, inputs, dtype }, { emit, ints, fill, output }) => {
  const { shape } = inputs[0]
  // A column sum as a product with a row of ones: ONNX Runtime's reduction over rows is slower.
  const columns = shape.length === 2 && axes.length === 1 && axes[0] === 0 && shape[0] !== DYNAMIC
  if (columns) emit('MatMul', [fill(1, [1, shape[0]], dtype), x], {}, output)
  else emit('ReduceSum', [x, ints(axes)], { keepdims: 1 }, output)
}

/** ONNX Runtime knows `Atan` of float32 alone: in float64 its angle `y` is brought nearer by `atan((x cos y - sin y)/(cos y + x sin y))`. */
const atan: LoweringRule<'atan'> = ([x], { dtype }, { emit, output }) => {
  if (dtype === 'float32') return void emit('Atan', [x], {}, output)
  const near = emit('Atan', [emit('Cast', [x], { to: ELEMENT_TYPE.float32 })])
  const y = emit('Cast', [near], { to: ELEMENT_TYPE.float64 })
  const [sin, cos] = [emit('Sin', [y]), emit('Cos', [y])]
  const missed = emit('Div', [
    emit('Sub', [emit('Mul', [x, cos]), sin]),
    emit('Add', [cos, emit('Mul', [x, sin])]),
  ])
  emit('Add', [y, missed], {}, output)
}

const matmul: LoweringRule<'matmul'> = ([a, b], { params, inputs, shape }, { emit, output }) => {
  const { transposeA, transposeB } = params
  if (!transposeA && !transposeB) return emit('MatMul', [a, b], {}, output)
  if (shape.length === 2 && inputs.every(i => i.rank === 2)) {
    return emit('Gemm', [a, b], { transA: Number(transposeA), transB: Number(transposeB) }, output)
  }
  const swap = (name: string, rank: number) => {
    const axes = Array.from({ length: rank }, (_, i) => i)
    return emit('Transpose', [name], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] })
  }
  const operands = [transposeA ? swap(a, inputs[0].rank) : a, transposeB ? swap(b, inputs[1].rank) : b]
  return emit('MatMul', operands, {}, output)
}

/**
 * The ONNX form of every primitive. Operators: https://onnx.ai/onnx/operators/ at operator set 18.
 */
export const loweringRules: {
  readonly [P in Exclude<CorePrimitive, 'input' | 'constant'>]: LoweringRule<P>
} = {
  neg: direct('Neg'),
  exp: direct('Exp'),
  log: direct('Log'),
  sin: direct('Sin'),
  cos: direct('Cos'),
  atan,
  tanh: direct('Tanh'),
  sqrt: direct('Sqrt'),
  abs: direct('Abs'),
  sign: direct('Sign'),
  sigmoid: direct('Sigmoid'),
  cast: (inputs, { params }, { emit, output }) => {
    emit('Cast', inputs, { to: ELEMENT_TYPE[params.dtype] }, output)
  },
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  pow: direct('Pow'),
  maximum: direct('Max'),
  minimum: direct('Min'),
  less: direct('Less'),
  lessEqual: direct('LessOrEqual'),
  equal: direct('Equal'),
  select: direct('Where'),
  sum,
  max: ([x], { params }, { emit, ints, output }) => {
    emit('ReduceMax', [x, ints(params.axes)], { keepdims: 1 }, output)
  },
  cumsum: ([x], { params }, { emit, int, output }) => {
    emit('CumSum', [x, int(params.axis)], { reverse: Number(params.reverse) }, output)
  },
  matmul,
  softmax: direct('Softmax', { axis: -1 }),
  logSoftmax: direct('LogSoftmax', { axis: -1 }),
  reshape: ([x], { params }, { emit, ints, output }) => {
    emit('Reshape', [x, ints(params.shape)], {}, output)
  },
  // A size of 1 in Expand keeps the operand's own size, which is what a dynamic axis needs.
  broadcastTo: ([x], { params }, { emit, ints, output }) => {
    emit('Expand', [x, ints(params.shape.map(open))], {}, output)
  },
  transpose: (inputs, { params }, { emit, output }) => {
    emit('Transpose', inputs, { perm: params.permutation }, output)
  },
  slice: ([x], { params: { starts, ends }, inputs: [{ shape }] }, { emit, ints, output }) => {
    const axes = shape.flatMap((n, i) => (starts[i] === 0 && ends[i] === n ? [] : [i]))
    const bounds = (all: readonly number[]) => ints(axes.map(i => (all[i] === DYNAMIC ? LAST : all[i])))
    emit('Slice', [x, bounds(starts), bounds(ends), ints(axes)], {}, output)
  },
  pad: ([x], { params: { low, high } }, { emit, ints, output }) => {
    emit('Pad', [x, ints([...low, ...high])], {}, output)
  },
  concat: (inputs, { params }, { emit, output }) => {
    emit('Concat', inputs, { axis: params.axis }, output)
  },
  gather: (inputs, _, { emit, output }) => {
    emit('Gather', inputs, { axis: 0 }, output)
  },
  scatterAdd: ([indices, updates], { shape, dtype, inputs }, { emit, ints, fill, output }) => {
    const places = emit('Reshape', [indices, ints([...inputs[0].shape, 1])])
    emit('ScatterND', [fill(0, shape, dtype), places, updates], { reduction: 'add' }, output)
  },
}
