import type { Graph, Tensor } from '../../src/autodiff/index.ts'
import { sizeOf } from '../../src/autodiff/primitive.ts'

/** A reshape is another look at the same numbers. */
const rootOf = (node: Tensor): Tensor => (node.op === 'reshape' ? rootOf(node.inputs[0]) : node)

/**
 * Numbers that are alive at most at a time, but for inputs and constants, when nodes run in some order and each is given free
 * after its last use.
 */
export function peakOf(graph: Graph, order: readonly Tensor[] = graph.nodes): number {
  const lastUse = new Map<Tensor, number>()
  order.forEach((node, i) => {
    for (const input of node.inputs) lastUse.set(rootOf(input), i)
  })
  for (const output of graph.outputs) lastUse.set(rootOf(output), Infinity)
  const free = new Map<number, Tensor[]>()
  for (const [node, i] of lastUse) free.set(i, [...(free.get(i) ?? []), node])
  const alive = new Set<Tensor>()
  let [live, peak] = [0, 0]
  order.forEach((node, i) => {
    if (node.op !== 'constant' && node.op !== 'reshape') {
      alive.add(node)
      live += sizeOf(node.shape)
    }
    peak = Math.max(peak, live)
    for (const done of free.get(i) ?? []) if (alive.delete(done)) live -= sizeOf(done.shape)
  })
  return peak
}

/** The order in which ONNX Runtime runs nodes: back from what nobody uses, of operands the one that comes last first. */
export function depthFirst(graph: Graph): Tensor[] {
  const nodes = graph.nodes.filter(node => node.op !== 'constant')
  const place = new Map<Tensor, number>(nodes.map((node, i) => [node, i]))
  const used = new Set(nodes.flatMap(node => node.inputs))
  const rising = (list: readonly Tensor[]) =>
    list.filter(node => place.has(node)).sort((a, b) => place.get(a)! - place.get(b)!)
  const stack = rising(nodes.filter(node => !used.has(node))).map(node => ({ node, done: false }))
  const seen = new Set<Tensor>()
  const order: Tensor[] = []
  while (stack.length > 0) {
    const { node, done } = stack.pop()!
    if (done) order.push(node)
    if (done || seen.has(node)) continue
    seen.add(node)
    stack.push(
      { node, done: true },
      ...rising([...new Set(node.inputs)]).map(node => ({ node, done: false })),
    )
  }
  return order
}
