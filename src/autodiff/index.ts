/**
 * Graphs of tensors and their derivatives.
 *
 * @module oxbow/autodiff
 */
export { block, interleaved } from './block.ts'
export { type CheckOptions, checkGradients, GradientError } from './check.ts'
export { countOperations } from './cost.ts'
export { evaluate, type Value } from './evaluate.ts'
export { checkGraph, type Graph, printGraph } from './graph.ts'
export { jvp } from './jvp.ts'
export { type DType, DYNAMIC, type Primitive, type Shape, sizeOf } from './primitive.ts'
export { type CorePrimitive, simplify } from './simplify.ts'
export { GraphError } from './site.ts'
export {
  concat,
  constant,
  full,
  layerNorm,
  type Operand,
  onesLike,
  rmsNorm,
  scatterAdd,
  select,
  stopGradient,
  Tensor,
  zerosLike,
} from './tensor.ts'
export { isTensor, Spec, spec, type Traced, trace } from './trace.ts'
export { leaves, type MapTree, mapTree, type Tree } from './tree.ts'
export { grad, valueAndGrad, valueAuxAndGrad, vjp } from './vjp.ts'
