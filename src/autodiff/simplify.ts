import { expandGate } from './gated-activations.ts'
import { type Graph, makeGraph } from './graph.ts'
import { type Params, type Primitive, type Shape, sameShape } from './primitive.ts'
import { is, type Make, type Rewrite, rewrites, splat } from './rewrite.ts'
import { binaryScalar, isBinaryScalar, isUnaryScalar, unaryScalar } from './scalar.ts'
import { broadcastShapes } from './shape.ts'
import type { Site } from './site.ts'
import { apply, constant, type Tensor } from './tensor.ts'

/** What is left after simplification: the markers are gone and the gates are expanded. */
export type CorePrimitive = Exclude<Primitive, 'opaque' | 'stopGradient' | 'border' | 'silu' | 'gelu'>

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
  /** Large constants, of each length. */
  private readonly arrays = new Map<number, Float64Array[]>()

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
    const alike = this.arrays.get(value.length) ?? []
    const known = alike.findIndex(other => other === value || value.every((x, i) => Object.is(x, other[i])))
    if (known >= 0) return `#${known}`
    this.arrays.set(value.length, [...alike, value])
    return `#${alike.length}`
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
