import type { CorePrimitive, Graph, Tensor } from '../autodiff/index.ts'
import { kernels, type Value } from '../autodiff/kernel.ts'
import { DYNAMIC, knownSize, type Shape, sizeOf } from '../autodiff/primitive.ts'
import { binaryScalar, unaryScalar } from '../autodiff/scalar.ts'
import { type Buffer, type Program, portsOf } from './program.ts'

/** Rows of `b` that are added to the result at once: each number of it is then read and written less often. */
const AT_ONCE = 4

/** Products of plain matrices, row after row. */
function product(a: Value, b: Value): Value {
  const [m, k] = a.shape
  const n = b.shape[1]
  const [x, y, data] = [a.data, b.data, new Float64Array(m * n)]
  const whole = k - (k % AT_ONCE)
  for (let row = 0; row < m; row++) {
    const [out, from] = [row * n, row * k]
    for (let inner = 0; inner < whole; inner += AT_ONCE) {
      const [f0, f1, f2, f3] = [
        x[from + inner],
        x[from + inner + 1],
        x[from + inner + 2],
        x[from + inner + 3],
      ]
      const [r0, r1, r2, r3] = [inner * n, (inner + 1) * n, (inner + 2) * n, (inner + 3) * n]
      for (let j = 0; j < n; j++)
        data[out + j] += f0 * y[r0 + j] + f1 * y[r1 + j] + f2 * y[r2 + j] + f3 * y[r3 + j]
    }
    for (let inner = whole; inner < k; inner++) {
      for (let j = 0; j < n; j++) data[out + j] += x[from + inner] * y[inner * n + j]
    }
  }
  return { shape: [m, n], data }
}

/**
 * How often and how long each number of a small operand stands for: `data[floor(i / each) % length]` is what the `i`-th
 * number of the result sees. Nothing when its axes are stretched in another way.
 */
function stretch(shape: Shape, target: Shape): { each: number } | undefined {
  if (shape.length > target.length) return undefined
  const full = [...new Array<number>(target.length - shape.length).fill(1), ...shape]
  let first = 0
  while (first < full.length && full[first] === 1) first++
  let last = full.length
  while (last > first && full[last - 1] === 1) last--
  for (let axis = first; axis < last; axis++) if (full[axis] !== target[axis]) return undefined
  return { each: target.slice(last).reduce((size, n) => size * n, 1) }
}

/** Two operands, of which one has the shape of the result and the other is stretched by whole blocks. */
function pairwise(op: keyof typeof binaryScalar, a: Value, b: Value): Value | undefined {
  const shape = sizeOf(a.shape) >= sizeOf(b.shape) ? a.shape : b.shape
  const [ofA, ofB] = [stretch(a.shape, shape), stretch(b.shape, shape)]
  if (!ofA || !ofB) return undefined
  const apply = binaryScalar[op]
  const data = new Float64Array(sizeOf(shape))
  const [x, y] = [a.data, b.data]
  // Where each operand is, and for how many numbers of the result it stays there.
  let [i, j, leftOfA, leftOfB] = [0, 0, ofA.each, ofB.each]
  for (let at = 0; at < data.length; at++) {
    data[at] = apply(x[i], y[j])
    if (--leftOfA === 0) {
      leftOfA = ofA.each
      if (++i === x.length) i = 0
    }
    if (--leftOfB === 0) {
      leftOfB = ofB.each
      if (++j === y.length) j = 0
    }
  }
  return { shape, data }
}

/** The operations that most of a network's time goes to; nothing for the others. */
function quick({ op, params }: Tensor, inputs: readonly Value[]): Value | undefined {
  const [a, b] = inputs
  if (op === 'matmul') {
    const { transposeA, transposeB } = params as { transposeA: boolean; transposeB: boolean }
    return transposeA || transposeB || a.shape.length !== 2 || b.shape.length !== 2
      ? undefined
      : product(a, b)
  }
  if (op in unaryScalar) {
    const apply = unaryScalar[op as 'silu']
    const data = new Float64Array(a.data.length)
    for (let i = 0; i < data.length; i++) data[i] = apply(a.data[i], params as never)
    return { shape: a.shape, data }
  }
  return op in binaryScalar ? pairwise(op as keyof typeof binaryScalar, a, b) : undefined
}

function compute(node: Tensor, inputs: readonly Value[]): Value {
  if (node.op === 'constant') {
    const { value } = (node as Tensor<'constant'>).params
    return {
      shape: node.shape,
      data: typeof value === 'number' ? new Float64Array(sizeOf(node.shape)).fill(value) : value,
    }
  }
  return quick(node, inputs) ?? kernels[node.op as 'add'](inputs, node.params as never)
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const

function encode({ data }: Value, dtype: keyof typeof ARRAYS): Buffer {
  if (dtype === 'int64') return BigInt64Array.from(data, BigInt)
  return dtype === 'float64' ? data : ARRAYS[dtype].from(data)
}

/** Fills in the open axis by the number of elements. */
const filled = (shape: Shape, length: number): Shape =>
  shape.map(n => (n === DYNAMIC ? length / knownSize(shape) : n))

/**
 * A program without a runtime: the graph in float64, node by node, with quick ways through a network's layers. For a
 * few thousand points before a runtime is there.
 */
export function interpret(graph: Graph<CorePrimitive>): Program {
  const ports = portsOf(graph)
  return {
    async run(inputs) {
      const values = new Map<Tensor, Value>()
      graph.inputs.forEach((input, i) => {
        const data = Float64Array.from(inputs[i] as Float32Array, Number)
        const shape = filled(ports[i].shape, data.length)
        if (!shape.every(Number.isInteger) || sizeOf(shape) !== data.length) {
          throw new Error(`input ${ports[i].name}: ${data.length} elements do not fill it`)
        }
        values.set(input, { shape, data })
      })
      for (const node of graph.nodes) {
        values.set(
          node,
          compute(
            node,
            node.inputs.map(input => values.get(input)!),
          ),
        )
      }
      return graph.outputs.map(output => encode(values.get(output)!, output.dtype))
    },
    close: async () => {},
  }
}
