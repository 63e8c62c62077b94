import { type Graph, makeGraph } from './graph.ts'
import type { DType, Shape } from './primitive.ts'
import { captureSite, GraphError } from './site.ts'
import { Tensor } from './tensor.ts'
import { leaves, type MapTree, mapTree } from './tree.ts'

/** The type of one input of a traced function. */
export class Spec {
  constructor(
    readonly shape: Shape,
    readonly dtype: DType = 'float32',
  ) {}
}

/** A float32 (or other) input of the given shape; `DYNAMIC` leaves a batch axis open. */
export const spec = (shape: Shape, dtype?: DType): Spec => new Spec(shape, dtype)

const isSpec = (value: unknown): value is Spec => value instanceof Spec
export const isTensor = (value: unknown): value is Tensor => value instanceof Tensor

/** Tensors in the nesting of a tree of specifications. */
export type Traced<S> = MapTree<S, Spec, Tensor>

/**
 * Runs a pure function once on symbolic inputs and records the graph of what it computes.
 *
 * @param fn  takes one tree of tensors, returns one tree of tensors
 * @param specs  a tree of `spec(shape, dtype)`; leaf paths become input names
 * @throws GraphError when an operation's operands do not fit
 */
export function trace<S>(fn: (inputs: Traced<S>) => unknown, specs: S): Graph {
  const inputs: Tensor<'input'>[] = []
  const site = captureSite()
  const tree = mapTree(specs, isSpec, ({ shape, dtype }, name) => {
    const input = new Tensor('input', [], { index: inputs.length, name }, shape, dtype, site)
    inputs.push(input)
    return input as Tensor
  })
  const outputs = leaves(fn(tree), isTensor)
  if (outputs.length === 0) throw new GraphError('trace', 'the function returns no tensor')
  const graph = makeGraph(
    inputs,
    outputs.map(([, tensor]) => tensor),
    outputs.map(([path]) => path),
  )
  checkCaptures(graph)
  return graph
}

/** An input of another trace has no value here. */
function checkCaptures(graph: Graph): void {
  const known = new Set<Tensor>(graph.inputs)
  for (const node of graph.nodes) {
    const foreign = node.inputs.find(input => input.op === 'input' && !known.has(input))
    if (foreign) throw new GraphError('trace', `${node.op} uses ${foreign} of another trace`, node.site)
  }
}
