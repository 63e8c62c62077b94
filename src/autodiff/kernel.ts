import { DYNAMIC, knownSize, type Params, type Primitive, type Shape, sizeOf } from './primitive.ts'
import { binaryScalar, unaryScalar } from './scalar.ts'
import { broadcastShapes } from './shape.ts'

/** A dense array in row-major order. Every type is held in float64; booleans are 0 and 1. */
export interface Value {
  readonly shape: Shape
  readonly data: Float64Array
}

/** Computes a primitive from its operands' values. */
type Kernel<P extends Primitive> = (inputs: readonly Value[], params: Params[P]) => Value

/** Steps of each axis through the data; 0 where the axis is stretched to `target`. */
function strides(shape: Shape, target: Shape = shape): number[] {
  const result = new Array<number>(target.length).fill(0)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const place = axis + target.length - shape.length
    result[place] = shape[axis] === 1 && target[place] !== 1 ? 0 : step
    step *= shape[axis]
  }
  return result
}

/**
 * Calls `visit(i, offsets, n, strides)` for each run of the last axis: its first element, one offset for each set of
 * strides, its length, and the strides within it. Axes of one element are left out, so that runs are long.
 */
function walk(
  shape: Shape,
  steps: readonly number[][],
  start: readonly number[],
  visit: (i: number, at: readonly number[], n: number, inner: readonly number[]) => void,
): void {
  const total = sizeOf(shape)
  if (total === 0) return
  const axes = [...shape.keys()].filter(axis => shape[axis] !== 1)
  const last = axes.pop()
  const n = last === undefined ? 1 : shape[last]
  const inner = steps.map(step => (last === undefined ? 0 : step[last]))
  const index = axes.map(() => 0)
  const at = [...start]
  for (let i = 0; i < total; i += n) {
    visit(i, at, n, inner)
    for (let place = axes.length - 1; place >= 0; place--) {
      const axis = axes[place]
      for (let k = 0; k < at.length; k++) at[k] += steps[k][axis]
      if (++index[place] < shape[axis]) break
      for (let k = 0; k < at.length; k++) at[k] -= steps[k][axis] * shape[axis]
      index[place] = 0
    }
  }
}

/** Two or three operands, stretched to one shape. */
function elementwise(
  [a, b, c = b]: readonly Value[],
  fn: (a: number, b: number, c: number) => number,
): Value {
  const operands = [a, b, c]
  const shape = broadcastShapes(...operands.map(v => v.shape))
  const data = new Float64Array(sizeOf(shape))
  const [x, y, z] = operands.map(v => v.data)
  const steps = operands.map(v => strides(v.shape, shape))
  walk(shape, steps, [0, 0, 0], (i, [ofX, ofY, ofZ], n, [stepX, stepY, stepZ]) => {
    for (let k = 0; k < n; k++) {
      data[i + k] = fn(x[ofX + k * stepX], y[ofY + k * stepY], z[ofZ + k * stepZ])
    }
  })
  return { shape, data }
}

/** The numbers of an array, each by itself. */
function each(x: Value, fn: (x: number) => number): Value {
  const data = new Float64Array(x.data.length)
  for (let i = 0; i < data.length; i++) data[i] = fn(x.data[i])
  return { shape: x.shape, data }
}

const unary =
  <P extends keyof typeof unaryScalar>(op: P): Kernel<P> =>
  ([x], params) =>
    each(x, v => unaryScalar[op](v, params as { order: number }))

const binary =
  <P extends keyof typeof binaryScalar>(op: P): Kernel<P> =>
  inputs =>
    elementwise(inputs, binaryScalar[op])

/** Folds the elements along `axes` with `step`. */
const reduction =
  (initial: number, step: (total: number, x: number) => number): Kernel<'sum' | 'max'> =>
  ([x], { axes }) => {
    const shape = x.shape.map((n, i) => (axes.includes(i) ? 1 : n))
    const data = new Float64Array(sizeOf(shape)).fill(initial)
    walk(x.shape, [strides(shape, x.shape)], [0], (i, [at], n, [inner]) => {
      for (let k = 0; k < n; k++) data[at + k * inner] = step(data[at + k * inner], x.data[i + k])
    })
    return { shape, data }
  }

/** Reads `x` through strides: the common part of transposing, slicing and broadcasting. */
function view(x: Value, shape: Shape, steps: number[], start: number): Value {
  const data = new Float64Array(sizeOf(shape))
  walk(shape, [steps], [start], (i, [at], n, [inner]) => {
    for (let k = 0; k < n; k++) data[i + k] = x.data[at + k * inner]
  })
  return { shape, data }
}

function matmul([a, b]: readonly Value[], { transposeA, transposeB }: Params['matmul']): Value {
  const [m, k] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2)
  const n = b.shape.at(transposeB ? -2 : -1)!
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const data = new Float64Array(sizeOf(batch) * m * n)
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1]
  const [bRow, bColumn] = transposeB ? [1, k] : [n, 1]
  const steps = [a, b].map(v => strides(v.shape.slice(0, -2), batch))
  const multiply = (i: number, a0: number, b0: number): void => {
    for (let row = 0; row < m; row++) {
      for (let inner = 0; inner < k; inner++) {
        const factor = a.data[a0 + row * aRow + inner * aColumn]
        const out = (i * m + row) * n
        for (let column = 0; column < n; column++) {
          data[out + column] += factor * b.data[b0 + inner * bRow + column * bColumn]
        }
      }
    }
  }
  walk(batch, steps, [0, 0], (i, [aBatch, bBatch], run, [aInner, bInner]) => {
    for (let j = 0; j < run; j++) {
      multiply(i + j, (aBatch + j * aInner) * m * k, (bBatch + j * bInner) * k * n)
    }
  })
  return { shape: [...batch, m, n], data }
}

/** Applies `change` to each run of the last axis. */
function rows(x: Value, change: (row: Float64Array) => void): Value {
  const data = x.data.slice()
  const width = x.shape.at(-1) ?? 1
  for (let start = 0; start < data.length; start += width) change(data.subarray(start, start + width))
  return { shape: x.shape, data }
}

function logSumExp(row: Float64Array): number {
  let top = -Infinity
  for (let i = 0; i < row.length; i++) top = Math.max(top, row[i])
  let sum = 0
  for (let i = 0; i < row.length; i++) sum += Math.exp(row[i] - top)
  return top + Math.log(sum)
}

const identity = ([x]: readonly Value[]): Value => x

/** A shape whose dynamic axis is filled in from the number of elements. */
function resolve(shape: Shape, size: number): Shape {
  return shape.map(n => (n === DYNAMIC ? size / knownSize(shape) : n))
}

const CAST: Record<string, (x: number) => number> = {
  float32: Math.fround,
  float64: x => x,
  int64: Math.trunc,
  bool: x => Number(x !== 0),
}

function checkedIndex(index: number, rowCount: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= rowCount) {
    throw new RangeError(`index ${index} is outside of a table of ${rowCount} rows`)
  }
  return index
}

/** Float64 evaluation of every primitive that has operands. */
export const kernels: { readonly [P in Exclude<Primitive, 'input' | 'constant'>]: Kernel<P> } = {
  opaque: identity,
  stopGradient: identity,
  border: identity,
  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log'),
  sin: unary('sin'),
  cos: unary('cos'),
  atan: unary('atan'),
  tanh: unary('tanh'),
  sqrt: unary('sqrt'),
  abs: unary('abs'),
  sign: unary('sign'),
  sigmoid: unary('sigmoid'),
  silu: unary('silu'),
  gelu: unary('gelu'),
  cast: ([x], { dtype }) => each(x, CAST[dtype]),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  pow: binary('pow'),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  less: binary('less'),
  lessEqual: binary('lessEqual'),
  equal: binary('equal'),
  select: inputs => elementwise(inputs, (condition, a, b) => (condition ? a : b)),
  sum: reduction(0, (total, x) => total + x),
  max: reduction(-Infinity, (top, x) => Math.max(top, x)),
  cumsum: ([x], { axis, reverse }) => {
    const data = x.data.slice()
    const step = strides(x.shape)[axis]
    const n = x.shape[axis]
    for (let i = 0; i < data.length; i++) {
      // Elements are visited so that each one's predecessor along the axis is already summed.
      const j = reverse ? data.length - 1 - i : i
      const place = Math.floor(j / step) % n
      if (reverse ? place < n - 1 : place > 0) data[j] += data[reverse ? j + step : j - step]
    }
    return { shape: x.shape, data }
  },
  matmul,
  softmax: ([x]) =>
    rows(x, row => {
      const norm = logSumExp(row)
      for (let i = 0; i < row.length; i++) row[i] = Math.exp(row[i] - norm)
    }),
  logSoftmax: ([x]) =>
    rows(x, row => {
      const norm = logSumExp(row)
      for (let i = 0; i < row.length; i++) row[i] -= norm
    }),
  reshape: ([x], { shape }) => ({ shape: resolve(shape, x.data.length), data: x.data }),
  broadcastTo: ([x], { shape }) => {
    const offset = shape.length - x.shape.length
    const target = shape.map((n, i) => (n === DYNAMIC ? x.shape[i - offset] : n))
    return view(x, target, strides(x.shape, target), 0)
  },
  transpose: ([x], { permutation }) => {
    const steps = strides(x.shape)
    return view(
      x,
      permutation.map(axis => x.shape[axis]),
      permutation.map(axis => steps[axis]),
      0,
    )
  },
  slice: ([x], { starts, ends }) => {
    const steps = strides(x.shape)
    const shape = x.shape.map((n, i) => (ends[i] === DYNAMIC ? n : ends[i]) - starts[i])
    const start = starts.reduce((sum, from, i) => sum + from * steps[i], 0)
    return view(x, shape, steps, start)
  },
  pad: ([x], { low, high }) => {
    const shape = x.shape.map((n, i) => low[i] + n + high[i])
    const data = new Float64Array(sizeOf(shape))
    const steps = strides(shape)
    const start = low.reduce((sum, from, i) => sum + from * steps[i], 0)
    walk(x.shape, [steps], [start], (i, [at], n, [inner]) => {
      for (let k = 0; k < n; k++) data[at + k * inner] = x.data[i + k]
    })
    return { shape, data }
  },
  concat: (inputs, { axis }) => {
    const size = inputs.reduce((total, v) => total + v.shape[axis], 0)
    const shape = inputs[0].shape.map((n, i) => (i === axis ? size : n))
    const data = new Float64Array(sizeOf(shape))
    const steps = strides(shape)
    let start = 0
    for (const input of inputs) {
      walk(input.shape, [steps], [start * steps[axis]], (i, [at], n, [inner]) => {
        for (let k = 0; k < n; k++) data[at + k * inner] = input.data[i + k]
      })
      start += input.shape[axis]
    }
    return { shape, data }
  },
  gather: ([table, indices]) => {
    const width = sizeOf(table.shape.slice(1))
    const data = new Float64Array(indices.data.length * width)
    indices.data.forEach((index, i) => {
      const row = checkedIndex(index, table.shape[0])
      data.set(table.data.subarray(row * width, (row + 1) * width), i * width)
    })
    return { shape: [...indices.shape, ...table.shape.slice(1)], data }
  },
  scatterAdd: ([indices, updates], { rows: rowCount }) => {
    const rest = updates.shape.slice(indices.shape.length)
    const width = sizeOf(rest)
    const data = new Float64Array(rowCount * width)
    indices.data.forEach((index, i) => {
      const row = checkedIndex(index, rowCount)
      for (let j = 0; j < width; j++) data[row * width + j] += updates.data[i * width + j]
    })
    return { shape: [rowCount, ...rest], data }
  },
}
