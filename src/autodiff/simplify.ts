import { expandGate } from './gate.ts'
import { type Graph, makeGraph } from './graph.ts'
import { type Params, type Primitive, type Shape, sameShape } from './primitive.ts'
import { binaryScalar, isBinaryScalar, isUnaryScalar, unaryScalar } from './scalar.ts'
import { broadcastShapes } from './shape.ts'
import type { Site } from './site.ts'
import { apply, constant, type Tensor } from './tensor.ts'

/** What is left after simplification: the markers are gone and the gates are expanded. */
export type CorePrimitive = Exclude<Primitive, 'variable' | 'stopGradient' | 'silu' | 'gelu'>

/** Gives a simpler equal of `op(inputs)`, or nothing. `make` builds further nodes, simplified in turn. */
type Rewrite<P extends Primitive> = (
  inputs: readonly Tensor[],
  params: Params[P],
  make: Make,
  type: { readonly shape: Shape },
) => Tensor | undefined

type Make = <P extends Primitive>(op: P, inputs: readonly Tensor[], params: Params[P]) => Tensor

const is = <P extends Primitive>(node: Tensor, op: P): node is Tensor<P> => node.op === (op as string)

/** The number that a constant holds in every element, if it is one number. */
function splat(node: Tensor): number | undefined {
  return is(node, 'constant') && typeof node.params.value === 'number' ? node.params.value : undefined
}

/** `kept` stands for the whole result only where it already has the result's shape. */
const keep = (kept: Tensor, shape: Shape): Tensor | undefined =>
  sameShape(kept.shape, shape) ? kept : undefined

const whole = (
  [x]: readonly Tensor[],
  _: unknown,
  __: Make,
  { shape }: { shape: Shape },
): Tensor | undefined => (sameShape(x.shape, shape) ? x : undefined)

/** Layout of a constant that is the same everywhere. */
const refill = ([x]: readonly Tensor[], shape: Shape): Tensor | undefined => {
  const value = splat(x)
  return value === undefined || shape.includes(-1) ? undefined : constant(value, shape, x.dtype)
}

const first = (...results: (Tensor | undefined)[]): Tensor | undefined => results.find(r => r !== undefined)

/** Two zero-padded pieces that lie end to end along one axis are one padded concatenation. */
function joinPads(a: Tensor, b: Tensor, make: Make): Tensor | undefined {
  if (!is(a, 'pad') || !is(b, 'pad') || !sameShape(a.shape, b.shape)) return undefined
  const [p, q] = [a.params, b.params]
  const differing = p.low.flatMap((_, i) => (p.low[i] === q.low[i] && p.high[i] === q.high[i] ? [] : [i]))
  if (differing.length !== 1) return undefined
  const [axis] = differing
  const [before, after] = p.low[axis] < q.low[axis] ? [a, b] : [b, a]
  const [x, y] = [before.inputs[0], after.inputs[0]]
  if (before.params.low[axis] + x.shape[axis] !== after.params.low[axis]) return undefined
  const joined = make('concat', [x, y], { axis })
  return make('pad', [joined], {
    low: before.params.low,
    high: before.params.high.map((n, i) => (i === axis ? after.params.high[i] : n)),
  })
}

const rewrites: { readonly [P in Primitive]?: Rewrite<P> } = {
  variable: ([x]) => x,
  stopGradient: ([x]) => x,
  neg: ([x]) => (is(x, 'neg') ? x.inputs[0] : undefined),
  cast: whole0,
  add: ([a, b], _, make, { shape }) => {
    if (splat(b) === 0) return keep(a, shape)
    if (splat(a) === 0) return keep(b, shape)
    if (is(b, 'neg')) return make('sub', [a, b.inputs[0]], {})
    if (is(a, 'neg')) return make('sub', [b, a.inputs[0]], {})
    if (a === b) return make('mul', [a, constant(2, [], a.dtype)], {})
    return joinPads(a, b, make)
  },
  sub: ([a, b], _, make, { shape }) => {
    if (splat(b) === 0) return keep(a, shape)
    if (splat(a) === 0 && sameShape(b.shape, shape)) return make('neg', [b], {})
    return is(b, 'neg') ? make('add', [a, b.inputs[0]], {}) : undefined
  },
  mul: ([a, b], _, make, { shape }) => {
    const [factor, x] = splat(a) === undefined ? [splat(b), a] : [splat(a), b]
    if (factor === undefined) {
      return is(a, 'neg') && is(b, 'neg') ? make('mul', [a.inputs[0], b.inputs[0]], {}) : undefined
    }
    if (factor === 1) return keep(x, shape) ?? make('broadcastTo', [x], { shape })
    // A factor that stretches its operand must keep its shape.
    if (!sameShape(x.shape, shape)) return undefined
    if (factor === -1) return make('neg', [x], {})
    if (is(x, 'neg')) return make('mul', [x.inputs[0], constant(-factor, [], x.dtype)], {})
    if (!is(x, 'mul')) return undefined
    const inner = splat(x.inputs[1])
    return inner === undefined
      ? undefined
      : make('mul', [x.inputs[0], constant(inner * factor, x.inputs[1].shape, x.dtype)], {})
  },
  div: ([a, b], _, make, { shape }) => {
    const divisor = splat(b)
    if (divisor === 1) return keep(a, shape)
    if (!divisor) return undefined
    const reciprocal = b.dtype === 'float32' ? Math.fround(1 / divisor) : 1 / divisor
    return Number.isFinite(reciprocal)
      ? make('mul', [a, constant(1 / divisor, b.shape, b.dtype)], {})
      : undefined
  },
  sum: ([x], { axes }, make, { shape }) =>
    first(keep(x, shape), sumOfScaled(x, axes, make), sumOfSum(x, axes, make)),
  max: ([x], _, __, { shape }) => keep(x, shape),
  matmul: ([a, b], { transposeA, transposeB }, make) => {
    if (swapsLastTwo(a)) return make('matmul', [a.inputs[0], b], { transposeA: !transposeA, transposeB })
    if (swapsLastTwo(b)) return make('matmul', [a, b.inputs[0]], { transposeA, transposeB: !transposeB })
    return undefined
  },
  reshape: ([x], { shape }, make, type) =>
    first(
      whole([x], {}, make, type),
      refill([x], shape),
      is(x, 'reshape') ? make('reshape', [x.inputs[0]], { shape }) : undefined,
      reshapeOfScaled(x, shape, make),
    ),
  broadcastTo: ([x], { shape }, make, type) =>
    first(
      whole([x], {}, make, type),
      refill([x], shape),
      is(x, 'broadcastTo') ? make('broadcastTo', [x.inputs[0]], { shape }) : undefined,
    ),
  transpose: ([x], { permutation }, make, { shape }) => {
    if (permutation.every((axis, i) => axis === i)) return x
    if (!is(x, 'transpose')) return refill([x], shape)
    return make('transpose', [x.inputs[0]], {
      permutation: permutation.map(axis => x.params.permutation[axis]),
    })
  },
  slice: ([x], { starts, ends }, make, type) =>
    first(whole([x], {}, make, type), refill([x], type.shape), sliceOfConcat(x, starts, ends, make)),
  pad: ([x], { low, high }, make, type) => {
    if (!is(x, 'pad')) return whole([x], {}, make, type)
    const [p, q] = [x.params.low, x.params.high]
    return make('pad', [x.inputs[0]], {
      low: low.map((n, i) => n + p[i]),
      high: high.map((n, i) => n + q[i]),
    })
  },
  concat: (inputs, { axis }, make) => {
    if (inputs.length === 1) return inputs[0]
    const joined = joinSlices(inputs, axis, make)
    if (joined) return joined
    if (!inputs.some(x => is(x, 'concat') && x.params.axis === axis)) return undefined
    return make(
      'concat',
      inputs.flatMap(x => (is(x, 'concat') && x.params.axis === axis ? x.inputs : [x])),
      { axis },
    )
  },
}

function whole0([x]: readonly Tensor[], { dtype }: Params['cast']): Tensor | undefined {
  return x.dtype === dtype ? x : undefined
}

function swapsLastTwo(node: Tensor): node is Tensor<'transpose'> {
  if (!is(node, 'transpose')) return false
  const { permutation } = node.params
  const n = permutation.length
  return permutation.every((axis, i) => axis === (i < n - 2 ? i : i === n - 2 ? n - 1 : n - 2))
}

/** The operand and the number of `x c`, if it is that. */
function scaled(node: Tensor): [x: Tensor, factor: Tensor] | undefined {
  if (!is(node, 'mul')) return undefined
  const [x, factor] = node.inputs
  return splat(factor) !== undefined && factor.rank === 0 ? [x, factor] : undefined
}

/** `sum(c x) = c sum(x)`: the product on the smaller tensor. */
function sumOfScaled(node: Tensor, axes: readonly number[], make: Make): Tensor | undefined {
  const parts = scaled(node)
  return parts && make('mul', [make('sum', [parts[0]], { axes }), parts[1]], {})
}

/** `reshape(c x) = c reshape(x)`, so that factors meet. */
function reshapeOfScaled(node: Tensor, shape: Shape, make: Make): Tensor | undefined {
  const parts = scaled(node)
  return parts && make('mul', [make('reshape', [parts[0]], { shape }), parts[1]], {})
}

/** A sum of sums is one sum; a sum of everything does not see a reshape. */
function sumOfSum(x: Tensor, axes: readonly number[], make: Make): Tensor | undefined {
  if (is(x, 'sum'))
    return make('sum', [x.inputs[0]], {
      axes: [...new Set([...x.params.axes, ...axes])].sort((a, b) => a - b),
    })
  if (!is(x, 'reshape') || x.shape.some((n, i) => n !== 1 && !axes.includes(i))) return undefined
  const [inner] = x.inputs
  const total = make('sum', [inner], { axes: inner.shape.map((_, i) => i) })
  return make('reshape', [total], { shape: x.shape.map(() => 1) })
}

/** Neighbouring slices of one tensor, put together again. */
function joinSlices(inputs: readonly Tensor[], axis: number, make: Make): Tensor | undefined {
  const parts: Tensor[] = []
  for (const input of inputs) {
    const last = parts.at(-1)
    const together = last && unionOfSlices(last, input, axis)
    if (together) parts[parts.length - 1] = make('slice', [input.inputs[0]], together)
    else parts.push(input)
  }
  return parts.length < inputs.length ? make('concat', parts, { axis }) : undefined
}

function unionOfSlices(a: Tensor, b: Tensor, axis: number): Params['slice'] | undefined {
  if (!is(a, 'slice') || !is(b, 'slice') || a.inputs[0] !== b.inputs[0]) return undefined
  const [p, q] = [a.params, b.params]
  const touching = p.starts.every((start, i) =>
    i === axis ? p.ends[i] === q.starts[i] : start === q.starts[i] && p.ends[i] === q.ends[i],
  )
  return touching ? { starts: p.starts, ends: q.ends } : undefined
}

/** A slice that falls within one part of a concatenation is a slice of that part. */
function sliceOfConcat(
  x: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  make: Make,
): Tensor | undefined {
  if (!is(x, 'concat')) return undefined
  const { axis } = x.params
  let offset = 0
  for (const part of x.inputs) {
    const size = part.shape[axis]
    if (starts[axis] >= offset && ends[axis] <= offset + size) {
      const shift = (bounds: readonly number[]) => bounds.map((n, i) => (i === axis ? n - offset : n))
      return make('slice', [part], { starts: shift(starts), ends: shift(ends) })
    }
    offset += size
  }
  return undefined
}

/** Elementwise primitives of constants that are one number everywhere. */
function fold(op: Primitive, inputs: readonly Tensor[], params: object, shape: Shape): Tensor | undefined {
  const values = inputs.map(splat)
  if (inputs.length === 0 || values.includes(undefined) || shape.includes(-1)) return undefined
  const numbers = values as number[]
  const result = isUnaryScalar(op)
    ? unaryScalar[op](numbers[0], params as { order: number })
    : isBinaryScalar(op) && !['less', 'lessEqual', 'equal'].includes(op)
      ? binaryScalar[op](numbers[0], numbers[1])
      : undefined
  return result === undefined ? undefined : constant(result, shape, inputs[0].dtype)
}

const COMMUTATIVE: ReadonlySet<Primitive> = new Set(['add', 'mul', 'maximum', 'minimum', 'equal'])
const BROADCASTING: ReadonlySet<Primitive> = new Set([
  ...(Object.keys(binaryScalar) as Primitive[]),
  'select',
])

/** Drops explicit broadcasting before an operation that broadcasts by itself, and shrinks constants to scalars. */
function relax(op: Primitive, inputs: readonly Tensor[]): readonly Tensor[] {
  if (!BROADCASTING.has(op)) return inputs
  const shape = broadcastShapes(...inputs.map(i => i.shape))
  const relaxed = [...inputs]
  inputs.forEach((input, i) => {
    const value = splat(input)
    const smaller = is(input, 'broadcastTo')
      ? input.inputs[0]
      : value !== undefined && input.rank > 0
        ? constant(value, [], input.dtype)
        : input
    const others = relaxed.map((other, j) => (j === i ? smaller.shape : other.shape))
    if (smaller !== input && sameShape(broadcastShapes(...others), shape)) relaxed[i] = smaller
  })
  return relaxed
}

/** A constant on the right, otherwise by age: equal sums get equal keys. */
function order(op: Primitive, inputs: readonly Tensor[]): readonly Tensor[] {
  if (!COMMUTATIVE.has(op)) return inputs
  const [a, b] = inputs
  const swap = is(a, 'constant') !== is(b, 'constant') ? is(a, 'constant') : a.id > b.id
  return swap ? [b, a] : inputs
}

/** Builds nodes in their simplest form, each only once. */
class Builder {
  private readonly known = new Map<string, Tensor>()
  private readonly arrays = new Map<Float64Array, number>()

  make<P extends Primitive>(op: P, given: readonly Tensor[], params: Params[P], site?: Site): Tensor {
    const make: Make = (op, inputs, params) => this.make(op, inputs, params, site)
    const inputs = order(
      op,
      relax(op, given).map(input => (input.op === 'constant' ? this.intern(input) : input)),
    )
    const shape = apply(op as never, inputs as never, params as never, site as never) as Tensor
    const folded = fold(op, inputs, params, shape.shape)
    if (folded) return this.intern(folded)
    const rewritten = (rewrites[op] as Rewrite<P> | undefined)?.(inputs, params, make, shape)
    if (rewritten) return rewritten.op === 'constant' ? this.intern(rewritten) : rewritten
    return this.intern(shape)
  }

  /** The one node that stands for all equal ones. */
  intern(node: Tensor): Tensor {
    const key = `${node.op}|${node.dtype}|${node.shape}|${this.paramsKey(node)}|${node.inputs.map(i => i.id)}`
    const known = this.known.get(key)
    if (known) return known
    this.known.set(key, node)
    return node
  }

  private paramsKey(node: Tensor): string {
    if (!is(node, 'constant')) return JSON.stringify(node.params)
    const { value } = node.params
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
    if (value.length <= 64) return value.join()
    if (!this.arrays.has(value)) this.arrays.set(value, this.arrays.size)
    return `#${this.arrays.get(value)}`
  }
}

/**
 * An equal graph with fewer nodes: markers removed, constants folded, algebraic identities applied, gates expanded
 * into elementary operations, common subexpressions shared and dead code dropped. To be called after all
 * differentiation.
 */
export function simplify(graph: Graph): Graph<CorePrimitive> {
  const builder = new Builder()
  const mapped = new Map<Tensor, Tensor>(graph.inputs.map(input => [input, input]))
  const rebuild = (node: Tensor): Tensor => {
    const inputs = node.inputs.map(input => mapped.get(input)!)
    if (is(node, 'constant')) return builder.intern(node)
    if (is(node, 'silu') || is(node, 'gelu'))
      return rebuildTree(expandGate(node.op, node.params.order, inputs[0]), inputs[0])
    return builder.make(node.op, inputs, node.params as never, node.site)
  }
  /** Simplifies freshly expanded operations down to `leaf`. */
  const rebuildTree = (root: Tensor, leaf: Tensor): Tensor => {
    if (root === leaf) return leaf
    if (is(root, 'constant')) return builder.intern(root)
    const inputs = root.inputs.map(input => rebuildTree(input, leaf))
    return builder.make(root.op, inputs, root.params as never, leaf.site)
  }
  for (const node of graph.nodes) mapped.set(node, rebuild(node))
  const outputs = graph.outputs.map(output => mapped.get(output)!)
  return makeGraph(graph.inputs, outputs, graph.outputNames) as Graph<CorePrimitive>
}
