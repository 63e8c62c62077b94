import type { Graph } from './graph.ts'
import { type Primitive, sizeOf } from './primitive.ts'
import type { Tensor } from './tensor.ts'

/** Floating-point operations of one node. */
type CostRule = (node: Tensor) => number

const free = (): number => 0
const perOutput = (node: Tensor): number => sizeOf(node.shape)
const perInput = (node: Tensor): number => sizeOf(node.inputs[0].shape)
const times =
  (n: number): CostRule =>
  node =>
    n * sizeOf(node.shape)

/**
 * Operations of every primitive: one for an arithmetic result, comparison or choice, one for an elementary function,
 * two for each multiply-and-add of a matrix product, none for layout.
 */
const costRules: { readonly [P in Primitive]: CostRule } = {
  input: free,
  constant: free,
  opaque: free,
  stopGradient: free,
  border: free,
  neg: perOutput,
  exp: perOutput,
  log: perOutput,
  sin: perOutput,
  cos: perOutput,
  atan: perOutput,
  tanh: perOutput,
  sqrt: perOutput,
  abs: perOutput,
  sign: perOutput,
  sigmoid: perOutput,
  silu: times(2),
  gelu: times(6),
  cast: free,
  add: perOutput,
  sub: perOutput,
  mul: perOutput,
  div: perOutput,
  pow: perOutput,
  maximum: perOutput,
  minimum: perOutput,
  less: perOutput,
  lessEqual: perOutput,
  equal: perOutput,
  select: perOutput,
  sum: perInput,
  max: perInput,
  cumsum: perOutput,
  matmul: node => {
    const [a] = node.inputs
    const { transposeA } = (node as Tensor<'matmul'>).params
    return 2 * sizeOf(node.shape) * a.shape.at(transposeA ? -2 : -1)!
  },
  softmax: times(4),
  logSoftmax: times(4),
  reshape: free,
  broadcastTo: free,
  transpose: free,
  slice: free,
  pad: free,
  concat: free,
  gather: free,
  scatterAdd: node => sizeOf(node.inputs[1].shape),
}

/** Floating-point operations of one run of the graph. @throws RangeError when a batch axis is dynamic */
export function countOperations(graph: Graph): number {
  return graph.nodes.reduce((total, node) => total + costRules[node.op](node), 0)
}
