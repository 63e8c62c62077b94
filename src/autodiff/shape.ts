import {
  type DType,
  DYNAMIC,
  formatShape,
  isFloat,
  knownSize,
  type Params,
  type Primitive,
  type Shape,
} from './primitive.ts'

/** Shape and element type of a traced value. */
export interface Type {
  readonly shape: Shape
  readonly dtype: DType
}

/** The rule that gives a primitive's result type from its operands; throws a plain `Error` that says what disagrees. */
type TypeRule<P extends Primitive> = (inputs: readonly Type[], params: Params[P]) => Type

function fail(message: string): never {
  throw new Error(message)
}

/** The common shape of operands that broadcast (sizes of 1 and missing leading axes stretch). */
export function broadcastShapes(...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map(s => s.length))
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1
    for (const shape of shapes) {
      const n = shape[axis - rank + shape.length] ?? 1
      if (n === 1 || n === size) continue
      if (size !== 1) {
        fail(`shapes ${shapes.map(s => `[${formatShape(s)}]`).join(' and ')} do not broadcast (axis ${axis})`)
      }
      size = n
    }
    return size
  })
}

function needFloat(type: Type): void {
  if (!isFloat(type.dtype)) fail(`expected a floating-point operand, found ${type.dtype}`)
}

function needSame(inputs: readonly Type[]): void {
  const dtypes = new Set(inputs.map(i => i.dtype))
  if (dtypes.size > 1) fail(`operands have different types: ${[...dtypes].join(' and ')}`)
}

const same = ([x]: readonly Type[]): Type => x

const floating = ([x]: readonly Type[]): Type => {
  needFloat(x)
  return x
}

const overLast = ([x]: readonly Type[]): Type => {
  if (x.shape.length === 0) fail('expected at least one axis, found a single number')
  return floating([x])
}

const arithmetic = (inputs: readonly Type[]): Type => {
  needSame(inputs)
  if (inputs[0].dtype === 'bool') fail('arithmetic on booleans; cast first')
  return { shape: broadcastShapes(...inputs.map(i => i.shape)), dtype: inputs[0].dtype }
}

/** Division and powers: integers would round in some backends and not in others. */
const fractional = (inputs: readonly Type[]): Type => {
  inputs.forEach(needFloat)
  return arithmetic(inputs)
}

const comparison = (inputs: readonly Type[]): Type => {
  needSame(inputs)
  return { shape: broadcastShapes(...inputs.map(i => i.shape)), dtype: 'bool' }
}

function needAxis(shape: Shape, axis: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    fail(`axis ${axis} is outside of shape [${formatShape(shape)}]`)
  }
}

const reduction = ([x]: readonly Type[], { axes }: { readonly axes: readonly number[] }): Type => {
  needFloat(x)
  for (const axis of axes) needAxis(x.shape, axis)
  return { ...x, shape: x.shape.map((n, i) => (axes.includes(i) ? 1 : n)) }
}

/** Products of the static sizes, and the number of dynamic axes. */
function extent(shape: Shape): { known: number; open: number } {
  const open = shape.filter(n => n === DYNAMIC).length
  return { open, known: knownSize(shape) }
}

function needLength(values: readonly number[], shape: Shape, name: string): void {
  if (values.length !== shape.length) {
    fail(`${name} has ${values.length} entries for shape [${formatShape(shape)}] of rank ${shape.length}`)
  }
}

/** The result type of every primitive. */
export const typeRules: { readonly [P in Primitive]: TypeRule<P> } = {
  input: () => fail('an input has no operands'),
  constant: () => fail('a constant has no operands'),
  opaque: same,
  stopGradient: same,
  border: same,

  neg: arithmetic,
  exp: floating,
  log: floating,
  sin: floating,
  cos: floating,
  atan: floating,
  tanh: floating,
  sqrt: floating,
  abs: floating,
  sign: floating,
  sigmoid: floating,
  silu: floating,
  gelu: floating,
  cast: ([x], { dtype }) => ({ ...x, dtype }),

  add: arithmetic,
  sub: arithmetic,
  mul: arithmetic,
  div: fractional,
  pow: fractional,
  maximum: arithmetic,
  minimum: arithmetic,
  less: comparison,
  lessEqual: comparison,
  equal: comparison,
  select: ([condition, a, b]) => {
    if (condition.dtype !== 'bool') fail(`the condition must be bool, found ${condition.dtype}`)
    needSame([a, b])
    return { shape: broadcastShapes(condition.shape, a.shape, b.shape), dtype: a.dtype }
  },

  sum: reduction,
  max: reduction,
  cumsum: ([x], { axis }) => {
    needAxis(x.shape, axis)
    return floating([x])
  },

  matmul: ([a, b], { transposeA, transposeB }) => {
    needSame([a, b])
    needFloat(a)
    const text = `[${formatShape(a.shape)}]${transposeA ? 'ᵀ' : ''} and [${formatShape(b.shape)}]${transposeB ? 'ᵀ' : ''}`
    if (a.shape.length < 2 || b.shape.length < 2) fail(`operands ${text} need at least two axes`)
    const [m, k] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2)
    const [l, n] = transposeB ? b.shape.slice(-2).reverse() : b.shape.slice(-2)
    if (k !== l) fail(`shapes ${text} do not agree: inner sizes ${formatShape([k])} and ${formatShape([l])}`)
    return { shape: [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n], dtype: a.dtype }
  },
  softmax: overLast,
  logSoftmax: overLast,

  reshape: ([x], { shape }) => {
    const [from, to] = [extent(x.shape), extent(shape)]
    if (from.known !== to.known || from.open !== to.open || to.open > 1) {
      fail(`cannot reshape [${formatShape(x.shape)}] to [${formatShape(shape)}]`)
    }
    return { ...x, shape }
  },
  broadcastTo: ([x], { shape }) => {
    const offset = shape.length - x.shape.length
    if (offset < 0 || x.shape.some((n, i) => n !== 1 && n !== shape[i + offset])) {
      fail(`cannot broadcast [${formatShape(x.shape)}] to [${formatShape(shape)}]`)
    }
    if (shape.some((n, i) => n === DYNAMIC && x.shape[i - offset] !== DYNAMIC)) {
      fail(`cannot broadcast [${formatShape(x.shape)}] to [${formatShape(shape)}]: its size is not known yet`)
    }
    return { ...x, shape }
  },
  transpose: ([x], { permutation }) => {
    needLength(permutation, x.shape, 'the permutation')
    if ([...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
      fail(`[${permutation.join(', ')}] is not a permutation of the axes of [${formatShape(x.shape)}]`)
    }
    return { ...x, shape: permutation.map(axis => x.shape[axis]) }
  },
  slice: ([x], { starts, ends }) => {
    needLength(starts, x.shape, 'starts')
    needLength(ends, x.shape, 'ends')
    const shape = x.shape.map((n, i) => {
      if (n === DYNAMIC) {
        if (starts[i] !== 0 || ends[i] !== DYNAMIC) fail('a dynamic axis can only be taken whole')
        return DYNAMIC
      }
      if (starts[i] < 0 || ends[i] > n || starts[i] > ends[i]) {
        fail(`range ${starts[i]}..${ends[i]} is outside of axis ${i} of [${formatShape(x.shape)}]`)
      }
      return ends[i] - starts[i]
    })
    return { ...x, shape }
  },
  pad: ([x], { low, high }) => {
    needLength(low, x.shape, 'low')
    needLength(high, x.shape, 'high')
    if ([...low, ...high].some(n => n < 0)) fail('padding must not be negative')
    const shape = x.shape.map((n, i) => {
      if (n === DYNAMIC && (low[i] || high[i])) fail('a dynamic axis cannot be padded')
      return n === DYNAMIC ? n : low[i] + n + high[i]
    })
    return { ...x, shape }
  },
  concat: (inputs, { axis }) => {
    needSame(inputs)
    const [{ shape, dtype }] = inputs
    needAxis(shape, axis)
    for (const input of inputs) {
      const agrees =
        input.shape.length === shape.length && input.shape.every((n, i) => i === axis || n === shape[i])
      if (!agrees) {
        fail(`shapes ${inputs.map(i => `[${formatShape(i.shape)}]`).join(', ')} differ beside axis ${axis}`)
      }
      if (input.shape[axis] === DYNAMIC) fail('the dynamic axis cannot be concatenated')
    }
    const size = inputs.reduce((total, i) => total + i.shape[axis], 0)
    return { dtype, shape: shape.map((n, i) => (i === axis ? size : n)) }
  },

  gather: ([table, indices]) => {
    if (indices.dtype !== 'int64') fail(`indices must be int64, found ${indices.dtype}`)
    if (table.shape.length < 1) fail('the table needs at least one axis')
    return { dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] }
  },
  scatterAdd: ([indices, updates], { rows }) => {
    if (indices.dtype !== 'int64') fail(`indices must be int64, found ${indices.dtype}`)
    const rank = indices.shape.length
    if (indices.shape.some((n, i) => n !== updates.shape[i])) {
      fail(
        `updates [${formatShape(updates.shape)}] do not start with the indices' [${formatShape(indices.shape)}]`,
      )
    }
    return { dtype: updates.dtype, shape: [rows, ...updates.shape.slice(rank)] }
  },
}
