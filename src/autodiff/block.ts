import { type Graph, makeGraph, reachable } from './graph.ts'
import { apply, type Tensor } from './tensor.ts'

/** A block's edge: what goes into it or comes out of it. */
type Border = Tensor<'border'>

export const isBorder = (node: Tensor): node is Border => node.op === ('border' as string)

let made = 0

/**
 * A part of a computation whose inner values a gradient may compute again, rather than keep until it needs them: see
 * `recompute` of `vjp`. Otherwise the same as `fn(...inputs)`.
 *
 * @param fn  takes as arguments whatever it uses but parameters and constants
 */
export function block(fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor {
  const number = made++
  const entered = inputs.map(x => apply('border', [x], { block: number, leaves: false }))
  return apply('border', [fn(...entered)], { block: number, leaves: true })
}

/** The first number of a tensor, `[]`. */
const firstOf = (x: Tensor): Tensor =>
  x.shape.reduce((corner, _, axis) => corner.slice(axis, 0, 1), x).reshape([])

/**
 * The same numbers as `x`, but not before others are there: both branches of a choice are `x`, and its condition asks them.
 * Neither `simplify` nor a runtime's optimiser sees that it is `x` itself.
 */
export function after(x: Tensor, others: readonly Tensor[]): Tensor {
  if (others.length === 0) return x
  const asked = others.map(firstOf).reduce((a, b) => a.add(b))
  return apply('select', [asked.equal(asked), x, x])
}

/** The same operation on other operands. */
export const again = (node: Tensor, inputs: readonly Tensor[]): Tensor =>
  (apply as (op: string, inputs: readonly Tensor[], params: object, site: unknown) => Tensor)(
    node.op,
    inputs,
    node.params,
    node.site,
  )

/** The blocks of a computation, by their numbers. */
export interface Blocks {
  /** What lies in a block; borders lie in none. */
  readonly inner: ReadonlyMap<Tensor, number>
  /** Where each ends: its value's border, and those of its tangents. */
  readonly ends: ReadonlyMap<number, readonly Border[]>
  /** Those that take what a block gives. */
  readonly next: ReadonlyMap<number, ReadonlySet<number>>
  /** Those whose ends a block takes. */
  readonly previous: ReadonlyMap<number, ReadonlySet<number>>
}

function put<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  map.set(key, (map.get(key) ?? new Set()).add(value))
}

export function blocksOf(outputs: readonly Tensor[]): Blocks {
  const inner = new Map<Tensor, number>()
  const ends = new Map<number, Border[]>()
  const [next, previous] = [new Map<number, Set<number>>(), new Map<number, Set<number>>()]
  for (const border of reachable(outputs).filter(isBorder)) {
    const { block, leaves } = border.params
    const [before] = border.inputs
    if (!leaves) {
      if (!isBorder(before) || !before.params.leaves) continue
      put(next, before.params.block, block)
      put(previous, block, before.params.block)
      continue
    }
    ends.set(block, [...(ends.get(block) ?? []), border])
    const stack = [before]
    while (stack.length > 0) {
      const node = stack.pop()!
      const isEdge = node.inputs.length === 0 || node.op === 'opaque' || isBorder(node)
      if (isEdge || inner.has(node)) continue
      inner.set(node, block)
      stack.push(...node.inputs)
    }
  }
  return { inner, ends, next, previous }
}

/** What the beginning of a block waits for: all ends of the blocks before it. */
const waitsFor = (node: Tensor, { ends, previous }: Blocks): readonly Tensor[] =>
  isBorder(node) && !node.params.leaves
    ? [...(previous.get(node.params.block) ?? [])].flatMap(block => ends.get(block) ?? [])
    : []

/**
 * The nodes of some outputs, operands first, the tangents of a block before the next block; of nodes that could come next the
 * one that was made first. Without an answer where a tangent goes along something that a later block gives.
 */
export function inBlockOrder(outputs: readonly Tensor[], blocks: Blocks): Tensor[] | undefined {
  const nodes = reachable(outputs)
  const users = new Map<Tensor, Tensor[]>()
  const open = new Map<Tensor, number>()
  for (const node of nodes) {
    const needed = new Set([...node.inputs, ...waitsFor(node, blocks)])
    open.set(node, needed.size)
    for (const each of needed) users.set(each, [...(users.get(each) ?? []), node])
  }
  const ready = nodes.filter(node => open.get(node) === 0)
  const order: Tensor[] = []
  while (ready.length > 0) {
    const node = ready.shift()!
    order.push(node)
    for (const user of users.get(node) ?? []) {
      const left = open.get(user)! - 1
      open.set(user, left)
      if (left > 0) continue
      const at = ready.findIndex(({ id }) => id > user.id)
      ready.splice(at < 0 ? ready.length : at, 0, user)
    }
  }
  return order.length === nodes.length ? order : undefined
}

/**
 * The same graph, in which the tangents of a block come before the next block: `jvp` makes them when all values are there, so
 * that these would have to be kept until then.
 */
export function interleaved(graph: Graph): Graph {
  const blocks = blocksOf(graph.outputs)
  const order = inBlockOrder(graph.outputs, blocks)
  if (!order) return graph
  const mapped = new Map<Tensor, Tensor>(graph.inputs.map(input => [input, input]))
  for (const node of order) {
    if (node.inputs.length === 0) {
      mapped.set(node, node)
      continue
    }
    const inputs = node.inputs.map(input => mapped.get(input)!)
    const others = waitsFor(node, blocks).filter(each => each !== node.inputs[0])
    const [first, ...rest] = inputs
    const waits = others.map(each => mapped.get(each)!)
    mapped.set(node, again(node, waits.length > 0 ? [after(first, waits), ...rest] : inputs))
  }
  return makeGraph(
    graph.inputs,
    graph.outputs.map(output => mapped.get(output)!),
    graph.outputNames,
  )
}
